"""`stats-service rating`: how readers rated articles."""

import click

from stats_service.cli.group import Group, echo_json, echo_table, open_services
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.ratings import RatedArticle
from stats_service.services.periods import local_time, moment_of


@click.group(cls=Group)
def rating() -> None:
    """Show how readers rated articles, and take ratings out of the count.

    \b
    Examples:
      stats-service rating top kimson
      stats-service rating show kimson /tin-tuc/abc
      stats-service rating void kimson /tin-tuc/abc
    """


@rating.command()
@click.argument("site")
@click.argument("articles", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(site: str, articles: tuple[str, ...], as_json: bool) -> None:
    """Show the ratings of ARTICLES of SITE.

    \b
    Example:
      stats-service rating show kimson /tin-tuc/abc
    """
    with open_services() as services:
        found = services.ratings.ratings.get(services.sites.sites.get(site), articles)
    if as_json:
        echo_json(found)
        return
    for article in found.ratings.values():
        click.echo(_line(article))


@rating.command()
@click.argument("site")
@click.option("--limit", default=10, show_default=True, help="How many.")
@click.option("--min", "fewest", default=5, show_default=True, help="Fewest ratings of each.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def top(site: str, limit: int, fewest: int, as_json: bool) -> None:
    """Show the best rated articles of SITE, by the Bayesian average.

    \b
    Examples:
      stats-service rating top kimson
      stats-service rating top kimson --limit 50 --min 20 --json
    """
    with open_services() as services:
        found = services.ratings.ratings.top(
            services.sites.sites.get(site), limit, fewest, services.clock.now()
        )
    if as_json:
        echo_json(found)
        return
    rows = [
        (
            f"{article.weighted:.2f}",
            f"{article.rating.average:.2f}",
            str(article.rating.count),
            article.key,
        )
        for article in found.articles
    ]
    echo_table([("WEIGHTED", "AVERAGE", "RATINGS", "ARTICLE"), *rows])


@rating.command()
@click.argument("site")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bursts(site: str, as_json: bool) -> None:
    """Show where an article of SITE got many ratings within an hour, in the last two weeks.

    \b
    Example:
      stats-service rating bursts kimson
    """
    with open_services() as services:
        portal = services.sites.sites.get(site)
        found = services.ratings.review.bursts(portal, services.clock.now())
    if as_json:
        echo_json(found)
        return
    rows = [
        (
            local_time(span.begin, portal.timezone),
            local_time(span.end, portal.timezone),
            str(span.rating.count),
            f"{span.rating.average:.2f}",
            span.article,
        )
        for span in found
    ]
    echo_table([("FROM", "TO", "RATINGS", "AVERAGE", "ARTICLE"), *rows])


@rating.command()
@click.argument("site")
@click.argument("article")
@click.option("--from", "begin", default="", help="First given at 2026-11-23T08:00, or later.")
@click.option("--to", "end", default="", help="First given before this time, in the site's zone.")
def void(site: str, article: str, begin: str, end: str) -> None:
    """Take ratings of ARTICLE of SITE out of its average: all, or those of a span.

    A span is taken in whole tens of minutes. `restore` takes the decision back.

    \b
    Examples:
      stats-service rating void kimson /tin-tuc/abc
      stats-service rating void kimson /tin-tuc/abc --from 2026-11-23T21:10 --to 2026-11-23T21:40
    """
    if bool(begin) != bool(end):
        raise click.UsageError("--from and --to go together.")
    with open_services() as services:
        portal, now = services.sites.sites.get(site), services.clock.now()
        span = None
        if begin:
            try:
                span = moment_of(begin, portal.timezone), moment_of(end, portal.timezone)
            except ValueError as error:
                raise click.UsageError(f"{error}. Write times like 2026-11-23T08:00.") from None
        made = services.ratings.review.void(portal, article, span, COMMAND_LINE, now)
        left = services.ratings.ratings.get(portal, [made.article]).ratings[made.article]
    click.echo(f"Taken out: {sum(made.counts)} ratings, decision {made.id}.")
    click.echo(_line(left))


@rating.command()
@click.argument("site")
def voided(site: str) -> None:
    """Show what was taken out of the averages of SITE, and by which decision.

    \b
    Example:
      stats-service rating voided kimson
    """
    with open_services() as services:
        portal = services.sites.sites.get(site)
        found = services.ratings.review.voided(portal)
    rows = [
        (
            one.id,
            str(sum(one.counts)),
            local_time(one.begin, portal.timezone) if one.begin else "all",
            local_time(one.end, portal.timezone),
            one.article,
        )
        for one in found
    ]
    echo_table([("DECISION", "RATINGS", "FROM", "TO", "ARTICLE"), *rows])


@rating.command()
@click.argument("site")
def held(site: str) -> None:
    """Show the ratings of SITE that wait, beyond what one network may give in half an hour.

    \b
    Example:
      stats-service rating held kimson
    """
    with open_services() as services:
        portal = services.sites.sites.get(site)
        found = services.ratings.review.held(portal)
    rows = [
        (one.id, str(sum(one.counts)), local_time(one.begin, portal.timezone), one.article)
        for one in found
    ]
    echo_table([("GROUP", "RATINGS", "FROM", "ARTICLE"), *rows])


@rating.command()
@click.argument("site")
@click.argument("group")
def release(site: str, group: str) -> None:
    """Let ratings of SITE count that are held: of GROUP, or `all`; `held` lists the groups.

    \b
    Examples:
      stats-service rating release kimson 1a2b3c4d5e6f
      stats-service rating release kimson all
    """
    with open_services() as services:
        of, now = services.sites.sites.get(site), services.clock.now()
        number = services.ratings.review.release(of, group, COMMAND_LINE, now)
    click.echo(f"Count now: {number} ratings.")


@rating.command()
@click.argument("site")
@click.argument("group")
def reject(site: str, group: str) -> None:
    """Take ratings of SITE out that are held: of GROUP, or `all`; `restore` puts a group back.

    \b
    Examples:
      stats-service rating reject kimson 1a2b3c4d5e6f
      stats-service rating reject kimson all
    """
    with open_services() as services:
        portal, now = services.sites.sites.get(site), services.clock.now()
        number = services.ratings.review.reject(portal, group, COMMAND_LINE, now)
    click.echo(f"Taken out: {number} ratings.")


@rating.command()
@click.argument("site")
@click.argument("decision")
def restore(site: str, decision: str) -> None:
    """Count again the ratings that DECISION took out; `voided` lists the decisions.

    \b
    Example:
      stats-service rating restore kimson 1a2b3c4d
    """
    with open_services() as services:
        portal = services.sites.sites.get(site)
        made = services.ratings.review.restore(portal, decision, COMMAND_LINE, services.clock.now())
        now = services.ratings.ratings.get(portal, [made.article]).ratings[made.article]
    click.echo(f"Put back: {sum(made.counts)} ratings.")
    click.echo(_line(now))


@rating.command()
@click.argument("site")
def check(site: str) -> None:
    """Check that every article of SITE has as many ratings as voters; exit code 1 if not.

    \b
    Example:
      stats-service rating check kimson
    """
    with open_services() as services:
        faults = services.ratings.review.faults(services.sites.sites.get(site))
    for fault in faults:
        click.echo(f"NOT SOUND: {fault}")
    if faults:
        raise SystemExit(1)
    click.echo("Sound: every article has as many ratings as voters.")


def _line(article: RatedArticle) -> str:
    tally = article.rating
    bins = " ".join(f"{score}:{n}" for score, n in enumerate(tally.counts, 1))
    return f"{article.key}: {tally.average:.2f} of {tally.scale} ({tally.count} ratings; {bins})"

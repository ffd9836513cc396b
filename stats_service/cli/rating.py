"""`stats-service rating`: how readers rated articles."""

import click

from stats_service.cli.group import Group, echo_json, echo_table, open_services
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.ratings import RatedArticle


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
        found = services.ratings.get(services.sites.get(site), articles)
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
        found = services.ratings.top(services.sites.get(site), limit, fewest, services.clock.now())
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
@click.argument("article")
def void(site: str, article: str) -> None:
    """Take the ratings of ARTICLE of SITE out of its average; `restore` puts them back.

    \b
    Example:
      stats-service rating void kimson /tin-tuc/abc
    """
    with open_services() as services:
        of = services.sites.get(site)
        found = services.ratings.void(of, article, COMMAND_LINE, services.clock.now())
    click.echo(f"Taken out. Now {_line(found)}")


@rating.command()
@click.argument("site")
@click.argument("article")
def restore(site: str, article: str) -> None:
    """Count again the ratings of ARTICLE of SITE that were taken out.

    \b
    Example:
      stats-service rating restore kimson /tin-tuc/abc
    """
    with open_services() as services:
        of = services.sites.get(site)
        found = services.ratings.restore(of, article, COMMAND_LINE, services.clock.now())
    click.echo(f"Put back. Now {_line(found)}")


@rating.command()
@click.argument("site")
def check(site: str) -> None:
    """Check that every article of SITE has as many ratings as voters; exit code 1 if not.

    \b
    Example:
      stats-service rating check kimson
    """
    with open_services() as services:
        faults = services.ratings.faults(services.sites.get(site))
    for fault in faults:
        click.echo(f"NOT SOUND: {fault}")
    if faults:
        raise SystemExit(1)
    click.echo("Sound: every article has as many ratings as voters.")


def _line(article: RatedArticle) -> str:
    tally = article.rating
    bins = " ".join(f"{score}:{n}" for score, n in enumerate(tally.counts, 1))
    return f"{article.key}: {tally.average:.2f} of {tally.scale} ({tally.count} ratings; {bins})"

"""`stats-service article`: opening balances of articles, and articles that are sorted out."""

import sys
from collections.abc import Callable
from typing import Any

import click

from stats_service.cli.group import Group, echo_json, echo_table, open_services
from stats_service.cli.revisions import both_versions, revision_option
from stats_service.models.audit import COMMAND_LINE, Author
from stats_service.models.traffic.article_changes import ArticleRule, ChangePreview
from stats_service.services.container import Services
from stats_service.services.periods import local_minute
from stats_service.services.traffic.opening_balances import balance_revision


@click.group(cls=Group)
def article() -> None:
    """Set what articles had before; merge, rename, delete and hide them.

    \b
    Examples:
      stats-service article set-opening kimson /tin-tuc/abc 366
      stats-service article merge kimson --parameter fbclid
      stats-service article delete kimson --prefix /thu-nghiem/
    """


@article.command("set-opening")
@click.argument("site")
@click.argument("article")
@click.argument("views", type=int)
@revision_option("article show")
def set_opening(site: str, article: str, views: int, revision: str) -> None:
    """Set the views that ARTICLE of SITE had before; 0 removes them.

    ARTICLE is the page's path, its URL, or what the page says in data-article.

    \b
    Examples:
      stats-service article set-opening kimson /tin-tuc/abc 366
      stats-service article set-opening kimson https://kimson.example.vn/tin-tuc/abc 0
    """
    with open_services() as services, both_versions():
        found, now = services.sites.sites.get(site), services.clock.now()
        made = services.traffic.opening_balances.set(
            found, article, views, COMMAND_LINE, now, revision
        )
    click.echo(f"The article {made.key} had {views:,} views before.")


@article.command()
@click.argument("site")
@click.argument("article")
def show(site: str, article: str) -> None:
    """Show the numbers of ARTICLE of SITE.

    \b
    Example:
      stats-service article show kimson /tin-tuc/abc
    """
    with open_services() as services:
        found = services.sites.sites.get(site)
        opening = services.traffic.opening_balances.get(found, article)
        numbers = services.traffic.views.articles(found, [article], services.clock.now())[article]
        hidden = opening.key in services.traffic.top_articles.hidden(found)
    echo_table(
        [
            ("article", opening.key),
            ("views", "-" if numbers.views is None else f"{numbers.views:,}"),
            ("of these before it came here", f"{opening.views:,}"),
            ("hidden", "yes" if hidden else "no"),
            ("revision", balance_revision(opening.views)),
        ]
    )


def _rule_options(*, parameter: bool = False, key: bool = True) -> Callable[..., Any]:
    """Return the options that name articles, and those of a change."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        options = [
            click.option("--prefix", default="", help="Every article whose key begins with this."),
            click.option("--dry-run", is_flag=True, help="Show what it would do, and do nothing."),
            click.option("--yes", is_flag=True, help="Do not ask."),
        ]
        if parameter:
            option = click.option(
                "--parameter", default="", help="Every article whose key has this parameter."
            )
            options.insert(1, option)
        for option in reversed(options):
            function = option(function)
        return click.argument("key", default="")(function) if key else function

    return decorate


@article.command()
@click.argument("site")
@_rule_options(parameter=True)
@click.option("--into", default="", help="The article that gets the numbers; or the new prefix.")
def merge(site: str, dry_run: bool, yes: bool, **rule: str) -> None:
    """Give the numbers of the article KEY of SITE, or of all by a rule, to others.

    Views of the old keys count for the others from then on. No sum of the site changes.

    \b
    Examples:
      stats-service article merge kimson /tin/bai-cu --into /tin/bai-moi
      stats-service article merge kimson --parameter fbclid --dry-run
      stats-service article merge kimson --prefix /vi/tin/ --into /tin/
    """
    _change(site, ArticleRule("merge", **rule), dry_run=dry_run, yes=yes)


@article.command()
@click.argument("site")
@click.argument("key")
@click.argument("into")
@click.option("--dry-run", is_flag=True, help="Show what it would do, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def rename(site: str, key: str, into: str, dry_run: bool, yes: bool) -> None:
    """Give the article KEY of SITE the key INTO, which no article has.

    \b
    Example:
      stats-service article rename kimson /tin/bai-cu /tin/bai-moi
    """
    _change(site, ArticleRule("rename", key=key, into=into), dry_run=dry_run, yes=yes)


@article.command()
@click.argument("site")
@_rule_options()
def delete(site: str, dry_run: bool, yes: bool, **rule: str) -> None:
    """Take the article KEY of SITE, or all of a prefix, out of the articles.

    Their views stay among those of all articles without a name, so that no sum changes.

    \b
    Examples:
      stats-service article delete kimson /thu
      stats-service article delete kimson --prefix /thu-nghiem/
    """
    _change(site, ArticleRule("delete", **rule), dry_run=dry_run, yes=yes)


@article.command()
@click.argument("site")
@_rule_options()
def hide(site: str, dry_run: bool, yes: bool, **rule: str) -> None:
    """Leave the article KEY of SITE, or all of a prefix, out of lists; it is counted as ever.

    \b
    Example:
      stats-service article hide kimson /noi-bo
    """
    _change(site, ArticleRule("hide", **rule), dry_run=dry_run, yes=yes)


@article.command("unhide")
@click.argument("site")
@_rule_options()
def unhide(site: str, dry_run: bool, yes: bool, **rule: str) -> None:
    """Show the article KEY of SITE, or all of a prefix, in lists again.

    \b
    Example:
      stats-service article unhide kimson /noi-bo
    """
    _change(site, ArticleRule("show", **rule), dry_run=dry_run, yes=yes)


@article.command()
@click.argument("site")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def changes(site: str, as_json: bool) -> None:
    """List the latest changes of the articles of SITE; those of 30 days can be undone.

    \b
    Example:
      stats-service article changes kimson
    """
    with open_services() as services:
        found = services.sites.sites.get(site)
        done = services.traffic.article_changes.changes(found)
    if as_json:
        echo_json(done)
        return
    rows = [
        (
            one.change.id,
            local_minute(one.change.at, found.timezone),
            one.change.who,
            _told(one.change.rule),
            f"{one.articles:,}",
            f"{one.kept:,}",
        )
        for one in done
    ]
    echo_table([("CHANGE", "WHEN", "WHO", "WHAT", "ARTICLES", "CAN BE UNDONE"), *rows])


@article.command()
@click.argument("site")
@click.argument("change")
def undo(site: str, change: str) -> None:
    """Take back the change CHANGE of articles of SITE.

    What was counted since then stays where it was counted.

    \b
    Example:
      stats-service article undo kimson 0123456789abcdef
    """
    with open_services() as services:
        found, number = services.sites.sites.get(site), 0
        while True:
            by = Author(COMMAND_LINE, services.clock.now())
            step = services.traffic.article_changes.take_back(found, change, by)
            number += step.articles
            if not step.left or not step.articles:
                break
    click.echo(f"Took back {number:,} articles.")
    if step.blocked:
        click.echo(f"{step.blocked:,} were changed again since: undo the later change first.")


def _change(site: str, rule: ArticleRule, *, dry_run: bool, yes: bool) -> None:
    """Show what a rule would do, and do it if somebody says so."""
    with open_services() as services:
        found = services.sites.sites.get(site)
        preview = services.traffic.article_changes.preview(found, rule)
        if not (dry_run or yes or sys.stdin.isatty()):
            raise click.UsageError("Nobody is there to ask: say --yes to go on without a question.")
        _show(preview)
        if dry_run or not preview.articles:
            return
        if not yes:
            click.confirm("Go on?", abort=True)
        change, number = _apply(services, site, rule)
    click.echo(
        f"Changed {number:,} articles. Undo it within 30 days: "
        f"stats-service article undo {site} {change}"
    )


def _apply(services: Services, site: str, rule: ArticleRule) -> tuple[str, int]:
    change, number = "", 0
    while True:
        found, by = services.sites.sites.get(site), Author(COMMAND_LINE, services.clock.now())
        step = services.traffic.article_changes.apply(found, rule, by, change)
        change, number = step.id, number + step.articles
        if not step.left or not step.articles:
            return change, number


def _show(preview: ChangePreview) -> None:
    click.echo(f"{_told(preview.rule)}: {preview.articles:,} articles, {preview.views:,} views.")
    rows = [
        (one.article, f"{one.views:,}", one.into, f"{one.before:,}", f"{one.after:,}")
        for one in preview.moves
    ]
    if rows:
        echo_table([("ARTICLE", "VIEWS", "INTO", "BEFORE", "AFTER"), *rows])
    click.echo(f"All articles together had {preview.total:,} views, and will have.")


def _told(rule: ArticleRule) -> str:
    named = rule.key or (f"{rule.prefix}…" if rule.prefix else f"?{rule.parameter}=")
    return f"{rule.do} {named}" + (f" → {rule.into}" if rule.into else "")

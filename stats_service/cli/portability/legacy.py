"""`stats-service legacy`: numbers of the counters that a site had before."""

import sys
from pathlib import Path

import click

from stats_service.cli.group import Group, echo_json, open_services
from stats_service.cli.portability.legacy_summary import summary_lines
from stats_service.models.audit import COMMAND_LINE
from stats_service.services.portability.legacy.exports.posts import post_addresses
from stats_service.services.portability.legacy.exports.recognise import UnknownTableError
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.exports.systems.plain import named_columns
from stats_service.services.portability.legacy.files import opened_file
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.imports import KINDS, import_events
from stats_service.services.portability.legacy.work import Plan

#: Rows that are shown of a table that nobody knows.
PREVIEW_ROWS = 5


@click.group(cls=Group)
def legacy() -> None:
    """Bring in what other counters counted, from access logs, exports, tables and dumps.

    \b
    Examples:
      stats-service legacy import kimson access.log.gz --dry-run
      stats-service legacy list kimson
    """


@legacy.command("import")
@click.argument("site")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--from",
    "kind",
    type=click.Choice(KINDS),
    help="What wrote the files, if they do not say so themselves, or if only that is wanted.",
)
@click.option(
    "--columns",
    metavar="NAMES",
    default="",
    help="What the columns of a plain table are: date,views,-,visits or date=Ngày,views=3.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be added, and add nothing.")
@click.option("--as-opening", is_flag=True, help="Add to the opening balances, not to days.")
@click.option("--before", metavar="DAY", default="", help="Leave out days from DAY on.")
@click.option(
    "--test-day",
    "tests",
    metavar="DAY",
    multiple=True,
    help="What was counted live on DAY were tests: live days begin later.",
)
@click.option("--keep-opening", is_flag=True, help="The opening balance does not hold these days.")
@click.option("--beside", is_flag=True, help="Add to days that have views of another counter.")
@click.option(
    "--format", "pattern", default="", help="Access logs: LogFormat of Apache, log_format of nginx."
)
@click.option("--zone", default="", help="Access logs: zone of times that are written without one.")
@click.option(
    "--reader", default="", help="Access logs: the field with the reader's address, or `last`."
)
@click.option("--without-agents", is_flag=True, help="Access logs: no browser's name is in them.")
@click.option(
    "--posts",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV with the addresses of the articles: the columns id and url (or path).",
)
@click.option(
    "--post-pattern",
    "pattern_of_posts",
    default="",
    metavar="ADDRESS",
    help="Address of the other articles, with {id}, {alias}, {category} and {module}. "
    "[what their system makes]",
)
@click.option("--language", default="vi", show_default=True, help="Language of polls.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(
    site: str,
    files: tuple[Path, ...],
    kind: str | None,
    columns: str,
    dry_run: bool,
    as_opening: bool,
    before: str,
    tests: tuple[str, ...],
    keep_opening: bool,
    beside: bool,
    pattern: str,
    zone: str,
    reader: str,
    without_agents: bool,
    posts: Path | None,
    pattern_of_posts: str,
    language: str,
    as_json: bool,
) -> None:
    """Add what is new in FILES to SITE: to the days they name, or to its opening balances.

    All files or none. Days that were counted live are left out, and so is what an earlier import
    brought; one that was cut off goes on where it stopped. Files may be packed (zip, gzip, bzip2,
    xz), and access logs come in any order.

    \b
    Examples:
      stats-service legacy import kimson access.log* --dry-run
      stats-service legacy import kimson logs.zip --zone Asia/Ho_Chi_Minh
      stats-service legacy import kimson plausible.zip --dry-run
      stats-service legacy import kimson nukeviet.sql.gz --post-pattern "/{category}/{alias}.html"
      stats-service legacy import kimson wp_postmeta.csv --posts posts.csv
      stats-service legacy import kimson so-lieu.csv --columns date,views,visits
    """
    with open_services() as services:
        found = services.sites.sites.get(site)
        addresses = {}
        if posts:
            with opened_file(posts) as file:
                addresses = post_addresses(file)
        source = Source(
            found, addresses, pattern_of_posts, named_columns(columns), language=language
        )
        options = LogOptions(
            zone=zone, reader=reader, without_agents=without_agents, pattern=pattern
        )
        plan = Plan(
            kind=kind or "",
            opening=as_opening,
            before=before,
            tests=tests,
            keep_opening=keep_opening,
            beside=beside,
            dry_run=dry_run,
            log=options,
        )
        now = services.clock.now()
        size = sum(path.stat().st_size for path in files)
        with click.progressbar(length=size, label="Reading", file=sys.stderr) as bar:
            try:
                summary = services.portability.legacy.run(
                    source, list(files), plan, now, bar.update
                )
            except UnknownTableError as error:
                click.echo("\nIts first rows:", err=True)
                for row in error.rows[:PREVIEW_ROWS]:
                    click.echo("  " + " | ".join(row), err=True)
                raise
        if not dry_run:
            for what, subject, after in import_events(summary):
                services.accounts.audit.record(
                    site, COMMAND_LINE, what, now, subject=subject, after=after
                )
    if as_json:
        echo_json(summary)
    else:
        click.echo("\n".join(summary_lines(summary, dry_run=dry_run)))


@legacy.command("undo")
@click.argument("site")
@click.argument("file")
def undo(site: str, file: str) -> None:
    """Take an import out of SITE again, exactly: days, hours, articles, records, totals.

    FILE is its id (`legacy list`), or the name of one of its files; the others of the same command
    go with it. What another import had in common with it goes too: import that one again.

    \b
    Examples:
      stats-service legacy undo kimson access.log
      stats-service legacy undo kimson 1a2b3c4d
    """
    with open_services() as services:
        now = services.clock.now()
        gone = services.portability.legacy.undo(site, file, now)
        services.accounts.audit.record(
            site,
            COMMAND_LINE,
            "legacy.undone",
            now,
            subject=gone.id,
            before={"file": gone.name, "kind": gone.kind, "views": gone.views},
        )
    click.echo(f"{gone.name}: {gone.views:,} views, {gone.visits:,} visits taken out.")
    if len(gone.files) > 1:
        click.echo(f"  with all files of that import: {', '.join(gone.files)}")


@legacy.command("list")
@click.argument("site")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(site: str, as_json: bool) -> None:
    """List the files that were imported into SITE.

    \b
    Example:
      stats-service legacy list kimson
    """
    with open_services() as services:
        files = services.portability.legacy.files(site)
    if as_json:
        echo_json(files)
        return
    for file in files:
        state = "  BEING TAKEN OUT: undo it again" if file.leaving else ""
        if not file.complete and not file.leaving:
            state = "  CUT OFF: import it again, or undo it"
        days = f"{file.first_day} to {file.last_day}" if file.first_day else "no dates"
        name = file.id or "(no undo)"
        click.echo(f"{name}  {file.name}  {file.kind}  {days}  {file.views:,} views{state}")
    if not files:
        click.echo("Nothing was imported yet.", err=True)

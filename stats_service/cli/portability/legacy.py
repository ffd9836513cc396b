"""`stats-service legacy`: numbers of the counters that a site had before."""

import sys
from pathlib import Path

import click

from stats_service.cli.group import Group, echo_json, open_services
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.legacy import LegacySummary
from stats_service.services.portability.legacy.exports import Source, post_addresses, read_rows
from stats_service.services.portability.legacy.files import opened_file
from stats_service.services.portability.legacy.imports import KINDS, Plan
from stats_service.services.portability.legacy.wp_polls import read_polls


@click.group(cls=Group)
def legacy() -> None:
    """Bring in what other counters counted, from access logs and exports.

    \b
    Examples:
      stats-service legacy import kimson access.log.gz --from access-log --dry-run
      stats-service legacy list kimson
    """


@legacy.command("import")
@click.argument("site")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option(
    "--from", "kind", type=click.Choice(KINDS), required=True, help="What wrote the files."
)
@click.option("--dry-run", is_flag=True, help="Say what would be added, and add nothing.")
@click.option("--as-opening", is_flag=True, help="Add to the opening balances, not to days.")
@click.option("--before", metavar="DAY", default="", help="Leave out days from DAY on.")
@click.option("--keep-opening", is_flag=True, help="The opening balance does not hold these days.")
@click.option(
    "--posts",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="CSV of WordPress's posts with the columns id and url (or path).",
)
@click.option(
    "--post-pattern", default="/?p={id}", show_default=True, help="Address of other posts."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def import_(
    site: str,
    files: tuple[Path, ...],
    kind: str,
    dry_run: bool,
    as_opening: bool,
    before: str,
    keep_opening: bool,
    posts: Path | None,
    post_pattern: str,
    as_json: bool,
) -> None:
    """Add what FILES hold to SITE: to the days they name, or to its opening balances.

    Days that were counted live are left out. A file is added once, however often it is
    imported; one that was cut off goes on where it stopped. Files may be compressed by gzip. Name
    access logs in the order of time, so that visits go on from one to the next.

    \b
    Examples:
      stats-service legacy import kimson access.log.2.gz access.log.1 --from access-log
      stats-service legacy import kimson hits.csv.gz --from goatcounter --dry-run
      stats-service legacy import kimson postmeta.csv --from wp-postviews --posts posts.csv
    """
    with open_services() as services:
        found = services.sites.get(site)
        addresses = {}
        if posts:
            with opened_file(posts) as file:
                addresses = post_addresses(read_rows(file.text()))
        source = Source(found, addresses, post_pattern)
        plan = Plan(
            kind=kind,
            opening=as_opening,
            before=before,
            keep_opening=keep_opening,
            dry_run=dry_run,
        )
        now = services.clock.now()
        size = sum(path.stat().st_size for path in files)
        summaries = []
        with click.progressbar(length=size, label="Reading", file=sys.stderr) as bar:
            for summary in services.legacy.run(source, list(files), plan, now, bar.update):
                summaries.append(summary)
                if not dry_run and summary.adds:
                    services.audit.record(
                        site,
                        COMMAND_LINE,
                        "legacy.imported",
                        now,
                        subject=summary.digest,
                        after={"file": summary.name, "kind": kind, "views": summary.views},
                    )
    if as_json:
        echo_json(summaries)
    else:
        for summary in summaries:
            click.echo("\n".join(_lines(summary, dry_run)))


@legacy.command("import-polls")
@click.argument("site")
@click.argument("questions", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("answers", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--language", default="vi", show_default=True, help="Language of the texts.")
@click.option("--dry-run", is_flag=True, help="Say what would be added, and add nothing.")
def import_polls(site: str, questions: Path, answers: Path, language: str, dry_run: bool) -> None:
    """Add the polls of WP-Polls to SITE, with their results, as archived polls.

    QUESTIONS and ANSWERS are its tables pollsq and pollsa as CSV. A poll is added once.

    \b
    Example:
      stats-service legacy import-polls kimson pollsq.csv pollsa.csv
    """
    with open_services() as services, opened_file(questions) as asked, opened_file(answers) as said:
        now = services.clock.now()
        polls = read_polls(read_rows(asked.text()), read_rows(said.text()), language, now)
        for text, added in services.legacy.add_polls(site, polls, dry_run=dry_run):
            click.echo(text)
            if added and not dry_run:
                services.audit.record(
                    site, COMMAND_LINE, "poll.imported", now, subject=text.split()[1].rstrip(":")
                )


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
        files = services.legacy.files(site)
    if as_json:
        echo_json(files)
        return
    for file in files:
        state = "" if file.complete else "  CUT OFF: import it again"
        days = f"{file.first_day} to {file.last_day}" if file.first_day else "no dates"
        click.echo(f"{file.name}  {file.kind}  {days}  {file.views:,} views{state}")
    if not files:
        click.echo("Nothing was imported yet.", err=True)


def _lines(summary: LegacySummary, dry_run: bool) -> list[str]:
    if summary.known:
        return [f"{summary.name}: imported before; nothing added."]
    verb = "would add" if dry_run else "added" if summary.adds else "adds nothing:"
    days = f" on {summary.days:,} days ({summary.first_day} to {summary.last_day})"
    lines = [
        f"{summary.name}: {verb} {summary.views:,} views, {summary.visits:,} visits"
        + (days if summary.first_day else "")
        + f" of {summary.articles:,} articles, from {summary.lines:,} lines."
    ]
    if summary.ratings:
        lines.append(f"  ratings: {summary.ratings:,}")
    if summary.overlapping:
        lines.append(f"  left out, on days counted live: {summary.overlapping:,} views")
    lines += [f"  not counted, {reason}: {n:,}" for reason, n in summary.ignored.items()]
    return lines

"""`stats-service export` and `import`: a whole site as a file."""

import gzip
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, cast

import click

from stats_service.cli.group import open_services
from stats_service.errors import InvalidInputError
from stats_service.models.audit import COMMAND_LINE
from stats_service.services.container import Services
from stats_service.services.periods import day_of
from stats_service.services.portability.sheets import write_csv, write_xlsx

FORMATS = ("jsonl", "csv", "xlsx")


@click.command()
@click.argument("site")
@click.option("--format", "kind", type=click.Choice(FORMATS), default="jsonl", show_default=True)
@click.option(
    "--output",
    type=click.Path(path_type=Path, allow_dash=True),
    help="File, or folder for csv; - is stdout (jsonl only). Ends in .gz: compressed. "
    "[SITE-DATE.jsonl.gz, SITE-DATE-csv or SITE-DATE.xlsx]",
)
def export(site: str, kind: str, output: Path | None) -> None:
    """Write everything of SITE to a file.

    jsonl is the archive that `import` restores exactly; csv and xlsx are for people, with one
    file or sheet for each table. Counting goes on meanwhile; the file shows one moment.

    \b
    Examples:
      stats-service export kimson
      stats-service export kimson --output - | ssh backup 'cat > kimson.jsonl'
      stats-service export kimson --format xlsx --output kimson.xlsx
    """
    if kind != "jsonl" and output == Path("-"):
        raise click.UsageError("--output - is for jsonl: csv wants a folder, xlsx a file.")
    with open_services() as services:
        now = services.clock.now()
        day = day_of(now, services.sites.get(site).timezone)
        place = output or Path(f"{site}-{day}{_ENDINGS[kind]}")
        try:
            _write(services, site, kind, place, now)
        except OSError as error:
            raise InvalidInputError(f"{place} cannot be written: {error}") from error
    if place != Path("-"):
        click.echo(f"Exported the site {site} to {place}.")


_ENDINGS = {"jsonl": ".jsonl.gz", "csv": "-csv", "xlsx": ".xlsx"}


def _write(services: Services, site: str, kind: str, place: Path, now: float) -> None:
    if kind == "csv":
        write_csv(services.archives.rows(site, now), place)
    elif place == Path("-"):
        sys.stdout.buffer.writelines(services.archives.lines(site, now))
    else:
        # A full disk or Ctrl-C must not leave half an archive under the name of a whole one.
        part = place.with_name(f"{place.name}.part")
        try:
            if kind == "xlsx":
                write_xlsx(services.archives.rows(site, now), part)
            else:
                _write_lines(part, services.archives.lines(site, now), place.suffix == ".gz")
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)


def _write_lines(path: Path, lines: Iterable[bytes], packed: bool) -> None:
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(path.open("wb"))
        if packed:  # no name and no time in it, so that equal numbers make equal files
            pack = gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0)
            file = cast("IO[bytes]", stack.enter_context(pack))
        file.writelines(lines)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replace", is_flag=True, help="Forget the site of that name for the archive.")
def import_(file: Path, replace: bool) -> None:
    """Restore the site of the archive FILE, as `export` wrote it, whole or not at all.

    A broken archive, or one whose site is there already, changes nothing.

    \b
    Examples:
      stats-service import kimson-2026-11-23.jsonl.gz
      stats-service import kimson-2026-11-23.jsonl.gz --replace
    """
    with open_services() as services:
        now = services.clock.now()
        restored = services.archives.restore(file, now, replace=replace)
        site = restored.site.slug
        services.audit.record("", COMMAND_LINE, "site.imported", now, subject=site)
    rows = sum(restored.rows.values())
    click.echo(f"Imported the site {site} from {file}: {rows:,} rows.")

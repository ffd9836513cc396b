"""Everything of a site as files: the archive, and each table for a program or a spreadsheet."""

import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import IO

from flask import Blueprint, Response, abort
from flask_babel import gettext as _

from stats_service.errors import InvalidInputError
from stats_service.models.portability.archive import Row
from stats_service.services.periods import day_of
from stats_service.services.portability.sheets import csv_lines, write_xlsx
from stats_service.web.admin.access import access, account, site, who
from stats_service.web.http.context import services
from stats_service.web.pages.downloads import ENDING, XLSX, attachment

bp = Blueprint("exports", __name__, url_prefix="/sites/<slug>/export")

#: Rows of a workbook that is made for a person who waits; some 13 seconds of computing.
WORKBOOK_ROWS_MAX = 300_000
#: Tables with what only an owner sees on the pages.
OWNERS_TABLES = frozenset({"openings", "audit"})
#: Bytes of a file that are sent at a time.
PART_BYTES = 64 * 1024
_GZIP = 16 + zlib.MAX_WBITS


@bp.get("/archive")
@access("owner")
def archive() -> Response:
    """Give the archive, packed, as it is made."""
    now = services().clock.now()
    _record("archive")
    name = f"{site().slug}-{day_of(now, site().timezone)}.jsonl.gz"
    lines = services().portability.archives.lines(site().slug, now)
    return attachment(_packed(lines), name, "application/gzip")


@bp.get(f"/<table>.{ENDING}")
@access("editor")
def table(table: str, kind: str) -> Response:
    """Give one table of the archive, to those who see its numbers on the pages."""
    if not account().may("owner", site().slug) and table not in dict(tables()):
        abort(403)
    rows = services().portability.archives.rows(site().slug, services().clock.now(), table)
    _record(f"{table}.{kind}")
    name = f"{site().slug}-{table}.{kind}"
    if kind == "csv":
        return attachment(_parts(csv_lines(rows, table)), name, "text/csv")
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile(dir=services().settings.data_dir))
        write_xlsx(_at_most(rows, WORKBOOK_ROWS_MAX), file)
        file.seek(0)
        stack.pop_all()
    return attachment(_sent(file), name, XLSX)


def tables() -> list[tuple[str, str]]:
    """Return the tables that the reader may take, and what each holds."""
    every = [
        ("counts", _("Visits and views by day, week, month and year")),
        ("hours", _("Visits and views by hour, the last 91 days")),
        ("articles", _("Views of each article, of all time")),
        ("article_days", _("Views of each article by day, the last 400 days")),
        ("article_months", _("The most read articles of each month")),
        ("openings", _("Opening balances of the articles")),
        ("ratings", _("Ratings of each article by score")),
        ("polls", _("The polls with their questions and answers")),
        ("poll_numbers", _("The results of the polls")),
        ("ignored", _("What was not counted, by reason and day")),
        ("audit", _("The log of changes")),
    ]
    if account().may("owner", site().slug):
        return every
    return [(name, text) for name, text in every if name not in OWNERS_TABLES]


def _record(what: str) -> None:
    services().accounts.audit.record(
        site().slug, who(), "site.exported", services().clock.now(), subject=what
    )


def _packed(lines: Iterable[bytes]) -> Iterator[bytes]:
    pack = zlib.compressobj(6, zlib.DEFLATED, _GZIP)
    for line in lines:
        if part := pack.compress(line):
            yield part
    yield pack.flush()


def _parts(lines: Iterable[str]) -> Iterator[bytes]:
    part = bytearray("\N{BYTE ORDER MARK}".encode())
    for line in lines:
        part += line.encode()
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
    yield bytes(part)


def _at_most(rows: Iterable[Row], most: int) -> Iterator[Row]:
    for number, row in enumerate(rows):
        if number == most:
            raise InvalidInputError(
                "rows: this table has more than {most:,}, too many for a workbook that is made "
                "while you wait. Take the CSV.",
                most=most,
            )
        yield row


def _sent(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(PART_BYTES):
            yield part

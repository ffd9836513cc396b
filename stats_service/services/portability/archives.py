"""Archives: a site as JSON Lines, out and in again, byte for byte (docs/archive-format.md)."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from stats_service import __version__
from stats_service.errors import ConflictError, NotFoundError
from stats_service.models.archive import (
    ARCHIVE_VERSION,
    EndRow,
    HeaderRow,
    Restored,
    Row,
    table_name,
)
from stats_service.models.uploads import ArchiveSummary
from stats_service.services.periods import day_of
from stats_service.services.portability.archive_files import ArchiveFile
from stats_service.services.sites.sites import Sites
from stats_service.store.portability.archive.store import ArchiveStore
from stats_service.store.portability.archive.tables import TABLES

#: Around now, in seconds: the days in which a view may be counted while an export begins.
_AROUND = (-86_400, 0, 3_600)


class Archives:
    """Export sites and restore them."""

    def __init__(self, store: ArchiveStore, sites: Sites) -> None:
        self._store = store
        self._sites = sites

    def rows(self, slug: str, now: float, table: str = "") -> Iterator[Row]:
        """Give the rows of a site, settings first, or those of one table.

        Raises:
            NotFoundError: there is no such site, or no such table.
        """
        tables = [known for known in TABLES if table in ("", table_name(known.row))]
        if not tables:
            raise NotFoundError("There is no table {table!r}.", table=table[:40])
        site = self._sites.get(slug)
        days = {day_of(now + shift, site.timezone) for shift in _AROUND}
        return self._store.rows(slug, sorted(days), tables)

    def lines(self, slug: str, now: float) -> Iterator[bytes]:
        """Give the lines of a site's archive; UnknownSiteError if there is none."""
        return _lines(slug, self.rows(slug, now), now)

    def look(self, path: Path, now: float) -> ArchiveSummary:
        """Return what an archive holds, checked to its end; errors as `restore`."""
        file = ArchiveFile(path)
        site = file.check()
        rows = Counter(map(table_name, file.rows()))
        taken = any(known.slug == site.slug for known in self._sites.all())
        same = taken and _digest(map(_line, self.rows(site.slug, now))) == file.sha256
        return ArchiveSummary(slug=site.slug, name=site.name, rows=rows, taken=taken, same=same)

    def restore(self, path: Path, now: float, *, replace: bool = False) -> Restored:
        """Put the site of an archive in its place, whole or not at all.

        The archive is read twice: checked to its end first, then brought in.

        Args:
            path: the archive, as exported or compressed by gzip.
            now: seconds since 1970; hours and days that are too old by then are left out.
            replace: whether a site that is there is to be forgotten for it.

        Raises:
            InvalidInputError: the archive is broken, cut off or not an archive; which line.
            ConflictError: the site is there already.
        """
        file = ArchiveFile(path)
        site = file.check()
        taken = ConflictError(
            "There is a site {slug!r} already. Export it first if its numbers matter, then "
            "say --replace to put the archive in its place.",
            slug=site.slug,
        )
        if not replace and any(known.slug == site.slug for known in self._sites.all()):
            raise taken
        numbers: Counter[str] = Counter()
        rows = _counted(file.rows(), numbers)
        if not self._store.replace(site.slug, rows, now, replace=replace):
            raise taken
        return Restored(site, dict(numbers))


def _lines(slug: str, rows: Iterable[Row], now: float) -> Iterator[bytes]:
    exported = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield _line(
        HeaderRow(
            version=ARCHIVE_VERSION,
            site=slug,
            exported=exported,
            program=f"stats_service {__version__}",
        )
    )
    digest, number = hashlib.sha256(), 0
    for row in rows:
        line = _line(row)
        digest.update(line)
        number += 1
        yield line
    yield _line(EndRow(lines=number, sha256=digest.hexdigest()))


def _digest(lines: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


def _line(row: Row) -> bytes:
    return msgspec.json.encode(row) + b"\n"


def _counted(rows: Iterable[Row], numbers: Counter[str]) -> Iterator[Row]:
    for row in rows:
        numbers[table_name(row)] += 1
        yield row

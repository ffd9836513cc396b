"""Archives: export a site as JSON Lines and restore it byte for byte (docs/archive-format.md)."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from stats_service import __version__
from stats_service.errors import ConflictError, InvalidInputError, NotFoundError, SiteChangedError
from stats_service.models.portability.archive import (
    ARCHIVE_VERSION,
    EndRow,
    HeaderRow,
    Restored,
    Row,
    table_name,
)
from stats_service.models.portability.uploads import ArchiveSummary
from stats_service.services.periods import day_of
from stats_service.services.portability.archive_files import ArchiveFile
from stats_service.services.sites.sites import Sites
from stats_service.store.portability.archive.store import ArchiveStore
from stats_service.store.portability.archive.tables import TABLES

#: Seconds before and after now: a view may be counted in these days while an export begins.
_AROUND = (-86_400, 0, 3_600)


class Archives:
    """Export sites and restore them."""

    def __init__(self, store: ArchiveStore, sites: Sites) -> None:
        self._store = store
        self._sites = sites

    def rows(self, slug: str, now: float, table: str = "") -> Iterator[Row]:
        """Yield the rows of a site, settings first, or the rows of one table.

        Raises:
            NotFoundError: the site or the table does not exist.
        """
        tables = [known for known in TABLES if table in ("", table_name(known.row))]
        if not tables:
            raise NotFoundError("There is no table {table!r}.", table=table[:40])
        site = self._sites.get(slug)
        days = {day_of(now + shift, site.timezone) for shift in _AROUND}
        return self._store.rows(slug, sorted(days), tables)

    def lines(self, slug: str, now: float) -> Iterator[bytes]:
        """Yield the lines of a site's archive; UnknownSiteError if the site does not exist."""
        return _lines(slug, self.rows(slug, now), now)

    def look(self, path: Path, now: float) -> ArchiveSummary:
        """Check the whole archive and summarise it; raises as `restore`."""
        file = ArchiveFile(path)
        site = file.check()
        rows = Counter(map(table_name, file.rows()))
        founding = self._sites.founding(site.slug)
        taken = founding is not None
        same = taken and _digest(map(_line, self.rows(site.slug, now))) == file.sha256
        return ArchiveSummary(
            slug=site.slug,
            name=site.name,
            rows=rows,
            taken=taken,
            same=same,
            founding=founding or "",
        )

    def restore(
        self,
        path: Path,
        now: float,
        *,
        replace: bool = False,
        seen: ArchiveSummary | None = None,
    ) -> Restored:
        """Restore the site of an archive, whole or not at all.

        The archive is read twice: the first pass checks it, the second restores it.

        Args:
            path: the archive, as exported or compressed by gzip.
            now: seconds since 1970; hours and days past their retention at `now` are left out.
            replace: whether to delete an existing site of that name. Only the site that exists at
                the start is deleted: a site added or restored in the meantime stays.
            seen: the summary that a person confirmed; only the site it describes is replaced.

        Raises:
            InvalidInputError: the archive is broken, cut off or not an archive; names the line.
            ConflictError: the site exists already.
            SiteChangedError: the site has changed since `seen`.
        """
        slug = ArchiveFile(path).slug()
        before = self._sites.founding(slug)
        birth = self._sites.get(slug).birth if before is not None else ""
        file = ArchiveFile(path)
        site = file.check()
        if site.slug != slug:
            raise InvalidInputError(
                "{path} was changed while it was read. Nothing was imported.", path=path
            )
        if seen:
            _check_seen(seen, slug, before)
        elif before is not None and not replace:
            raise _taken(slug)
        numbers: Counter[str] = Counter()
        rows = _counted(file.rows(), numbers)
        if not self._store.replace(slug, rows, now, before, birth):
            raise _taken(slug) if before is None and not seen else _other_site(slug)
        return Restored(site, dict(numbers))


def _check_seen(seen: ArchiveSummary, slug: str, founding: str | None) -> None:
    """Check that the site still exists, or still does not exist, as the confirmed summary shows."""
    if (seen.founding if seen.taken else None) != founding:
        raise _other_site(slug)


def _taken(slug: str) -> ConflictError:
    return ConflictError(
        "There is a site {slug!r} already. Export it first if its numbers matter, then say "
        "--replace to put the archive in its place.",
        slug=slug,
    )


def _other_site(slug: str) -> SiteChangedError:
    return SiteChangedError(
        "The site {slug!r} is not what it was when the archive was looked at: it was added, erased "
        "or restored meanwhile. Nothing was imported; look at the archive again.",
        slug=slug,
    )


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

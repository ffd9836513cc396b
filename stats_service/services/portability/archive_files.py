"""Read an archive's file line by line; refuse a file that differs from what was exported."""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.portability.archive import (
    AnyHeader,
    EndRow,
    HeaderRow,
    Row,
    SettingsRow,
    TableRow,
)
from stats_service.models.sites import Site
from stats_service.services.portability.archive_checks import ArchiveChecks
from stats_service.services.sites.sites import check_site

#: Changes a row of one version, as JSON has it, to the next version.
ArchiveMigration = Callable[[dict[str, Any]], dict[str, Any]]
#: From version 1 to 2, from 2 to 3, and so on; released ones never change.
ARCHIVE_MIGRATIONS: tuple[ArchiveMigration, ...] = ()

#: Longest line that is read, in bytes; an article key has 1 KB, a poll of 50 choices some 100 KB.
LINE_MAX_BYTES = 4_000_000
_GZIP = b"\x1f\x8b"

_T = TypeVar("_T")
_rows: msgspec.json.Decoder[TableRow] = msgspec.json.Decoder(TableRow)
_header = msgspec.json.Decoder(HeaderRow)
_end = msgspec.json.Decoder(EndRow)
_any_header = msgspec.json.Decoder(AnyHeader)
_any_row = msgspec.json.Decoder(dict[str, Any])


class ArchiveFile:
    """An archive on disk, as exported or compressed by gzip.

    Args:
        path: the file.
        migrations: of rows, the first one from version 1 to 2.
    """

    def __init__(
        self, path: Path, migrations: Sequence[ArchiveMigration] = ARCHIVE_MIGRATIONS
    ) -> None:
        self._path = path
        self._all_migrations = migrations
        #: Those that a row of this archive still needs.
        self._migrations: Sequence[ArchiveMigration] = ()
        #: Digest of the rows, once `check` has read them.
        self.sha256 = ""

    def slug(self) -> str:
        """Return the site that the first line names, without reading on; raises as `check`."""
        with self._opened() as file:
            return self._header(file).site

    def check(self) -> Site:
        """Read the whole archive without keeping it; return the settings of its site.

        Raises:
            InvalidInputError: the file is broken, cut off or not an archive; names line and reason.
        """
        site: Site | None = None
        digest, number = hashlib.sha256(), 1
        with self._opened() as file:
            header = self._header(file)
            checks = ArchiveChecks()
            for number, line in enumerate(self._lines(file), 2):
                if line.startswith(b'{"table":"end"'):
                    end = self._decode(_end, line, number)
                    if file.read(1):
                        raise self._broken(number + 1, "something follows the last line")
                    break
                digest.update(line)
                row = self._row(line, number)
                if isinstance(row, SettingsRow):
                    site = self._settings(row.site, number, header.site, first=site is None)
                elif site is None:
                    raise self._broken(number, "the settings do not come first")
                else:
                    self._look(checks, row, number)
            else:
                raise self._broken(number, "it is cut off, for its last line is missing")
        if site is None:
            raise self._broken(2, "it has no settings")
        if (end.lines, end.sha256) != (number - 2, digest.hexdigest()):
            raise self._broken(number, "its digest says that lines were changed or are missing")
        self._look(checks, None, 0)
        self.sha256 = digest.hexdigest()
        return site

    def rows(self) -> Iterator[Row]:
        """Yield the rows of an archive that `check` has read; raises as `check`."""
        digest = hashlib.sha256()
        with self._opened() as file:
            self._header(file)
            for number, line in enumerate(self._lines(file), 2):
                if line.startswith(b'{"table":"end"'):
                    break
                digest.update(line)
                yield self._row(line, number)
        if digest.hexdigest() != self.sha256:
            raise InvalidInputError(
                "{path} was changed while it was read. Nothing was imported.", path=self._path
            )

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        try:
            with self._path.open("rb") as raw:
                packed = raw.read(len(_GZIP)) == _GZIP
                raw.seek(0)
                yield cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if packed else raw
        except EOFError as error:
            raise self._broken(0, "it is cut off") from error
        except (OSError, zlib.error) as error:
            raise InvalidInputError(
                "{path} cannot be read: {error}", path=self._path, error=error
            ) from error

    def _lines(self, file: IO[bytes]) -> Iterator[bytes]:
        while line := file.readline(LINE_MAX_BYTES):
            if not line.endswith(b"\n"):
                raise self._broken(0, "it is cut off in the middle of a line")
            yield line

    def _header(self, file: IO[bytes]) -> HeaderRow:
        """Read the first line; refuse an archive of a newer version."""
        line = file.readline(LINE_MAX_BYTES)
        known = self._decode(_any_header, line, 1)
        newest = len(self._all_migrations) + 1
        if not 1 <= known.version <= newest:
            raise InvalidInputError(
                "{path} has version {version} of the format, and this program reads version "
                "{archive_version}: import it with {program}.",
                path=self._path,
                version=known.version,
                archive_version=newest,
                program=known.program,
            )
        self._migrations = self._all_migrations[known.version - 1 :]
        return self._decode(_header, line, 1)

    def _row(self, line: bytes, number: int) -> TableRow:
        """Return a line of the archive, brought to the present version."""
        if not self._migrations:
            return self._decode(_rows, line, number)
        row = self._decode(_any_row, line, number)
        for migrate in self._migrations:
            row = migrate(row)
        try:
            migrated: TableRow = msgspec.convert(row, TableRow)
        except msgspec.MsgspecError as error:
            raise self._broken(number, str(error)) from error
        return migrated

    def _decode(self, decoder: msgspec.json.Decoder[_T], line: bytes, number: int) -> _T:
        try:
            return decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise self._broken(number, str(error)) from error

    def _look(self, checks: ArchiveChecks, row: Row | None, number: int) -> None:
        """Check a row; without a row, check that the archive is complete."""
        try:
            if row is None:
                checks.end()
            else:
                checks.row(row)
        except InvalidInputError as error:
            raise self._broken(number, str(error).rstrip(".")) from error

    def _settings(self, site: Site, number: int, slug: str, *, first: bool) -> Site:
        try:
            good = first and site.slug == slug and check_site(site) == site
        except InvalidInputError as error:
            raise self._broken(number, str(error).rstrip(".")) from error
        if not good:
            raise self._broken(number, "the settings are not as this program writes them")
        return site

    def _broken(self, number: int, fault: str) -> InvalidInputError:
        where = f"Line {number} of {self._path}" if number else str(self._path)
        return InvalidInputError(
            "{where} cannot be used: {fault}. Nothing was imported.", where=where, fault=fault
        )

"""The file of the spool: one SQLite database, shared by every process of the host.

A file that cannot be read as a spool is left as it is, and the next, `spool-2.sqlite3`, is begun:
to rename it would take the journal from whoever has it open. `spool.reserve` beside it holds the
room that sending takes.
"""

import contextlib
import fcntl
import logging
import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

_NAME = re.compile(r"spool(?:-([0-9]{1,6}))?\.sqlite3")
PAGE_BYTES = 4096
#: Longest wait for another process that writes to the file, in seconds. A view that waits longer
#: is lost. Each worker has one transaction under way, each is synced, and on a busy disk that takes
#: tenths of a second: with 0.3, four workers lost views. `SpoolWriter.stop` waits longer.
BUSY_SECONDS = 1.5
#: Room that is kept for sending: a batch touches up to 600 pages, the journal holds 256 more.
RESERVE_BYTES = 4 * 2**20
JOURNAL_PAGES = 256
#: `application_id` of the file: whose it is.
APPLICATION_ID = 0x5374_5370
#: `user_version` of the file, its lower half: grows with each column that is added. Older programs
#: insert by name, so that they can use a newer file, unless its upper half names a higher layout
#: than theirs: it is the lowest whose programs may use the file.
LAYOUT, OLDEST = 1, 0
OLDEST_SHIFT = 16

_SCHEMA = """
CREATE TABLE IF NOT EXISTS views (
  id INTEGER PRIMARY KEY,
  slug TEXT NOT NULL,
  hit BLOB NOT NULL,
  at REAL NOT NULL,
  span INTEGER NOT NULL,
  article TEXT NOT NULL,
  visitor BLOB NOT NULL,
  visitor_before BLOB NOT NULL,
  address BLOB NOT NULL,
  customer BLOB NOT NULL DEFAULT x'',
  place TEXT NOT NULL DEFAULT '',
  birth TEXT NOT NULL DEFAULT '',
  traits BLOB NOT NULL DEFAULT x'',
  UNIQUE (slug, hit)
);
CREATE INDEX IF NOT EXISTS views_span ON views (slug, span);
CREATE TABLE IF NOT EXISTS batches (
  place TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  span INTEGER NOT NULL,
  last INTEGER NOT NULL
);
"""

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
#: Columns that files of earlier versions do not have.
_ADDED = {
    "customer": "BLOB NOT NULL DEFAULT x''",
    "place": "TEXT NOT NULL DEFAULT ''",
    "birth": "TEXT NOT NULL DEFAULT ''",
    "traits": "BLOB NOT NULL DEFAULT x''",
}

T = TypeVar("T")

logger = logging.getLogger(__name__)


class SpoolFile:
    """The database; safe for threads and processes. It raises `sqlite3.Error` and `OSError`.

    Args:
        folder: where the file is; made if absent.
        max_bytes: the file's greatest size.
        place: of the views in files of before there were places.
    """

    def __init__(self, folder: Path, max_bytes: int, place: str) -> None:
        self._folder = folder
        self.path = _path(folder, max(_numbers(folder), default=1))
        self._reserve = folder / "spool.reserve"
        self._max_bytes = max_bytes
        self._place = place
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        #: The process that opened the connection, and which file it is.
        self._owner = (0, 0)

    def exists(self) -> bool:
        """Tell whether anything was ever kept."""
        return self.path.exists()

    def damaged(self) -> tuple[str, ...]:
        """Return the files that were left as they are."""
        paths = (_path(self._folder, number) for number in sorted(_numbers(self._folder)))
        return tuple(str(path) for path in paths if path != self.path)

    def fault(self) -> str:
        """Return why no view could be kept now, tried out without leaving anything; or nothing."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not self._has_reserve():
                probe = self._folder / f"spool.probe-{os.getpid()}"
                try:
                    _allocate(probe, RESERVE_BYTES)
                finally:
                    probe.unlink(missing_ok=True)
            if self.path.exists():
                self.write(lambda _: None)
        except (sqlite3.Error, OSError) as error:
            return str(error)
        return ""

    def read(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._mending(lambda: self._open().execute(query).fetchall())

    def write(self, work: Callable[[sqlite3.Connection], T], *, spend_reserve: bool = True) -> T:
        """Return what `work` does in a transaction of its own.

        Args:
            work: what to do.
            spend_reserve: whether it may have the room that is held for sending.
        """

        def transact() -> T:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.commit()
            except BaseException:
                connection.rollback()
                raise
            return result

        return self._mending(transact, spend_reserve=spend_reserve)

    def tidy(self) -> None:
        """Give the space of an empty spool back, unless somebody writes to it again."""
        with self._lock:
            self._open().execute("VACUUM")
            self._open().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._reserve.unlink(missing_ok=True)

    @contextlib.contextmanager
    def sole_sender(self) -> Iterator[bool]:
        """Give whether this process may send batches; one of the host's may at a time."""
        path = self._folder / "spool.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)

    def _mending(self, work: Callable[[], T], *, spend_reserve: bool = True) -> T:
        """Return what `work` does, once more after what can be mended was mended."""
        with self._lock:
            for _ in range(2):
                try:
                    return work()
                except sqlite3.Error as error:
                    if not self._mend(error, spend_reserve=spend_reserve):
                        raise
            return work()

    def _mend(self, error: sqlite3.Error, *, spend_reserve: bool) -> bool:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL and spend_reserve and self._reserve.exists():
            self._reserve.unlink(missing_ok=True)  # for this it is there
            return True
        damaged = code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
        # A table or a column is missing: nothing that this program leaves behind.
        damaged |= code == sqlite3.SQLITE_ERROR and "no " in str(error)
        if damaged or isinstance(error, _NoSpool):
            self._set_aside(error)
            return True
        return False

    def _set_aside(self, error: sqlite3.Error) -> None:
        """Leave a file that is no spool, with all that it may hold, and begin the next."""
        damaged = self.path
        if not self._moved_on():
            self.path = _path(self._folder, _number(self.path) + 1)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        logger.error(
            "%s cannot be read as a spool (%s). It is left as it is, with whatever views it has; "
            "`sqlite3 %s .recover` may read them. Views are kept in %s from now on.",
            damaged, error, damaged, self.path,
        )  # fmt: skip

    def _moved_on(self) -> bool:
        """Go on to the next file if another process has begun it; tell whether that was so."""
        if not _path(self._folder, _number(self.path) + 1).exists():
            return False
        self.path = _path(self._folder, max(_numbers(self._folder)))
        return True

    def _has_reserve(self) -> bool:
        try:
            return self._reserve.stat().st_size >= RESERVE_BYTES
        except FileNotFoundError:
            return False

    def keep_reserve(self) -> None:
        """Hold the room that sending takes: a view that can never leave is not kept."""
        if not self._has_reserve():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _allocate(self._reserve, RESERVE_BYTES)

    def _open(self) -> sqlite3.Connection:
        moved = self._moved_on()
        if self._connection is not None and not moved:
            with contextlib.suppress(FileNotFoundError):
                if self._owner == (os.getpid(), self.path.stat().st_ino):
                    _refuse_newer(self._connection)  # which may run beside this one
                    return self._connection
        self._connection = None  # of before a fork, or of a file that is not the one any more
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._owner = (os.getpid(), os.fstat(descriptor).st_ino)
        os.close(descriptor)
        connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
        )
        try:
            _check_whose(connection)
            for pragma in (
                "journal_mode = WAL",
                "synchronous = FULL",  # kept means: also after a power cut
                "secure_delete = ON",
                f"wal_autocheckpoint = {JOURNAL_PAGES}",
                f"max_page_count = {max(64, self._max_bytes // PAGE_BYTES)}",
            ):
                connection.execute(f"PRAGMA {pragma}")
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Make the tables, or bring those of an older program up to date."""
        (whose,) = connection.execute("PRAGMA application_id").fetchone()
        if whose == APPLICATION_ID and _layouts(connection)[0] >= LAYOUT:
            return
        connection.execute("BEGIN IMMEDIATE")  # another process may do the same
        try:
            tables = _names(connection, _TABLES)
            columns = _names(connection, "SELECT name FROM pragma_table_info('views')")
            for name, kind in _ADDED.items():
                if columns and name not in columns:
                    connection.execute(f"ALTER TABLE views ADD COLUMN {name} {kind}")
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            if "batch" in tables:  # of a program that did not tell places apart
                connection.execute("UPDATE views SET place = ?", (self._place,))
                connection.execute(
                    "INSERT INTO batches SELECT ?, name, slug, span, last FROM batch"
                    " WHERE name <> ''",
                    (self._place,),
                )
                connection.execute("DROP TABLE batch")
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {OLDEST << OLDEST_SHIFT | LAYOUT}")
            connection.commit()
        except BaseException:
            connection.rollback()
            raise


class _NoSpool(sqlite3.DatabaseError):
    """A database, but no spool of ours."""


class NewerSpoolError(sqlite3.DatabaseError):
    """A spool that a newer version has migrated; it stays as it is."""


def _check_whose(connection: sqlite3.Connection) -> None:
    """Return if the file is ours or new, before anything of it is changed."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application == APPLICATION_ID:
        _refuse_newer(connection)
        return
    tables = _names(connection, _TABLES)
    if application or not tables <= {"views", "batch", "batches"}:
        raise _NoSpool(f"another program's, with the tables {', '.join(sorted(tables))}")


def _refuse_newer(connection: sqlite3.Connection) -> None:
    layout, oldest = _layouts(connection)
    if oldest > LAYOUT:
        raise NewerSpoolError(
            f"a newer version has migrated it to layout {layout}, and this one knows layout "
            f"{LAYOUT}; run the newer version, which counts the views in it"
        )


def _layouts(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the layout of a file, and the lowest whose programs may use it."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return version & (1 << OLDEST_SHIFT) - 1, version >> OLDEST_SHIFT


def _path(folder: Path, number: int) -> Path:
    return folder / ("spool.sqlite3" if number == 1 else f"spool-{number}.sqlite3")


def _number(path: Path) -> int:
    found = _NAME.fullmatch(path.name)
    return int(found[1] or 1) if found else 0


def _numbers(folder: Path) -> list[int]:
    """Return the numbers of the spools that are in a folder."""
    return [number for path in folder.glob("spool*.sqlite3") if (number := _number(path))]


def _names(connection: sqlite3.Connection, query: str) -> set[str]:
    return {name for (name,) in connection.execute(query)}


def _allocate(path: Path, size: int) -> None:
    """Make a file that has its room on the disk; OSError, and no file, if there is none."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)

"""Views that Redis did not acknowledge, kept on the local disk until it does.

One SQLite file, `<data_dir>/spool.sqlite3`, shared by every process of this host. A view is in
the file, synced to disk, before its sender is told that it is kept; it leaves the file after
Redis has recorded it. What is kept of a view is what Redis itself would have got: the hit id's
digest, the moment, the article's key and the day's pseudonyms, never an address, a user agent
or an origin. Deleted rows are overwritten.

A view leaves in a batch. The batch is fixed in the file before it is sent, and Redis remembers
its id together with its effect, so that whoever repeats it after a crash records nothing twice.

A full spool refuses new views: those it holds were promised. Sending them takes room on the disk
too, so a file beside it, `spool.reserve`, holds that room as long as views may be kept.

Each view knows the Redis for which it was kept, its place: two services on one data folder never
send what is the other's. A file that cannot be read as a spool is left as it is, and the next,
`spool-2.sqlite3`, is begun: to rename it would take the journal from whoever has it open.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import re
import secrets
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from stats_service.embedded_redis.socket import socket_path, socket_url
from stats_service.errors import StatsError, StoreUnavailableError
from stats_service.models.health import SpoolState
from stats_service.models.traffic import ViewCommand

_NAME = re.compile(r"spool(?:-([0-9]{1,6}))?\.sqlite3")
PAGE_BYTES = 4096
#: Longest wait for another process that writes to the file, in seconds. A view that waits longer
#: is lost. Each worker has one transaction under way, each is synced, and on a busy disk that takes
#: tenths of a second: with 0.3, four workers lost views. `SpoolWriter.stop` waits longer.
BUSY_SECONDS = 1.5
#: Most views of a batch; one script call of 3 to 5 ms.
BATCH_MAX = 500
#: Seconds whose views may share a batch, which Redis records as of one moment.
BATCH_SECONDS = 60
#: Room that is kept for sending: a batch touches up to 600 pages, the journal holds 256 more.
RESERVE_BYTES = 4 * 2**20
JOURNAL_PAGES = 256
#: Least seconds between two lines of the log about views that are lost.
LOG_SECONDS = 60.0
#: Most sites and quarters of an hour whose lost views are told apart.
LOST_MAX = 10_000
#: `application_id` of the file: whose it is.
APPLICATION_ID = 0x5374_5370
#: Place of views that Redis refused, for whatever reason: they wait for somebody who mends that.
REFUSED = "refused"

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
_COLUMNS = "slug, at, birth, hit, article, visitor, visitor_before, address, customer"
#: Columns that files of earlier versions do not have.
_ADDED = {
    "customer": "BLOB NOT NULL DEFAULT x''",
    "place": "TEXT NOT NULL DEFAULT ''",
    "birth": "TEXT NOT NULL DEFAULT ''",
}
#: The views of the batch that is fixed. Views that come later have greater ids.
_IN_BATCH = "WHERE place = ? AND slug = ? AND span = ? AND id <= ?"

T = TypeVar("T")

logger = logging.getLogger(__name__)


class SpooledView(NamedTuple):
    """A view that waits for Redis."""

    slug: str
    #: Seconds since 1970.
    at: float
    command: ViewCommand
    #: Of the site (`models.sites.Site`).
    birth: str = ""


class SpooledBatch(NamedTuple):
    """Views of one site and minute that go to Redis together."""

    id: str
    slug: str
    #: The moment of the last of them, in seconds since 1970.
    at: float
    commands: list[ViewCommand]
    #: The births of the site that each was sent to, in the order of `commands`.
    births: list[str]


class SpoolError(StoreUnavailableError):
    """The view could be kept nowhere."""


class Spool:
    """The views kept by this host; safe for threads and processes.

    Args:
        data_dir: where the file is; made if absent.
        max_bytes: the file's greatest size, about 400 bytes a view; 0: nothing is kept.
        place: for which Redis views are kept, see `place_of`.
    """

    def __init__(self, data_dir: Path, max_bytes: int, place: str = "") -> None:
        self._folder = data_dir
        self.path = _path(data_dir, max(_numbers(data_dir), default=1))
        self._reserve = data_dir / "spool.reserve"
        self._max_bytes = max_bytes
        self._place = place
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        #: The process that opened the connection, and which file it is.
        self._owner = (0, 0)
        #: Views kept and views refused by this process.
        self.kept = 0
        self.refused = 0
        #: Views refused, by site and quarter of an hour, until somebody takes that down.
        self._lost: Counter[tuple[str, int]] = Counter()
        self._log_again = 0.0

    def add(self, views: Sequence[SpooledView]) -> None:
        """Keep views; those that are kept already, by their hit ids, stay as they are.

        Raises:
            SpoolError: the spool is full or cannot be written; none of them is kept.
        """
        rows = [
            (
                view.slug,
                view.command.hit,
                view.at,
                int(view.at // BATCH_SECONDS),
                view.command.article,
                view.command.visitor,
                view.command.visitor_before,
                view.command.address,
                view.command.ipv6_48,
                self._place,
                view.birth,
            )
            for view in views
        ]

        def insert(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT OR IGNORE INTO views (slug, hit, at, span, article, visitor,"
                " visitor_before, address, customer, place, birth)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

        try:
            if not self._max_bytes:
                raise SpoolError("Redis did not answer, and no spool is configured.")
            self._keep_reserve()
            self._write(insert, spend_reserve=False)
        except (sqlite3.Error, OSError, StatsError) as error:
            self.refuse(views, error)
            raise SpoolError(
                "Redis did not answer, and the view could not be kept either. Nothing was "
                "stored; try again shortly."
            ) from error
        if not self.kept:
            logger.warning("Redis does not take views; they are kept in %s.", self.path)
        self.kept += len(rows)

    def refuse(self, views: Sequence[SpooledView], reason: Exception) -> None:
        """Count views that can be kept nowhere, and say so, once a minute at most."""
        with self._lock:
            self.refused += len(views)
            if len(self._lost) < LOST_MAX:
                self._lost.update((view.slug, int(view.at // 900)) for view in views)
            now = time.monotonic()
            if now < self._log_again:
                return
            self._log_again = now + LOG_SECONDS
        if self._max_bytes:
            logger.error(
                "Views are lost, %d so far: %s cannot take them (%s).",
                self.refused, self.path, reason,
            )  # fmt: skip
        else:
            logger.error("Views are lost, %d so far: STATS_SPOOL_MEGABYTES is 0.", self.refused)

    def take_lost(self) -> list[tuple[str, float, int]]:
        """Return sites, moments (seconds) and numbers of views refused since the last call."""
        with self._lock:
            lost, self._lost = self._lost, Counter()
        return [(slug, quarter * 900.0, number) for (slug, quarter), number in lost.items()]

    def put_lost_back(self, slug: str, at: float, number: int) -> None:
        """Keep a number that `take_lost` gave for the next call."""
        with self._lock:
            self._lost[slug, int(at // 900)] += number

    def next_batch(self) -> SpooledBatch | None:
        """Return the views to send next, the same ones until `remove`; None: nothing is kept.

        Raises:
            SpoolError: the file cannot be read or written.
        """
        if not self.path.exists():
            return None

        def fixed(connection: sqlite3.Connection) -> tuple[str, list[tuple[Any, ...]]]:
            found = connection.execute(
                "SELECT name, slug, span, last FROM batches WHERE place = ?", (self._place,)
            ).fetchone()
            name, *bounds = found or self._fix_batch(connection)
            return name, connection.execute(
                f"SELECT {_COLUMNS} FROM views {_IN_BATCH} ORDER BY id",  # noqa: S608
                (self._place, *bounds),
            ).fetchall()

        with self._errors():
            name, rows = self._write(fixed)
        if not rows:
            return None
        commands = [
            ViewCommand(
                kind="view",
                hit=hit,
                article=article,
                visitor=visitor,
                visitor_before=visitor_before,
                address=address,
                ipv6_48=ipv6_48,
            )
            for _, _, _, hit, article, visitor, visitor_before, address, ipv6_48 in rows
        ]
        at, births = max(row[1] for row in rows), [row[2] for row in rows]
        return SpooledBatch(name, rows[0][0], at, commands, births)

    def _fix_batch(self, connection: sqlite3.Connection) -> tuple[str, str, int, int]:
        first = connection.execute(
            "SELECT slug, span FROM views WHERE place = ? ORDER BY id LIMIT 1", (self._place,)
        ).fetchone()
        if first is None:
            return "", "", 0, 0
        (last,) = connection.execute(
            "SELECT max(id) FROM (SELECT id FROM views"
            " WHERE place = ? AND slug = ? AND span = ? ORDER BY id LIMIT ?)",
            (self._place, *first, BATCH_MAX),
        ).fetchone()
        batch = (secrets.token_hex(8), *first, last)
        connection.execute("INSERT INTO batches VALUES (?, ?, ?, ?, ?)", (self._place, *batch))
        return batch

    def remove(self, batch: SpooledBatch) -> None:
        """Forget the views of a batch: Redis has recorded them, or never will."""
        self._end_batch(batch, "DELETE FROM views")

    def hold(self, batch: SpooledBatch, commands: Sequence[ViewCommand]) -> None:
        """Forget the views of a batch but for `commands`, which Redis refused: they wait apart."""
        held = [(REFUSED, batch.slug, command.hit) for command in commands]
        self._end_batch(batch, "DELETE FROM views", held)

    def _end_batch(
        self, batch: SpooledBatch, statement: str, held: Sequence[tuple[str, str, bytes]] = ()
    ) -> None:
        def end(connection: sqlite3.Connection) -> None:
            bounds = connection.execute(
                "SELECT place, slug, span, last FROM batches WHERE place = ? AND name = ?",
                (self._place, batch.id),
            ).fetchone()
            if bounds:
                connection.executemany(
                    "UPDATE views SET place = ? WHERE slug = ? AND hit = ?", held
                )
                connection.execute(f"{statement} {_IN_BATCH}", bounds)
                connection.execute("DELETE FROM batches WHERE place = ?", (self._place,))

        with self._errors():
            self._write(end)

    def adopt(self) -> int:
        """Take the views that were kept for another Redis, or refused, for this one's.

        Returns:
            How many they are.
        """

        def take(connection: sqlite3.Connection) -> int:
            connection.execute("DELETE FROM batches WHERE place <> ?", (self._place,))
            return connection.execute(
                "UPDATE views SET place = ? WHERE place <> ?", (self._place, self._place)
            ).rowcount

        if not self.path.exists():
            return 0
        with self._errors():
            return self._write(take)

    def waiting(self) -> int:
        """Return how many views wait for this service's Redis.

        Raises:
            SpoolError: the file cannot be read.
        """
        return self._counts().get(self._place, (0, 0.0))[0]

    def state(self) -> SpoolState:
        """Return how the spool is, and whether it could keep a view now."""
        fault, counts = "", dict[str, tuple[int, float]]()
        try:
            counts = self._counts()
        except SpoolError as error:
            fault = str(error)
        waiting, oldest = counts.pop(self._place, (0, 0.0))
        refused, _ = counts.pop(REFUSED, (0, 0.0))
        return SpoolState(
            path=str(self.path),
            enabled=self._max_bytes > 0,
            waiting=waiting,
            oldest=oldest,
            others=sum(number for number, _ in counts.values()),
            refused=refused,
            damaged=tuple(
                str(path)
                for path in (_path(self._folder, n) for n in sorted(_numbers(self._folder)))
                if path != self.path
            ),
            fault=(fault or self._fault()) if self._max_bytes else "",
        )

    def _fault(self) -> str:
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
                self._write(lambda _: None)
        except (sqlite3.Error, OSError) as error:
            return str(error)
        return ""

    def _counts(self) -> dict[str, tuple[int, float]]:
        """Return by place how many views there are, and the moment of the oldest."""
        if not self.path.exists():
            return {}
        query = "SELECT place, count(*), min(at) FROM views GROUP BY place"
        with self._errors():
            rows = self._mending(lambda: self._open().execute(query).fetchall())
        return {place: (number, oldest) for place, number, oldest in rows}

    def tidy(self) -> None:
        """Give the space of an empty spool back, unless somebody writes to it again."""
        with contextlib.suppress(sqlite3.Error, OSError), self._lock:
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

    def _write(self, work: Callable[[sqlite3.Connection], T], *, spend_reserve: bool = True) -> T:
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

    def _keep_reserve(self) -> None:
        """Hold the room that sending takes: a view that can never leave is not kept."""
        if not self._has_reserve():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _allocate(self._reserve, RESERVE_BYTES)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise SpoolError(f"The spool {self.path} cannot be used: {error}.") from error

    def _open(self) -> sqlite3.Connection:
        moved = self._moved_on()
        if self._connection is not None and not moved:
            with contextlib.suppress(FileNotFoundError):
                if self._owner == (os.getpid(), self.path.stat().st_ino):
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
        if connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,):
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
            connection.commit()
        except BaseException:
            connection.rollback()
            raise


class _NoSpool(sqlite3.DatabaseError):
    """A database, but no spool of ours."""


def _check_whose(connection: sqlite3.Connection) -> None:
    """Return if the file is ours or new, before anything of it is changed."""
    (whose,) = connection.execute("PRAGMA application_id").fetchone()
    tables = _names(connection, _TABLES)
    if whose not in (0, APPLICATION_ID) or not tables <= {"views", "batch", "batches"}:
        raise _NoSpool(f"another program's, with the tables {', '.join(sorted(tables))}")


def place_of(redis_url: str, key_prefix: str, data_dir: Path) -> str:
    """Return what tells one Redis from another: no secret, and the same with another password.

    The server that the service brings along moves with its data folder.
    """
    if redis_url == socket_url(socket_path(data_dir)):
        where = "embedded"
    else:
        parts = urlsplit(redis_url)
        where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return hashlib.sha256(f"{where} {key_prefix}".encode()).hexdigest()[:16]


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

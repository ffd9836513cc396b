"""Views that Redis did not acknowledge, kept on the local disk until it does.

One SQLite file, `<data_dir>/spool.sqlite3`, shared by every process of this host. A view is in
the file, synced to disk, before its sender is told that it is kept; it leaves the file after
Redis has recorded it. What is kept of a view is what Redis itself would have got: the hit id's
digest, the moment, the article's key and the day's pseudonyms, never an address, a user agent
or an origin. Deleted rows are overwritten.

A view leaves in a batch. The batch is fixed in the file before it is sent, and Redis remembers
its id together with its effect, so that whoever repeats it after a crash records nothing twice.

A full spool refuses new views: those it holds were promised.
"""

import contextlib
import fcntl
import logging
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from stats_service.errors import StatsError, StoreUnavailableError
from stats_service.models.traffic import ViewCommand

FILE = "spool.sqlite3"
PAGE_BYTES = 4096
#: Longest wait for another process that writes to the file, in seconds.
BUSY_SECONDS = 0.3
#: Most views of a batch; one script call of 3 to 5 ms.
BATCH_MAX = 500
#: Seconds whose views may share a batch, which Redis records as of one moment.
BATCH_SECONDS = 60

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
  UNIQUE (slug, hit)
);
CREATE INDEX IF NOT EXISTS views_span ON views (slug, span);
CREATE TABLE IF NOT EXISTS batch (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  name TEXT NOT NULL,
  slug TEXT NOT NULL,
  span INTEGER NOT NULL,
  last INTEGER NOT NULL
);
INSERT OR IGNORE INTO batch VALUES (1, '', '', 0, 0);
"""

_COLUMNS = "slug, at, hit, article, visitor, visitor_before, address, customer"
#: The views of the batch that is fixed. Views that come later have greater ids.
_IN_BATCH = "WHERE slug = ? AND span = ? AND id <= ?"

logger = logging.getLogger(__name__)


class KeptView(NamedTuple):
    """A view that waits for Redis."""

    slug: str
    #: Seconds since 1970.
    at: float
    command: ViewCommand


class KeptBatch(NamedTuple):
    """Views of one site and minute that go to Redis together."""

    id: str
    slug: str
    #: The moment of the last of them, in seconds since 1970.
    at: float
    commands: list[ViewCommand]


class SpoolError(StoreUnavailableError):
    """The view could be kept nowhere."""


class Spool:
    """The views kept by this host; safe for threads and processes.

    Args:
        data_dir: where the file is; made if absent.
        max_bytes: the file's greatest size, about 400 bytes a view; 0: nothing is kept.
    """

    def __init__(self, data_dir: Path, max_bytes: int) -> None:
        self.path = data_dir / FILE
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._owner = 0
        #: Views kept and views refused by this process.
        self.kept = 0
        self.refused = 0

    def add(self, views: Sequence[KeptView]) -> None:
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
                view.command.customer,
            )
            for view in views
        ]
        try:
            if not self._max_bytes:
                raise SpoolError("Redis did not answer, and no spool is configured.")
            with self._transaction() as connection:
                connection.executemany(
                    "INSERT OR IGNORE INTO views (slug, hit, at, span, article, visitor,"
                    " visitor_before, address, customer) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    rows,
                )
        except (sqlite3.Error, OSError, StatsError) as error:
            if not self.refused and self._max_bytes:
                logger.error("Views are lost: %s cannot take them (%s).", self.path, error)
            self.refused += len(rows)
            raise SpoolError(
                "Redis did not answer, and the view could not be kept either. Nothing was "
                "stored; try again shortly."
            ) from error
        if not self.kept:
            logger.warning("Redis does not take views; they are kept in %s.", self.path)
        self.kept += len(rows)

    def next_batch(self) -> KeptBatch | None:
        """Return the views to send next, the same ones until `remove`; None: nothing is kept.

        Raises:
            SpoolError: the file cannot be read or written.
        """
        if not self.path.exists():
            return None
        with self._errors(), self._transaction() as connection:
            name, *bounds = connection.execute(
                "SELECT name, slug, span, last FROM batch"
            ).fetchone()
            if not name:
                name, *bounds = self._fix_batch(connection)
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM views {_IN_BATCH} ORDER BY id",  # noqa: S608
                bounds,
            ).fetchall()
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
                customer=customer,
            )
            for _, _, hit, article, visitor, visitor_before, address, customer in rows
        ]
        return KeptBatch(name, rows[0][0], max(row[1] for row in rows), commands)

    def _fix_batch(self, connection: sqlite3.Connection) -> tuple[str, str, int, int]:
        first = connection.execute("SELECT slug, span FROM views ORDER BY id LIMIT 1").fetchone()
        if first is None:
            return "", "", 0, 0
        (last,) = connection.execute(
            "SELECT max(id) FROM"
            " (SELECT id FROM views WHERE slug = ? AND span = ? ORDER BY id LIMIT ?)",
            (*first, BATCH_MAX),
        ).fetchone()
        batch = (secrets.token_hex(8), *first, last)
        # One row, always the same: also a full file has room for it.
        connection.execute("UPDATE batch SET name = ?, slug = ?, span = ?, last = ?", batch)
        return batch

    def remove(self, batch: KeptBatch) -> None:
        """Forget the views of a batch: Redis has recorded them, or never will."""
        with self._errors(), self._transaction() as connection:
            bounds = connection.execute(
                "SELECT slug, span, last FROM batch WHERE name = ?", (batch.id,)
            ).fetchone()
            if bounds:
                connection.execute(f"DELETE FROM views {_IN_BATCH}", bounds)  # noqa: S608
                connection.execute("UPDATE batch SET name = ''")

    def waiting(self) -> int:
        """Return how many views wait for Redis.

        Raises:
            SpoolError: the file cannot be read.
        """
        if not self.path.exists():
            return 0
        with self._errors(), self._lock:  # a reader needs no turn among the writers
            return int(self._open().execute("SELECT count(*) FROM views").fetchone()[0])

    def tidy(self) -> None:
        """Give the space of an empty spool back, unless somebody writes to it again."""
        with contextlib.suppress(sqlite3.Error), self._lock:
            self._open().execute("VACUUM")
            self._open().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextlib.contextmanager
    def sole_sender(self) -> Iterator[bool]:
        """Give whether this process may send batches; one of the host's may at a time."""
        path = self.path.with_suffix(".lock")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise SpoolError(f"The spool {self.path} cannot be used: {error}.") from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None or self._owner != os.getpid():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
            )
            for pragma in (
                "journal_mode = WAL",
                "synchronous = FULL",  # kept means: also after a power cut
                "secure_delete = ON",
                f"max_page_count = {max(64, self._max_bytes // PAGE_BYTES)}",
            ):
                connection.execute(f"PRAGMA {pragma}")
            connection.executescript(_SCHEMA)
            _add_missing_column(connection)
            self._connection, self._owner = connection, os.getpid()
        return self._connection


def _add_missing_column(connection: sqlite3.Connection) -> None:
    """Bring a file up to date that was made before the column was."""
    columns = "SELECT name FROM pragma_table_info('views')"
    if ("customer",) in connection.execute(columns).fetchall():
        return
    connection.execute("BEGIN IMMEDIATE")  # another process may do the same
    if ("customer",) not in connection.execute(columns).fetchall():
        connection.execute("ALTER TABLE views ADD COLUMN customer BLOB NOT NULL DEFAULT x''")
    connection.commit()

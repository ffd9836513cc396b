"""The spool: views that Redis did not acknowledge, on the local disk until it does.

One SQLite file, `<data_dir>/spool.sqlite3`, shared by every process of this host. A view is
synced to disk before the client gets its response, and is deleted after Redis has recorded it. The
file holds only what Redis would have received: the digest of the hit id, the time, the key of the
article, the pseudonyms of the day and what a visit tells of itself (`ViewCommand.traits`), never an
address, a user agent or an origin. Deleted rows
are overwritten.

Views are sent in batches. A batch is fixed in the file before it is sent, and Redis stores its id
together with its effect, so a repeat after a crash records nothing twice.

A full spool refuses new views, because the spooled ones have been promised. Sending needs disk
space too, so the file `spool.reserve` holds that space as long as views may be spooled.

Each view has a place: the Redis for which it was spooled. Two services on one data folder never
send each other's views.
"""

import contextlib
import hashlib
import logging
import secrets
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from stats_service.embedded_redis.socket import socket_path, socket_url
from stats_service.errors import StatsError, StoreUnavailableError
from stats_service.models.operations.health import SpoolState
from stats_service.models.traffic.views import LOST, ViewCommand
from stats_service.store.traffic.spool_file import SpoolFile

#: Most views in a batch; its script call takes 3 to 5 ms.
BATCH_MAX = 500
#: Longest span of one batch, in seconds; Redis records all its views at one time.
BATCH_SECONDS = 60
#: Least seconds between two log lines about lost views.
LOG_SECONDS = 60.0
#: Most pairs of site and quarter of an hour for which lost views are counted separately.
LOST_MAX = 10_000
#: Place of views that Redis refused; they wait until somebody has removed the cause.
REFUSED = "refused"

_COLUMNS = "slug, at, birth, hit, article, visitor, visitor_before, address, customer, traits"
#: The views of the fixed batch. Later views have greater ids.
_IN_BATCH = "WHERE place = ? AND slug = ? AND span = ? AND id <= ?"

T = TypeVar("T")

logger = logging.getLogger(__name__)


class SpooledView(NamedTuple):
    """A view that waits for Redis."""

    slug: str
    #: Seconds since 1970.
    at: float
    command: ViewCommand
    #: Birth of the site (`models.sites.Site`).
    birth: str = ""


class SpooledBatch(NamedTuple):
    """Views of one site and minute that go to Redis together."""

    id: str
    slug: str
    #: Time of the last view, in seconds since 1970.
    at: float
    commands: list[ViewCommand]
    #: The birth of the site of each view, in the order of `commands`.
    births: list[str]


class SpoolError(StoreUnavailableError):
    """The view could not be spooled."""


class Spool:
    """The spooled views of this host; safe for threads and processes.

    Args:
        data_dir: folder of the file; created if missing.
        max_bytes: largest size of the file, about 400 bytes for each view; 0: no spool.
        place: the Redis for which views are spooled, see `place_of`.
    """

    def __init__(self, data_dir: Path, max_bytes: int, place: str = "") -> None:
        self._file = SpoolFile(data_dir, max_bytes, place)
        self._max_bytes = max_bytes
        self._place = place
        self._lock = threading.Lock()
        #: Views spooled and views refused by this process.
        self.kept = 0
        self.refused = 0
        #: What was lost by site, quarter of an hour and kind, until `take_lost`.
        self._lost: Counter[tuple[str, int, str]] = Counter()
        self._log_again = 0.0

    def add(self, views: Sequence[SpooledView]) -> None:
        """Spool views; a view whose hit id is spooled already stays unchanged.

        Raises:
            SpoolError: the spool is full or cannot be written; no view is spooled.
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
                view.command.traits,
            )
            for view in views
        ]

        def insert(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "INSERT OR IGNORE INTO views (slug, hit, at, span, article, visitor,"
                " visitor_before, address, customer, place, birth, traits)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

        try:
            if not self._max_bytes:
                raise SpoolError("Redis did not answer, and no spool is configured.")
            self._file.keep_reserve()
            self._file.write(insert, spend_reserve=False)
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
        """Count views that cannot be spooled, and log that at most once a minute."""
        with self._lock:
            self.refused += len(views)
            for view in views:
                self._lose(view.slug, view.at, LOST)
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

    def lose(self, slug: str, at: float, kind: str) -> None:
        """Count what is not spooled and was not recorded, by its reason in `ignored`."""
        with self._lock:
            self._lose(slug, at, kind)

    def _lose(self, slug: str, at: float, kind: str) -> None:
        if len(self._lost) < LOST_MAX:
            self._lost[slug, int(at // 900), kind] += 1

    def take_lost(self) -> list[tuple[str, float, str, int]]:
        """Return site, time (seconds), kind and number of what was lost since the last call."""
        with self._lock:
            lost, self._lost = self._lost, Counter()
        return [
            (slug, quarter * 900.0, kind, number) for (slug, quarter, kind), number in lost.items()
        ]

    def put_lost_back(self, slug: str, at: float, kind: str, number: int) -> None:
        """Return a number from `take_lost` to the counter, for the next call."""
        with self._lock:
            self._lost[slug, int(at // 900), kind] += number

    def next_batch(self) -> SpooledBatch | None:
        """Return the next batch to send, the same one until `remove`; None: the spool is empty.

        Raises:
            SpoolError: the file cannot be read or written.
        """
        if not self._file.exists():
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
            name, rows = self._file.write(fixed)
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
                traits=traits,
            )
            for _, _, _, hit, article, visitor, visitor_before, address, ipv6_48, traits in rows
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
        """Delete the views of a batch: Redis has recorded them, or never will."""
        self._end_batch(batch, "DELETE FROM views")

    def hold(self, batch: SpooledBatch, commands: Sequence[ViewCommand]) -> None:
        """Delete the views of a batch except `commands`, which Redis refused; set those apart."""
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
            self._file.write(end)

    def adopt(self) -> int:
        """Move the views spooled for another Redis, and refused views, to this Redis.

        Returns:
            The number of views moved.
        """

        def take(connection: sqlite3.Connection) -> int:
            connection.execute("DELETE FROM batches WHERE place <> ?", (self._place,))
            return connection.execute(
                "UPDATE views SET place = ? WHERE place <> ?", (self._place, self._place)
            ).rowcount

        if not self._file.exists():
            return 0
        with self._errors():
            return self._file.write(take)

    def take_over(self, places: Collection[str]) -> int:
        """Move the views spooled for `places` to this Redis, which has their data now.

        A batch that was sent keeps its name, by which the data know whether it was recorded.

        Returns:
            The number of views moved.
        """
        marks = ",".join("?" * len(places))

        def take(connection: sqlite3.Connection) -> int:
            there = connection.execute(
                "SELECT 1 FROM views WHERE place = ? UNION SELECT 1 FROM batches WHERE place = ?",
                (self._place, self._place),
            ).fetchone()
            batch = connection.execute(
                f"SELECT place FROM batches WHERE place IN ({marks})",  # noqa: S608
                tuple(places),
            ).fetchone()
            if batch and not there:
                connection.execute(
                    "UPDATE batches SET place = ? WHERE place = ?", (self._place, *batch)
                )
            connection.execute(
                f"DELETE FROM batches WHERE place IN ({marks})",  # noqa: S608
                tuple(places),
            )
            return connection.execute(
                f"UPDATE views SET place = ? WHERE place IN ({marks})",  # noqa: S608
                (self._place, *places),
            ).rowcount

        with self._errors():
            return self._file.write(take)

    def waiting(self) -> int:
        """Return the number of views that wait for this service's Redis.

        Raises:
            SpoolError: the file cannot be read.
        """
        return self._counts().get(self._place, (0, 0.0))[0]

    def state(self) -> SpoolState:
        """Return the state of the spool, and whether a view could be spooled now."""
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
            damaged=self._file.damaged(),
            fault=(fault or self._file.fault()) if self._max_bytes else "",
        )

    def _counts(self) -> dict[str, tuple[int, float]]:
        """Return by place the number of views, and the time of the oldest."""
        if not self._file.exists():
            return {}
        query = "SELECT place, count(*), min(at) FROM views GROUP BY place"
        with self._errors():
            rows = self._file.read(query)
        return {place: (number, oldest) for place, number, oldest in rows}

    def tidy(self) -> None:
        """Free the disk space of an empty spool, unless another process is writing to it."""
        with contextlib.suppress(sqlite3.Error, OSError):
            self._file.tidy()

    def sole_sender(self) -> contextlib.AbstractContextManager[bool]:
        """Yield whether this process may send batches: one process of the host at a time."""
        return self._file.sole_sender()

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise SpoolError(f"The spool {self.path} cannot be used: {error}.") from error


def place_of(redis_url: str, key_prefix: str, data_dir: Path) -> str:
    """Return the name of a Redis: it contains no secret, and does not depend on the password.

    The place of the embedded server depends on its data folder only.
    """
    if redis_url == socket_url(socket_path(data_dir)):
        where = "embedded"
    else:
        parts = urlsplit(redis_url)
        where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return hashlib.sha256(f"{where} {key_prefix}".encode()).hexdigest()[:16]

"""The number of the data's layout in Redis, and what brings data from one number to the next.

Layout 1 is that of `store.keys` and `store.admin_keys` in version 1.0. Two numbers stand in Redis:
that of the data, and the lowest layout whose programs may use them. So the programs of both sides
of an upgrade can run beside each other where a migration allows that, and are refused where not.
See docs/decisions/0071-the-data-have-a-version.md.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from stats_service.store.admin_keys import AFTER, LAYOUT, OLDEST, AdminKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

NOTE_MIGRATION = load_script("operations/note_migration")

#: Seconds for which the process that migrates holds the lock without a word, and for which the next
#: one waits if it was killed. A piece takes some milliseconds.
LOCK_SECONDS = 15


class Migration(Protocol):
    """What brings the data from one layout to the next.

    Each piece is one script, small because it keeps Redis busy, and may be done again, at any later
    time: a process that is killed has noted the piece before, and one that hung carries out the
    piece in its hand while another goes on. Programs of the layouts from `oldest` on count and read
    meanwhile, and afterwards.
    """

    #: What changes, as `stats-service check` says it: "articles have digests for names".
    text: str
    #: The lowest layout whose programs may run beside the migration and after it; that of the new
    #: layout itself: none of an older version may.
    oldest: int

    def pending(self, client: RedisClient, prefix: str, after: str) -> int:
        """Return how many keys are still to be changed after the piece `after`, without a write."""

    def pieces(self, client: RedisClient, prefix: str, after: str) -> Iterator[str]:
        """Do piece after piece, from the one after `after` ("": from the first).

        Yields:
            The name of each piece, once it is done.
        """


#: From layout 1 to 2, from 2 to 3, and so on; released ones never change.
MIGRATIONS: tuple[Migration, ...] = ()


class StoredLayout(NamedTuple):
    """What Redis says about the layout of its data."""

    #: 0: there are no data.
    layout: int
    oldest: int
    #: The piece of the migration to the next layout that was done last; empty: none.
    after: str


class LayoutStore:
    """The number of the data's layout, and the lock of who migrates.

    Args:
        client: of Redis.
        prefix: of the installation's keys.
        migrations: all of them, the first one from layout 1 to 2; default: those of this version.
    """

    def __init__(
        self, client: RedisClient, prefix: str, migrations: Sequence[Migration] | None = None
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._keys = AdminKeys(prefix)
        self.migrations = MIGRATIONS if migrations is None else migrations

    def read(self) -> StoredLayout:
        """Return what Redis says; data without a number are of layout 1."""
        with store_errors():
            fields = (LAYOUT, OLDEST, AFTER, "secret")
            found = self._client.hmget(self._keys.installation, fields)
        layout, oldest, after, secret = (text_of(value or b"") for value in found)
        return StoredLayout(int(layout or bool(secret)), int(oldest or 0), after)

    def running(self, below: int) -> dict[int, str]:
        """Return by layout below a number when (s) a program of it ran last."""
        layouts = range(1, below)
        if not layouts:
            return {}
        with store_errors():
            fields = [f"looked:{layout}" for layout in layouts]
            found = self._client.hmget(self._keys.installation, fields)
        return {
            layout: text_of(at) for layout, at in zip(layouts, found, strict=True) if at is not None
        }

    def lock(self, holder: str) -> bool:
        """Hold the lock of who migrates; False: another process holds it."""
        with store_errors():
            held = self._client.set(self._keys.migrating, holder, nx=True, ex=LOCK_SECONDS)
        return bool(held)

    def note(self, holder: str, fields: dict[str, str], *, last: bool = False) -> bool:
        """Note fields of the installation, empty ones go; False: the lock was lost.

        Args:
            holder: who holds the lock.
            fields: by their names.
            last: whether the lock ends with it.
        """
        keys = (self._keys.migrating, self._keys.installation)
        seconds = 0 if last else LOCK_SECONDS
        words = [word for field in fields.items() for word in field]
        with store_errors():
            return bool(NOTE_MIGRATION.run(self._client, keys, (holder, seconds, *words)))

    def pending(self, migration: Migration, after: str) -> int:
        """Return how many keys a migration still has to change."""
        with store_errors():
            return migration.pending(self._client, self._prefix, after)

    def pieces(self, migration: Migration, after: str) -> Iterator[str]:
        """Do the pieces of a migration; see `Migration.pieces`."""
        with store_errors():
            yield from migration.pieces(self._client, self._prefix, after)

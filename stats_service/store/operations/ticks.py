"""What the regular work did last, and that only one does it at a time."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from stats_service.store.admin_keys import AdminKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of

#: Field that is no job: when the regular work was begun last.
RAN = "ran"
#: Seconds after which a lock whose holder died is free again.
LOCK_SECONDS = 600


class TickStore:
    """The regular work of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._keys = AdminKeys(prefix)

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Hold the lock; give whether it was free."""
        token = secrets.token_hex(8)
        with store_errors():
            free = bool(self._client.set(self._keys.tick, token, nx=True, ex=LOCK_SECONDS))
        try:
            yield free
        finally:
            with store_errors():
                # A run of ten minutes may have lost it to another, which then keeps it.
                if free and self._client.get(self._keys.tick) == token.encode():
                    self._client.delete(self._keys.tick)

    def note_run(self, now: float) -> None:
        """Note that the regular work is done at the moment `now`, in seconds."""
        self.note(RAN, f"{now:.0f}")

    def last_run(self) -> float:
        """Return when it was done last; 0: never."""
        return float(self.last(RAN) or 0)

    def last(self, job: str) -> str:
        """Return what a job noted last, or an empty text."""
        with store_errors():
            value = self._client.hget(self._keys.ticks, job)
        return text_of(value)

    def forget(self, begin: str) -> None:
        """Forget what was noted for every job whose name begins so."""
        with store_errors():
            names = self._client.hkeys(self._keys.ticks)
            if gone := [name for name in names if text_of(name).startswith(begin)]:
                self._client.hdel(self._keys.ticks, *gone)

    def note(self, job: str, value: str) -> None:
        """Note for a job; an empty text forgets it."""
        with store_errors():
            if value:
                self._client.hset(self._keys.ticks, job, value)
            else:
                self._client.hdel(self._keys.ticks, job)

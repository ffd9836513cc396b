"""What the periodic jobs did last, and the lock that lets one process run them."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from stats_service.store.admin_keys import AdminKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of

#: Field for the last run of all jobs together.
RAN = "ran"
#: Seconds after which the lock of a dead process expires.
LOCK_SECONDS = 600


class TickStore:
    """The records of the periodic jobs in one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._keys = AdminKeys(prefix)

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Try to hold the lock; yield whether that succeeded."""
        token = secrets.token_hex(8)
        with store_errors():
            free = bool(self._client.set(self._keys.tick, token, nx=True, ex=LOCK_SECONDS))
        try:
            yield free
        finally:
            with store_errors():
                # After ten minutes, another process may hold the lock.
                if free and self._client.get(self._keys.tick) == token.encode():
                    self._client.delete(self._keys.tick)

    def note_run(self, now: float) -> None:
        """Record that the jobs have run at `now`, in seconds."""
        self.note(RAN, f"{now:.0f}")

    def last_run(self) -> float:
        """Return when the jobs last ran; 0: never."""
        return float(self.last(RAN) or 0)

    def last(self, job: str) -> str:
        """Return the last record of a job, or an empty text."""
        with store_errors():
            value = self._client.hget(self._keys.ticks, job)
        return text_of(value)

    def forget(self, begin: str) -> None:
        """Delete the records of every job whose name has this prefix."""
        with store_errors():
            names = self._client.hkeys(self._keys.ticks)
            if gone := [name for name in names if text_of(name).startswith(begin)]:
                self._client.hdel(self._keys.ticks, *gone)

    def note(self, job: str, value: str) -> None:
        """Record a text for a job; an empty text deletes the record."""
        with store_errors():
            if value:
                self._client.hset(self._keys.ticks, job, value)
            else:
                self._client.hdel(self._keys.ticks, job)

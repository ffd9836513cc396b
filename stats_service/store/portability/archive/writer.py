"""Prepare a site aside, then put it in its place in one step."""

import secrets
from typing import Any

from stats_service.store.keys import SiteKeys, aside, sites
from stats_service.store.redis.client import RedisClient, store_errors
from stats_service.store.redis.scripts import load_script

PUBLISH_SITE = load_script("portability/publish_site")
#: Seconds after which what an import prepared is gone, if it was cut off.
PREPARED_TTL_SECONDS = 6 * 3600
#: Commands sent together.
BATCH = 1000


class SiteWriter:
    """Takes what the tables write; nothing is seen before `publish`.

    Args:
        client: Redis.
        prefix: the installation's.
        slug: the site.
        now: seconds since 1970; what would have ended by then is left out.
    """

    def __init__(self, client: RedisClient, prefix: str, slug: str, now: float) -> None:
        self.keys = SiteKeys(prefix, slug)
        self._client = client
        self._prefix = prefix
        self._now = int(now)
        self._token = secrets.token_hex(4)
        #: How long each key written lives, as `publish_site.lua` wants it.
        self._lives: dict[str, str] = {}
        self._commands: list[tuple[Any, ...]] = []

    def set(self, key: str, value: bytes) -> None:
        """Write a string."""
        self._add(key, 0, "SET", value)

    def hset(self, key: str, field: str | bytes, value: str | bytes | int, ends: int = 0) -> None:
        """Write a field of a hash; `ends` is when the whole hash does."""
        self._add(key, ends, "HSET", field, value)

    def end_at(self, key: str, ends: int) -> None:
        """Let a key that was written end at a moment of the clock of Redis, to the second."""
        self._lives[key] = f"@{ends}"

    def zadd(self, key: str, member: str, score: int, ends: int = 0) -> None:
        """Write a member of a sorted set."""
        self._add(key, ends, "ZADD", score, member)

    def sadd(self, key: str, member: bytes, ends: int = 0) -> None:
        """Write a member of a set."""
        self._add(key, ends, "SADD", member)

    def xadd(self, key: str, entry_id: str, field: str, value: bytes) -> None:
        """Append an entry with an id of its own to a stream."""
        self._add(key, 0, "XADD", entry_id, field, value)

    def publish(self, *, replace: bool) -> bool:
        """Put the site in its place; False, and nothing changed, if it is there already."""
        self._send()
        old = self._present() if replace else []
        names = [self.keys.site]
        for key in self._lives:
            names += (aside(key, self._token), key)
        with store_errors():
            arguments = ["1" if replace else "0", len(self._lives), *self._lives.values()]
            outcome = PUBLISH_SITE.run(self._client, names + old, arguments)
            if outcome == 1:
                self._client.sadd(sites(self._prefix), self.keys.slug)
        if outcome == -1:
            raise RuntimeError("the prepared site was removed while it was being imported")
        return bool(outcome == 1)

    def discard(self) -> None:
        """Forget what was prepared."""
        self._commands.clear()
        with store_errors():
            for key in self._lives:
                self._client.unlink(aside(key, self._token))

    def _present(self) -> list[str]:
        """Return the keys that go when the site is replaced; its API tokens stay."""
        mine = {aside(key, self._token) for key in self._lives} | {self.keys.tokens}
        with store_errors():
            found = {
                name.decode() if isinstance(name, bytes) else name
                for name in self._client.scan_iter(match=self.keys.pattern, count=1000)
            }
        return sorted(found - mine)

    def _add(self, key: str, ends: int, command: str, *arguments: Any) -> None:
        if 0 < ends <= self._now:
            return
        prepared = aside(key, self._token)
        if key not in self._lives:
            self._lives[key] = str(ends - self._now) if ends else "0"
            self._commands.append((command, prepared, *arguments))
            self._commands.append(("EXPIRE", prepared, PREPARED_TTL_SECONDS))
        else:
            self._commands.append((command, prepared, *arguments))
        if len(self._commands) >= BATCH:
            self._send()

    def _send(self) -> None:
        if not self._commands:
            return
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for command in self._commands:
                pipe.execute_command(*command)
            pipe.execute()
        self._commands.clear()

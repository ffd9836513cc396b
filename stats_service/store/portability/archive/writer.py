"""Prepare a site aside, then publish it in one step."""

import secrets
from typing import Any

from stats_service.errors import ConflictError
from stats_service.store.keys import PREPARED, SiteKeys, sites, staging_key
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

PUBLISH_SITE = load_script("portability/publish_site")
HOLD_SITE = load_script("sites/hold_site")
RELEASE_SITE = load_script("sites/release_site")
#: Longest time in seconds that a site is held while an archive takes its place: a scan of all keys.
#: After it, a site whose import was interrupted continues as before.
HOLD_SECONDS = 60
#: Seconds after which the prepared keys of an interrupted import expire.
PREPARED_TTL_SECONDS = 6 * 3600
#: Number of commands sent together.
BATCH = 1000


class SiteWriter:
    """Writes the rows of the tables aside; nothing is visible before `publish`.

    Args:
        client: Redis.
        prefix: the prefix of the installation.
        slug: the site.
        now: seconds since 1970; what has expired by then is left out.
    """

    def __init__(self, client: RedisClient, prefix: str, slug: str, now: float) -> None:
        self.keys = SiteKeys(prefix, slug)
        self._client = client
        self._prefix = prefix
        self._now = int(now)
        self._token = secrets.token_hex(4)
        #: Lifetimes of the written keys, in the form of `publish_site.lua`.
        self._expiries: dict[str, str] = {}
        self._commands: list[tuple[Any, ...]] = []

    def set(self, key: str, value: bytes) -> None:
        """Write a string."""
        self._add(key, 0, "SET", value)

    def hset(self, key: str, field: str | bytes, value: str | bytes | int, ends: int = 0) -> None:
        """Write a field of a hash; `ends` is when the whole hash expires."""
        self._add(key, ends, "HSET", field, value)

    def end_at(self, key: str, ends: int) -> None:
        """Set when a written key expires, by the clock of Redis, to the second."""
        self._expiries[key] = f"@{ends}"

    def zadd(self, key: str, member: str, score: int, ends: int = 0) -> None:
        """Write a member of a sorted set."""
        self._add(key, ends, "ZADD", score, member)

    def sadd(self, key: str, member: bytes, ends: int = 0) -> None:
        """Write a member of a set."""
        self._add(key, ends, "SADD", member)

    def xadd(self, key: str, entry_id: str, field: str, value: bytes) -> None:
        """Append an entry with a given id to a stream."""
        self._add(key, 0, "XADD", entry_id, field, value)

    def publish(self, founding: str | None, birth: str) -> bool:
        """Publish the site.

        Args:
            founding: that of the replaced site (`SiteStore.founding`); None: a new site.
            birth: that of the replaced site.

        Returns:
            False, and nothing changed, if the existing site is a different one.
        """
        self.set(self.keys.founded, self._token.encode())
        self._send()
        if founding is None:
            return self._put(self._present(with_tokens=True), "")
        keys = self.keys
        names = [keys.site, keys.alive(birth), keys.held, keys.replacing]
        with store_errors():
            # From here on nothing is written for the site, so that the list of keys is complete.
            held = HOLD_SITE.run(
                self._client, [*names, keys.founded], [founding, self._token, HOLD_SECONDS]
            )
        published = False
        try:
            published = bool(held) and self._put(self._present(with_tokens=False), self._token)
        finally:
            if held and not published:
                with store_errors():
                    RELEASE_SITE.run(self._client, names, [self._token])
        return published

    def _put(self, old: list[str], holder: str) -> bool:
        """Rename the prepared keys and delete `old`, if `holder` still holds the site."""
        names = [self.keys.site, self.keys.held, self.keys.replacing]
        for key in self._expiries:
            names += (staging_key(key, self._token), key)
        with store_errors():
            arguments = [holder, len(self._expiries), *self._expiries.values()]
            outcome = PUBLISH_SITE.run(self._client, names + old, arguments)
            if outcome == 1:
                self._client.sadd(sites(self._prefix), self.keys.slug)
        if outcome == -1:
            raise ConflictError(
                "The site {slug!r} was erased while its archive was being brought in. Nothing was "
                "imported.",
                slug=self.keys.slug,
            )
        return bool(outcome == 1)

    def discard(self) -> None:
        """Delete the prepared keys."""
        self._commands.clear()
        with store_errors():
            for key in self._expiries:
                self._client.unlink(staging_key(key, self._token))

    def _present(self, *, with_tokens: bool) -> list[str]:
        """Return the keys that the archive replaces, including remains of another site of the name.

        Keys that imports and exports keep aside are left to expire. The API tokens and the
        kiosks of a replaced site stay.
        """
        stays = set() if with_tokens else {self.keys.tokens, self.keys.kiosks}
        with store_errors():
            found = {
                text_of(name)
                for name in self._client.scan_iter(match=self.keys.pattern, count=1000)
                if not PREPARED.fullmatch(name)
            }
        return sorted(found - stays)

    def _add(self, key: str, ends: int, command: str, *arguments: Any) -> None:
        if 0 < ends <= self._now:
            return
        prepared = staging_key(key, self._token)
        if key not in self._expiries:
            self._expiries[key] = str(ends - self._now) if ends else "0"
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

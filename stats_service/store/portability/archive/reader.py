"""Read a site as it is at one moment, however long reading takes."""

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from stats_service.store.keys import SiteKeys, staging_key
from stats_service.store.portability.sorting import Pair, sorted_pairs
from stats_service.store.redis.client import RedisClient, bytes_of, documents_of, store_errors
from stats_service.store.redis.scripts import load_script
from stats_service.store.traffic.day_names import known_keys

COPY_KEYS = load_script("portability/copy_keys")
#: Seconds after which the copies of an interrupted export expire.
COPY_TTL_SECONDS = 3600
#: Number of members read in one round trip.
SCAN_COUNT = 1000

_DAY_FIELD = re.compile(rb"views:(\d{4}-\d{2}-\d{2})")


class SiteReader:
    """Reads the keys for the tables of `registry`; created by `opened_reader`."""

    def __init__(self, client: RedisClient, keys: SiteKeys, copies: dict[str, str]) -> None:
        self.keys = keys
        self._client = client
        self._copies = copies
        # The log is append-only, so the newest entry marks the moment and no copy is needed.
        with store_errors():
            newest = documents_of(client.xrevrange(keys.audit, count=1))
        self._log_end = newest[0][0] if newest else "0"

    def string(self, key: str) -> bytes | None:
        """Return a string."""
        with store_errors():
            value = self._client.get(self._place(key))
        return None if value is None else bytes_of(value)

    def hash(self, key: str) -> Iterator[tuple[str, str]]:
        """Yield the fields of a hash with their values, sorted."""
        return _texts(self.hash_bytes(key))

    def hash_bytes(self, key: str) -> Iterator[Pair]:
        """Yield the fields of a hash with binary names or values, sorted."""
        return sorted_pairs(self._scan("hscan_iter", key))

    def scores(self, key: str) -> Iterator[tuple[str, int]]:
        """Yield the members of a sorted set with their scores, by member."""
        pairs = ((member, b"%d" % int(score)) for member, score in self._scan("zscan_iter", key))
        return ((member, int(score)) for member, score in _texts(sorted_pairs(pairs)))

    def long_keys(self, members: Iterable[str]) -> dict[str, str]:
        """Return the article keys of digests, without those that were removed in the meantime."""
        with store_errors():
            return known_keys(self._client, self.keys, members)

    def members(self, key: str) -> Iterator[bytes]:
        """Yield the members of a set, sorted."""
        pairs: Iterator[Pair] = ((member, b"") for member in self._scan("sscan_iter", key))
        return (member for member, _ in sorted_pairs(pairs))

    def days(self) -> list[str]:
        """Return every day with any count, oldest first."""
        with store_errors():
            fields = self._client.hscan_iter(self._place(self.keys.counts), count=SCAN_COUNT)
            found = {match[1].decode() for name, _ in fields if (match := _day_field(name))}
        return sorted(found)

    def log(self) -> Iterator[tuple[str, bytes]]:
        """Yield the ids and documents of the site's audit log, oldest first."""
        start = "-"
        while True:
            with store_errors():
                entries = documents_of(
                    self._client.xrange(self.keys.audit, start, self._log_end, count=SCAN_COUNT)
                )
            yield from entries
            if len(entries) < SCAN_COUNT:
                return
            start = f"({entries[-1][0]}"

    def expiry(self, key: str) -> int:
        """Return when a key expires, in seconds since 1970; 0: never, or no such key."""
        with store_errors():
            return max(0, int(self._client.expiretime(key)))

    def _scan(self, method: str, key: str) -> Iterator[Any]:
        with store_errors():
            yield from getattr(self._client, method)(self._place(key), count=SCAN_COUNT)

    def _place(self, key: str) -> str:
        return self._copies.get(key, key)


@contextmanager
def opened_reader(
    client: RedisClient, prefix: str, slug: str, changing: list[str]
) -> Iterator[SiteReader]:
    """Yield a reader of the site as it is now.

    Args:
        client: Redis.
        prefix: the prefix of the installation.
        slug: the site.
        changing: the keys that views and votes change; they are copied in one step, so that sums
            agree with their parts although counting goes on.
    """
    token = secrets.token_hex(4)
    copies = {key: staging_key(key, token) for key in changing}
    with store_errors():
        names = [name for pair in copies.items() for name in pair]
        COPY_KEYS.run(client, [SiteKeys(prefix, slug).site, *names], [COPY_TTL_SECONDS])
    try:
        yield SiteReader(client, SiteKeys(prefix, slug), copies)
    finally:
        with store_errors():
            for copy in copies.values():
                client.unlink(copy)


def _day_field(name: bytes) -> re.Match[bytes] | None:
    return _DAY_FIELD.fullmatch(name)


def _texts(pairs: Iterator[Pair]) -> Iterator[tuple[str, str]]:
    return ((name.decode(), value.decode()) for name, value in pairs)

"""What stands for an article among those of one day.

A short key stands for itself. A long one would be there again on each of 400 days: in its place is
a digest, and the hash `names` says of which key. `lua/record_views.lua` makes the same digest. Days
from before this was so have the long keys themselves, and both are read.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from stats_service.models.traffic.views import OTHER_ARTICLES
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, text_of

#: Longest key, in bytes, that stands for itself. The Lua file has the same.
LONG_BYTES = 128
#: First character of a digest; no key has it.
MARK = "\x01"
#: Keys asked for in one command.
CHUNK = 1000


def is_long(article: str) -> bool:
    """Tell whether a digest stands for a key."""
    return len(article) > LONG_BYTES or (
        not article.isascii() and len(article.encode()) > LONG_BYTES
    )


def day_name(article: str) -> str:
    """Return what stands for an article among those of one day."""
    if not is_long(article):
        return article
    digest = hashlib.sha1(article.encode(), usedforsecurity=False).hexdigest()
    return MARK + digest[:24]


def day_names(articles: Iterable[str]) -> list[str] | None:
    """Return the same for several in their order; None if that is the keys themselves."""
    keys = list(articles)
    return [day_name(key) for key in keys] if any(map(is_long, keys)) else None


def both_names(articles: Iterable[str]) -> dict[str, list[int]]:
    """Return the names under which days may have `articles`, with the places of these in order."""
    names: dict[str, list[int]] = {}
    for place, article in enumerate(articles):
        for name in dict.fromkeys((article, day_name(article))):
            names.setdefault(name, []).append(place)
    return names


def known_keys(client: RedisClient, names: SiteKeys, members: Iterable[str]) -> dict[str, str]:
    """Return the keys behind those of `members` that are digests and are known."""
    digests = [member for member in dict.fromkeys(members) if member.startswith(MARK)]
    found: dict[str, str] = {}
    for at in range(0, len(digests), CHUNK):
        some = digests[at : at + CHUNK]
        keys: list[Any] = client.hmget(names.names, some)
        found |= {digest: text_of(key) for digest, key in zip(some, keys, strict=True) if key}
    return found


def with_keys(row: Mapping[str, int], known: Mapping[str, str]) -> dict[str, int]:
    """Return the views of a day by key; an article that gave way is among the others."""
    sums: dict[str, int] = {}
    for member, views in row.items():
        key = known.get(member, OTHER_ARTICLES) if member.startswith(MARK) else member
        sums[key] = sums.get(key, 0) + views
    return sums

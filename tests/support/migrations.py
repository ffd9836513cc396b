"""Migrations for tests: they change nothing that a program reads, and can tell what they did."""

from collections.abc import Callable, Iterator
from typing import Any

from stats_service.store.keys import SiteKeys, sites
from stats_service.store.redis.client import RedisClient, text_of

#: Articles in a piece.
PIECE = 20
#: Takes articles out of the list and puts them back with their views, and stamps each; a view that
#: comes between the two steps would be lost if this were not one script.
_STAMP = """
for place = 1, #ARGV do
  local views = redis.call('ZSCORE', KEYS[1], ARGV[place])
  if views then
    redis.call('ZREM', KEYS[1], ARGV[place])
    redis.call('ZADD', KEYS[1], views, ARGV[place])
    redis.call('HINCRBY', KEYS[2], ARGV[place], 1)
  end
end
"""


class Stamps:
    """Stamps every article of every site, in the order of their names.

    Args:
        oldest: as `Migration` has it.
        between: called after each piece, before it is noted.
    """

    text = "articles are stamped"

    def __init__(self, oldest: int = 1, between: Callable[[], object] = lambda: None) -> None:
        self.oldest = oldest
        self._between = between

    def pending(self, client: RedisClient, prefix: str, after: str) -> int:
        """Return how many articles have no stamp."""
        return sum(len(names) for _, names in self._left(client, prefix, after))

    def pieces(self, client: RedisClient, prefix: str, after: str) -> Iterator[str]:
        """Stamp some articles, then give the site and the last one."""
        for slug, names in self._left(client, prefix, after):
            keys = (SiteKeys(prefix, slug).articles, stamps(prefix, slug))
            client.eval(_STAMP, 2, *keys, *names)
            self._between()
            yield f"{slug} {names[-1]}"

    def _left(
        self, client: RedisClient, prefix: str, after: str
    ) -> Iterator[tuple[str, list[str]]]:
        site, _, article = after.partition(" ")
        slugs: Any = client.smembers(sites(prefix))
        for slug in sorted(map(text_of, slugs)):
            found: Any = client.zrange(SiteKeys(prefix, slug).articles, 0, -1)
            names = sorted(map(text_of, found))
            names = [name for name in names if (slug, name) > (site, article)]
            for begin in range(0, len(names), PIECE):
                yield slug, names[begin : begin + PIECE]


def stamps(prefix: str, slug: str) -> str:
    """Return the key of the stamps of a site: article -> how often it was stamped."""
    return f"{prefix}:{{{slug}}}:stamps"

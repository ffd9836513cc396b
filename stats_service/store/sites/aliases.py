"""Article keys that stand for other articles, and articles that lists hide."""

from collections.abc import Sequence

from stats_service.models.traffic.article_changes import Aliases
from stats_service.store.keys import ALIASES_REVISION, SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of

#: Most merged keys of one article whose voters are still recognised: every rating of the article
#: looks up each of them.
RATED_MAX = 50


class AliasStore:
    """The aliases of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read(self, slug: str) -> Aliases:
        """Return the aliases of a site."""
        names = SiteKeys(self._prefix, slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.hgetall(names.aliases)
            pipe.smembers(names.hidden)
            stored, hidden = pipe.execute()
        texts = {text_of(key): text_of(value) for key, value in stored.items()}
        revision = int(texts.pop(ALIASES_REVISION, 0))
        ends = {key: value[1:] for key, value in texts.items()}
        targets = {}
        for key, end in ends.items():
            target = end
            while target in ends:
                target = ends[target]
            targets[key] = target
        rated: dict[str, tuple[str, ...]] = {}
        for key, value in texts.items():
            if value[0] == "r" and len(rated.get(targets[key], ())) < RATED_MAX:
                rated[targets[key]] = (*rated.get(targets[key], ()), key)
        return Aliases(revision, targets, rated, frozenset(map(text_of, hidden)))

    def hidden(self, slug: str) -> frozenset[str]:
        """Return the articles of a site that lists hide."""
        with store_errors():
            found = self._client.smembers(SiteKeys(self._prefix, slug).hidden)
        return frozenset(map(text_of, found))

    def target(self, slug: str, key: str) -> str:
        """Return the article of a key: itself unless it was merged or renamed."""
        return self.targets(slug, (key,)).get(key, key)

    def targets(self, slug: str, keys: Sequence[str]) -> dict[str, str]:
        """Return the articles of those of `keys` that were merged or renamed."""
        names = SiteKeys(self._prefix, slug)
        targets: dict[str, str] = {}
        asked = {key: key for key in keys}
        while asked:
            with store_errors():
                found = self._client.hmget(names.aliases, list(asked.values()))
            asked = {
                key: text_of(value)[1:] for key, value in zip(asked, found, strict=True) if value
            }
            targets |= asked
        return targets

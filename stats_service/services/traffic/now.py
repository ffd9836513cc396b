"""What happens on a site now: who is online, what is read, and where visits come from."""

from collections import Counter

from stats_service.models.sites import Site
from stats_service.models.traffic.now import (
    MINUTES,
    SLOTS,
    MinuteOnline,
    NowCounts,
    NowList,
    NowValue,
)
from stats_service.models.traffic.readers import SHOWN_FROM
from stats_service.models.traffic.views import OTHER_ARTICLES
from stats_service.store.keys import NOW_SLOT_SECONDS
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.traffic.now import MINUTE_SECONDS, NowStore, NowWriter


class Now:
    """The last half hour of a site, as sums."""

    def __init__(self, store: NowStore, writer: NowWriter, aliases: AliasStore) -> None:
        self._store = store
        self._writer = writer
        self._aliases = aliases

    async def write(self) -> None:
        """Write down what this process has counted, in the loop: `read` finds it then."""
        await self._writer.write()

    def read(self, site: Site, now: float, limit: int) -> NowCounts:
        """Return what happens at the moment `now` (seconds).

        What fewer than three views or visits have is among the others. What another process has
        counted in its last seconds is not in it yet.

        Args:
            site: the site.
            now: this moment.
            limit: most values of each list.

        Raises:
            StoreUnavailableError: Redis does not answer.
        """
        stored = self._store.read(site, now)
        aliases = self._aliases.read(site.slug)
        articles = Counter[str]()
        for key, n in stored.sums.articles.items():
            target = aliases.targets.get(key, key)
            shown = target != OTHER_ARTICLES and target not in aliases.hidden
            articles[target if shown else ""] += n
        minute = now // MINUTE_SECONDS
        return NowCounts(
            at=now,
            since=(now // NOW_SLOT_SECONDS - SLOTS + 1) * NOW_SLOT_SECONDS,
            online=stored.online,
            minutes=tuple(
                MinuteOnline((minute - MINUTES + 1 + at) * MINUTE_SECONDS, online)
                for at, online in enumerate(stored.minutes)
            ),
            visits=stored.sums.visits,
            articles=_list(articles, limit),
            sources=_list(stored.sums.sources, limit),
            countries=_list(stored.sums.countries, limit),
        )


def _list(counted: dict[str, int], limit: int) -> NowList:
    named = [(value, n) for value, n in counted.items() if value and n >= SHOWN_FROM]
    named.sort(key=lambda pair: (-pair[1], pair[0]))
    values = tuple(NowValue(value, n) for value, n in named[:limit])
    total = sum(counted.values())
    return NowList(values, total - sum(value.n for value in values), total)

"""Clicks: `lua/record_click.lua`, and reads of the same numbers."""

from collections.abc import Sequence

from stats_service.errors import UnknownSiteError
from stats_service.models.clicks import KINDS, NAMES_MAX, ClickAnswer, ClickCommand
from stats_service.models.sites import Site
from stats_service.store.keys import SiteKeys, record_click_keys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.loop_client import LoopClient
from stats_service.store.redis.scripts import load_script

RECORD_CLICK = load_script("clicks/record_click")
_KINDS = {letter: kind for kind, letter in KINDS.items()}
#: By kind and name, `""` for those under no name that is kept: clicks.
Sums = dict[tuple[str, str], int]


class ClickStore:
    """The clicks of every site of one installation."""

    def __init__(self, client: RedisClient, loop: LoopClient, prefix: str) -> None:
        self._client = client
        self._loop = loop
        self._prefix = prefix

    async def record(self, site: Site, command: ClickCommand, day: str, now: float) -> ClickAnswer:
        """Record a click in one round trip, at `now` (seconds).

        Raises:
            UnknownSiteError: the site was removed in the meantime.
            StoreUnavailableError: whether it was recorded is unknown; a retry counts once.
        """
        reply = await self._loop.run(
            RECORD_CLICK,
            record_click_keys(self._prefix, site.slug, site.birth, command.kind, day),
            [
                int(now * 1000),
                KINDS[command.kind],
                command.name,
                NAMES_MAX[command.kind],
                command.mark,
                command.mark_before,
            ],
        )
        outcome, clicks = text_of(reply[0]), int(reply[1])
        if outcome == "no-site":
            raise UnknownSiteError(site.slug)
        return ClickAnswer(outcome, clicks if clicks >= 0 else None)

    def downloads(self, slug: str, documents: Sequence[str]) -> list[int]:
        """Return how often each document was opened, of all time."""
        if not documents:
            return []
        with store_errors():
            return [
                int(n or 0)
                for n in self._client.hmget(
                    SiteKeys(self._prefix, slug).clicks("document"), list(documents)
                )
            ]

    def read(self, slug: str, days: Sequence[str]) -> Sums:
        """Return the sum of days, in one round trip."""
        names, sums = SiteKeys(self._prefix, slug), Sums()
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.hgetall(names.clicks(day))
            rows = pipe.execute()
        for row in rows:
            for field, n in row.items():
                text = text_of(field)
                place = _KINDS[text[0]], text[1:]
                sums[place] = sums.get(place, 0) + int(n)
        return sums

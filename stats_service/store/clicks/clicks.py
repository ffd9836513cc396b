"""Clicks: `lua/record_click.lua`, and reads of the same numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence

from stats_service.errors import UnknownSiteError
from stats_service.models.clicks import (
    CLICK_LOST,
    DOCUMENT,
    KINDS,
    NAMES_MAX,
    ClickAnswer,
    ClickCommand,
    DayClicks,
)
from stats_service.models.sites import Site
from stats_service.store.keys import (
    ARTICLE_DAYS_KEPT,
    DAY_SECONDS,
    SiteKeys,
    record_click_keys,
)
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
                    SiteKeys(self._prefix, slug).clicks(DOCUMENT), list(documents)
                )
            ]

    def add(self, slug: str, days: Mapping[str, DayClicks], totals: Sequence[DayClicks]) -> None:
        """Add clicks to days (ISO), and to the sums of all time."""
        names, sums = SiteKeys(self._prefix, slug), Counter[tuple[str, str]]()
        for clicks in totals:
            sums.update(
                {(kind, name): n for kind, own in clicks.items() for name, n in own.items()}
            )
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for (kind, name), n in sums.items():
                pipe.hincrby(names.clicks(kind), name, n)
            for day, clicks in days.items():
                for kind, own in clicks.items():
                    for name, n in own.items():
                        pipe.hincrby(names.clicks(day), KINDS[kind] + name, n)
                pipe.expire(names.clicks(day), ARTICLE_DAYS_KEPT * DAY_SECONDS, nx=True)
            pipe.execute()

    def read(self, slug: str, days: Sequence[str]) -> tuple[Sums, int]:
        """Return the sum of days, and how many clicks may be missing, in one round trip."""
        names, sums = SiteKeys(self._prefix, slug), Sums()
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.hgetall(names.clicks(day))
            pipe.hmget(names.ignored, [f"{CLICK_LOST}:{day}" for day in days])
            *rows, lost = pipe.execute()
        for row in rows:
            for field, n in row.items():
                text = text_of(field)
                place = _KINDS[text[0]], text[1:]
                sums[place] = sums.get(place, 0) + int(n)
        return sums, sum(int(n or 0) for n in lost)

"""Views, visits and who is online: `lua/record_views.lua`, and reads of the same numbers."""

from collections.abc import Sequence
from typing import Any

import msgspec

from stats_service.errors import UnknownSiteError
from stats_service.models.periods import Periods
from stats_service.models.polls import PollTally
from stats_service.models.sites import Site
from stats_service.models.traffic import (
    Record,
    StoredArticle,
    StoredCounts,
    StoredTotals,
    ViewCommand,
    ViewResult,
)
from stats_service.store.connection import RedisClient, store_errors
from stats_service.store.histograms import histogram
from stats_service.store.keys import (
    ADDRESS_BUCKET_SECONDS,
    HIT_BUCKET_SECONDS,
    SiteKeys,
    poll_keys,
    record_views_keys,
)
from stats_service.store.polls import poll_tally
from stats_service.store.scripts import load_script

#: Stands for an id where there is none.
NO_ID = bytes(8)

RECORD_VIEWS = load_script("record_views")
REPLAY_VIEWS = load_script("replay_guard", "record_views")

_packed = msgspec.msgpack.Encoder().encode
_unpacked = msgspec.msgpack.Decoder().decode


class TrafficStore:
    """The traffic of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def record_views(
        self, site: Site, periods: Periods, now: float, commands: Sequence[ViewCommand]
    ) -> tuple[StoredCounts, list[ViewResult]]:
        """Record `commands`, all of the moment `now` (seconds), in one round trip.

        Raises:
            UnknownSiteError: the site was removed meanwhile; nothing was recorded.
            StoreUnavailableError: nothing was acknowledged. The hit ids make a repeat safe.
        """
        keys, args = record_views_call(self._prefix, site, periods, now, commands)
        with store_errors():
            reply = RECORD_VIEWS.run(self._client, keys, args)
        return record_views_reply(site, commands, reply)

    def replay_views(
        self, site: Site, periods: Periods, then: float, commands: Sequence[ViewCommand], batch: str
    ) -> None:
        """Record kept views of the moment `then` (seconds), unless this batch was before.

        Raises:
            UnknownSiteError: the site was removed meanwhile; nothing was recorded.
            StoreUnavailableError: nothing was acknowledged. A repeat with the same `batch` is safe.
        """
        keys, args = record_views_call(self._prefix, site, periods, then, commands)
        marker = SiteKeys(self._prefix, site.slug).replayed(batch)
        with store_errors():
            if REPLAY_VIEWS.run(self._client, (*keys, marker), args) is None:
                raise UnknownSiteError(site.slug)

    def counts(self, site: Site, periods: Periods, now: float) -> StoredCounts:
        """Read the numbers of a site without recording anything."""
        return self.record_views(site, periods, now, ())[0]

    def articles(self, site: Site, periods: Periods, keys: Sequence[str]) -> list[StoredArticle]:
        """Read the views of `keys`, in their order; one that was never viewed has 0."""
        if not keys:
            return []
        names = SiteKeys(self._prefix, site.slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.zmscore(names.articles, list(keys))
            pipe.zmscore(names.day_articles(periods.day), list(keys))
            pipe.hmget(names.opening, list(keys))
            totals, todays, openings = pipe.execute()
        return [
            StoredArticle(int(total or 0), int(today or 0), int(opening or 0))
            for total, today, opening in zip(totals, todays, openings, strict=True)
        ]

    def count_token(self, slug: str, address: bytes, customer: bytes, now: float) -> list[int]:
        """Count a voter's token for its address and /48 (empty: none), as `record_views` does.

        Returns:
            How many each has had in this half hour; 0 for one that is empty.
        """
        key = SiteKeys(self._prefix, slug).addresses(int(now // ADDRESS_BUCKET_SECONDS))
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for name in (address, customer):
                pipe.hincrby(key, b"t" + name, 1 if name else 0)
            pipe.expire(key, ADDRESS_BUCKET_SECONDS * 2, nx=True)
            return [int(number) for number in pipe.execute()[:2]]

    def set_opening(self, site: Site, article: str, views: int) -> int:
        """Set the views that an article had before it came here; return what was set before.

        0 removes the balance.
        """
        key = SiteKeys(self._prefix, site.slug).opening
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.hget(key, article)
            if views:
                pipe.hset(key, article, views)
            else:
                pipe.hdel(key, article)
            return int(pipe.execute()[0] or 0)


def record_views_call(
    prefix: str, site: Site, periods: Periods, now: float, commands: Sequence[ViewCommand]
) -> tuple[Sequence[str], tuple[bytes, bytes, bytes]]:
    """Return the KEYS and ARGV of `record_views.lua`; its header documents them."""
    keys = record_views_keys(
        prefix,
        site.slug,
        periods.day,
        int(now // HIT_BUCKET_SECONDS),
        int(now // ADDRESS_BUCKET_SECONDS),
    )
    polls = wanted_polls(commands)
    if polls:
        for poll in polls:
            keys += poll_keys(prefix, site.slug, poll)
    head = (
        int(now * 1000),
        periods.day,
        periods.yesterday,
        periods.week,
        periods.month,
        periods.year,
        periods.hour,
        site.article_cap,
        site.identity_cap,
        site.view_ceiling,
        site.token_ceiling,
    )
    views: list[tuple[Any, ...]] = []
    ids: list[bytes] = []
    for command in commands:
        views.append(
            (
                command.kind,
                command.article,
                command.rated,
                polls[command.poll.id] if command.poll else 0,
                command.mint,
                command.listed,
            )
        )
        ids += (
            command.hit or NO_ID,
            command.visitor or NO_ID,
            command.visitor_before or NO_ID,
            command.address or NO_ID,
            command.voter or NO_ID,
            command.customer or NO_ID,
        )
    return keys, (_packed(head), _packed(views), b"".join(ids))


def wanted_polls(commands: Sequence[ViewCommand]) -> dict[str, int]:
    """Return the polls that views want, by id, with the number under which Lua knows them."""
    polls: dict[str, int] = {}
    for command in commands:
        if command.poll is not None:
            polls.setdefault(command.poll.id, len(polls) + 1)
    return polls


def record_views_reply(
    site: Site, commands: Sequence[ViewCommand], reply: Any
) -> tuple[StoredCounts, list[ViewResult]]:
    """Return what `record_views.lua` answered: the site's numbers, and one result a command.

    Raises:
        UnknownSiteError: the site was removed; nothing was recorded.
    """
    if reply is None:
        raise UnknownSiteError(site.slug)
    online, numbers, tallies, voters, results = _unpacked(reply)
    peak = numbers[16]
    counts = StoredCounts(
        visits=_totals(numbers[0:8]),
        views=_totals(numbers[8:16]),
        online=online,
        peak=(int(peak), int(numbers[17]) / 1000) if peak else None,
    )
    if not tallies and not voters:
        return counts, [_result(result) for result in results]
    # What concerns polls; the views of a poll share its tally.
    numbered = wanted_polls(commands)
    known = [poll_tally(tally) for tally in tallies]
    votes = {number: (voted, burst) for number, voted, burst in voters}
    return counts, [
        _result(
            result,
            known[numbered[command.poll.id] - 1] if command.poll else None,
            *votes.get(at, (False, False)),
        )
        for at, (command, result) in enumerate(zip(commands, results, strict=True), 1)
    ]


def _totals(numbers: Sequence[Any]) -> StoredTotals:
    total, today, yesterday, week, month, year, record, record_day = numbers
    return StoredTotals(
        int(total or 0),
        int(today or 0),
        int(yesterday or 0),
        int(week or 0),
        int(month or 0),
        int(year or 0),
        Record(int(record), record_day) if record else None,
    )


def _result(
    result: Sequence[Any],
    tally: PollTally | None = None,
    voted: bool = False,
    burst: bool = False,
) -> ViewResult:
    size = len(result)
    return ViewResult(
        result[0],
        result[1],
        _article(result[2:6]) if size > 2 else None,
        tuple([_article(result[at : at + 4]) for at in range(6, size, 4)]) if size > 6 else (),
        tally,
        voted,
        burst,
    )


def _article(fields: Sequence[Any]) -> StoredArticle:
    total, today, opening, ratings = fields
    return StoredArticle(
        int(total or 0),
        int(today or 0),
        int(opening or 0),
        histogram(ratings),
    )

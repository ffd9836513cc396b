"""The numbers of many sites at once, in a fixed number of round trips."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from stats_service.models.polls import Poll, PollSummary
from stats_service.models.traffic.article_changes import ParameterFinding
from stats_service.models.traffic.history import StoredHistory
from stats_service.store.keys import SiteKeys
from stats_service.store.polls.polls import poll_summaries
from stats_service.store.redis.client import RedisClient, store_errors
from stats_service.store.traffic.history import hour_fields, stored_numbers
from stats_service.store.traffic.parameters import decoded_findings

_decoder = msgspec.json.Decoder(Poll)


class OverviewQuery(NamedTuple):
    """What to read of one site."""

    slug: str
    #: Fields of `counts` and `ignored`, and days with hours to read.
    counts: Sequence[str]
    ignored: Sequence[str]
    hours: Sequence[str]
    #: Visitors seen between these moments (seconds) are online.
    online: tuple[float, float]


class StoredOverview(NamedTuple):
    """The data of one site in Redis."""

    history: StoredHistory
    online: int
    #: Number of articles that are stored by name.
    articles: int
    polls: list[Poll]
    parameters: tuple[ParameterFinding, ...]
    #: Groups of held ratings.
    ratings_held: int


class OverviewStore:
    """The sites of one installation, many at a time."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def read(self, queries: Sequence[OverviewQuery]) -> list[StoredOverview]:
        """Return the data of each site, in the order of `queries`."""
        if not queries:
            return []
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for query in queries:
                names = SiteKeys(self._prefix, query.slug)
                pipe.hmget(names.counts, query.counts)
                pipe.hmget(names.ignored, query.ignored)
                pipe.zcount(names.online, *(int(moment * 1000) for moment in query.online))
                pipe.zcard(names.articles)
                pipe.hvals(names.polls)
                pipe.get(names.parameters)
                pipe.hlen(names.ratings_held)
                for day in query.hours:
                    pipe.hgetall(names.hours(day))
            replies = iter(pipe.execute())
        found = []
        for query in queries:
            counts, ignored = next(replies), next(replies)
            online, articles, polls = next(replies), next(replies), next(replies)
            parameters, held = decoded_findings(next(replies)), next(replies)
            history = StoredHistory(
                stored_numbers(query.counts, counts),
                {day: hour_fields(next(replies)) for day in query.hours},
                stored_numbers(query.ignored, ignored),
            )
            decoded = [_decoder.decode(poll) for poll in polls]
            found.append(
                StoredOverview(history, int(online), int(articles), decoded, parameters, int(held))
            )
        return found

    def summaries(self, polls: Sequence[tuple[str, str]]) -> list[PollSummary]:
        """Return what waits for a decision in polls, given by slug and id."""
        return poll_summaries(self._client, self._prefix, polls)

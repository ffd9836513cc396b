"""Other counters' numbers, added part by part, each part once."""

import re
from typing import Any

import msgspec

from stats_service.errors import ConflictError, UnknownSiteError
from stats_service.models.legacy import DayPart, ImportedFile, Largest, OpeningPart
from stats_service.models.periods import Periods
from stats_service.models.polls import Poll, PollTally
from stats_service.models.sites import Site, stored_site
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, bytes_of, store_errors
from stats_service.store.redis.scripts import load_script
from stats_service.store.site_writes import write_to_site

ADD_LEGACY_DAY = load_script("portability/add_legacy_day")
ADD_LEGACY_POLL = load_script("portability/add_legacy_poll")
ADD_LEGACY_OPENINGS = load_script("portability/add_legacy_openings")

_DAY = re.compile(rb"views:(\d{4}-\d{2}-\d{2})")


class LegacyStore:
    """The imported files of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def file(self, slug: str, digest: str) -> ImportedFile | None:
        """Return what is known of an imported file."""
        with store_errors():
            document = self._client.hget(SiteKeys(self._prefix, slug).legacy, digest)
        return msgspec.json.decode(document, type=ImportedFile) if document else None

    def files(self, slug: str) -> list[ImportedFile]:
        """Return every imported file, oldest first."""
        with store_errors():
            values = self._client.hgetall(SiteKeys(self._prefix, slug).legacy)
        files = [
            msgspec.json.decode(document, type=ImportedFile)
            for document in values.values()
            if bytes_of(document).startswith(b"{")
        ]
        return sorted(files, key=lambda file: file.at)

    def set_file(self, slug: str, digest: str, file: ImportedFile, parts: int = 0) -> None:
        """Remember a file; one that is complete needs the marks of its `parts` no more."""
        names = SiteKeys(self._prefix, slug)
        key, document = names.legacy, msgspec.json.encode(file)
        if write_to_site(self._client, names, key, "HSET", digest, document) is None:
            raise UnknownSiteError(slug)
        if not parts:
            return
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for first in range(0, parts, 1000):
                marks = range(first, min(first + 1000, parts))
                pipe.hdel(key, *(f"{digest}:{part}" for part in marks))
            pipe.execute()

    def first_live_day(self, slug: str) -> str:
        """Return the first day with views that no import brought, or an empty text."""
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            imported = {name: int(n) for name, n in self._days(names.legacy)}
            live = [name for name, n in self._days(names.counts) if int(n) > imported.get(name, 0)]
        return min(live, default="")

    def largest(self, slug: str) -> Largest:
        """Return the numbers of a site that are the first to become too large."""
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            views, visits = self._client.hmget(names.counts, "views", "visits")
            first = self._client.zrange(names.articles, 0, 0, desc=True, withscores=True)
            openings = self._client.hscan_iter(names.opening, count=1000)
            return Largest(
                views=int(views or 0),
                visits=int(visits or 0),
                article_views=int(first[0][1]) if first else 0,
                article_opening=max((int(number) for _, number in openings), default=0),
            )

    def add_day(
        self, site: Site, mark: str, part: DayPart, periods: Periods, lives: tuple[int, int]
    ) -> None:
        """Add a part of a day, unless that was done before.

        Args:
            site: where to.
            mark: digest of the file and number of the part.
            part: what to add.
            periods: the spans that hold the day.
            lives: seconds that the day's hours and articles are still kept; 0: too old.
        """
        names = SiteKeys(self._prefix, site.slug)
        keys = [
            names.alive(site.birth),
            names.legacy,
            names.counts,
            names.hours(part.day),
            names.articles,
        ]
        keys += (names.day_articles(part.day), names.month_articles(periods.month))
        args: list[Any] = [mark, part.day, periods.week, periods.month, periods.year]
        args += [part.views, part.visits, site.article_cap, *lives, len(part.hours)]
        for hour, (views, visits) in part.hours.items():
            args += (hour, views, visits)
        for article, views in part.articles.items():
            args += (article, views)
        with store_errors():
            outcome = ADD_LEGACY_DAY.run(self._client, keys, args)
        if outcome < 0:
            raise UnknownSiteError(site.slug)

    def add_opening(self, site: Site, mark: str, part: OpeningPart) -> None:
        """Add a part to the opening balances of `site`, unless that was done before."""
        names = SiteKeys(self._prefix, site.slug)
        keys = [names.site, names.legacy, names.opening, names.ratings]
        with store_errors():
            before = self._client.get(names.site)
            if before is None:
                raise UnknownSiteError(site.slug)
            after: bytes | str = ""
            if part.views or part.visits:
                known = stored_site(before)
                after = msgspec.json.encode(
                    msgspec.structs.replace(
                        known,
                        opening_views=known.opening_views + part.views,
                        opening_visits=known.opening_visits + part.visits,
                    )
                )
            args: list[Any] = [mark, before, after, len(part.articles)]
            for article, views in part.articles.items():
                args += (article, views)
            for article, counts in part.ratings.items():
                args += (article, ",".join(map(str, counts)))
            outcome = ADD_LEGACY_OPENINGS.run(self._client, keys, args)
        if outcome < 0:
            raise ConflictError(
                f"The settings of {site.slug!r} were changed meanwhile. Import the file again: "
                "what is in already is not added twice."
            )

    def number_of_polls(self, slug: str) -> int:
        """Return how many polls a site has."""
        with store_errors():
            return int(self._client.hlen(SiteKeys(self._prefix, slug).polls))

    def has_poll(self, slug: str, poll: str) -> bool:
        """Tell whether there is a poll of an id."""
        with store_errors():
            return bool(self._client.hexists(SiteKeys(self._prefix, slug).polls, poll))

    def add_poll(self, slug: str, poll: Poll, tally: PollTally) -> bool:
        """Add a poll with its result; False, and nothing changed, if there is one of its id."""
        names = SiteKeys(self._prefix, slug)
        keys = [names.site, names.polls, names.poll_revisions, names.poll(poll.id, "tally")]
        args: list[Any] = [poll.id, msgspec.json.encode(poll), "ballots", tally.ballots]
        for choice, votes in tally.votes.items():
            args += (f"c:{choice}", votes)
        with store_errors():
            outcome = ADD_LEGACY_POLL.run(self._client, keys, args)
        if outcome < 0:
            raise UnknownSiteError(slug)
        return bool(outcome)

    def _days(self, key: str) -> list[tuple[str, Any]]:
        return [
            (match[1].decode(), value)
            for field, value in self._client.hscan_iter(key, count=1000)
            if (match := _DAY.fullmatch(field))
        ]

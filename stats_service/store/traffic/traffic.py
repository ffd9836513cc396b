"""Views, visits and who is online: `lua/record_views.lua`, and reads of the same numbers."""

import re
from collections.abc import Iterator, Sequence

from stats_service.errors import UnknownSiteError
from stats_service.models.audit import AuditEntry
from stats_service.models.sites import Site
from stats_service.models.traffic.periods import Periods
from stats_service.models.traffic.views import StoredArticle, StoredCounts, ViewCommand, ViewResult
from stats_service.store.accounts.audit import packed_entry
from stats_service.store.keys import ADDRESS_BUCKET_SECONDS, SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script
from stats_service.store.site_writes import write_to_site
from stats_service.store.traffic.day_names import day_name
from stats_service.store.traffic.view_batch import ViewBatch

RECORD_VIEWS = load_script("traffic/count_readers", "traffic/record_views")
SET_OPENING = load_script("accounts/audit_entry", "traffic/set_opening")
CORRECT_RECORDS = load_script("accounts/audit_entry", "traffic/correct_records")
REPLAY_VIEWS = load_script(
    "traffic/replay_guard", "traffic/count_readers", "traffic/record_views", "traffic/replay_mark"
)

#: Reply of `set_opening.lua` if the site no longer exists.
_NO_SITE = -1
#: The numbers counted for each day.
METRICS = ("visits", "views")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class TrafficStore:
    """The traffic of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def record_views(
        self, site: Site, periods: Periods, now: float, commands: Sequence[ViewCommand]
    ) -> tuple[StoredCounts, list[ViewResult]]:
        """Record `commands` at the time `now` (seconds) in one round trip.

        Raises:
            UnknownSiteError: the site was removed meanwhile; nothing was recorded.
            StoreUnavailableError: Redis did not acknowledge. The hit ids make a retry safe.
        """
        batch = ViewBatch(self._prefix, site, periods, now, commands)
        with store_errors():
            reply = RECORD_VIEWS.run(self._client, batch.keys, batch.args)
        counts, results = batch.results(reply)
        whole: list[ViewResult] = []
        for result in results:
            if isinstance(result, Exception):
                raise result
            whole.append(result)
        return counts, whole

    def replay_views(
        self, site: Site, periods: Periods, then: float, commands: Sequence[ViewCommand], batch: str
    ) -> None:
        """Record spooled views at the time `then` (seconds), unless this batch is recorded already.

        Raises:
            UnknownSiteError: the site was removed meanwhile; nothing was recorded.
            StoreUnavailableError: Redis did not acknowledge. A retry with the same `batch` is safe.
        """
        views = ViewBatch(self._prefix, site, periods, then, commands)
        marker = SiteKeys(self._prefix, site.slug).replayed(batch)
        with store_errors():
            if REPLAY_VIEWS.run(self._client, (*views.keys, marker), views.args) is None:
                raise UnknownSiteError(site.slug)

    def counts(self, site: Site, periods: Periods, now: float) -> StoredCounts:
        """Read the numbers of a site without recording anything."""
        return self.record_views(site, periods, now, ())[0]

    def articles(self, site: Site, periods: Periods, keys: Sequence[str]) -> list[StoredArticle]:
        """Read the views of `keys`, in their order.

        An article without views has 0, or None if the site has no room for more articles.
        """
        if not keys:
            return []
        names = SiteKeys(self._prefix, site.slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.zmscore(names.articles, list(keys))
            pipe.zmscore(names.day_articles(periods.day), list(map(day_name, keys)))
            pipe.hmget(names.opening, list(keys))
            pipe.zcard(names.articles)
            totals, todays, openings, number = pipe.execute()
        full = number >= site.article_cap
        return [
            # Some articles had views but no room for their keys.
            StoredArticle(None, None, int(opening or 0))
            if full and not total
            else StoredArticle(int(total or 0), int(today or 0), int(opening or 0))
            for total, today, opening in zip(totals, todays, openings, strict=True)
        ]

    def count_token(self, slug: str, address: bytes, ipv6_48: bytes, now: float) -> list[int]:
        """Count a voter token for its address and /48 (empty: none), as `record_views` does.

        Returns:
            The number of tokens of each in this half hour; 0 for an empty one.
        """
        names = SiteKeys(self._prefix, slug)
        key = names.addresses(int(now // ADDRESS_BUCKET_SECONDS))
        seconds = ADDRESS_BUCKET_SECONDS * 2

        def counted(field: bytes) -> int:
            command = ("HINCRBY", field, 1)
            return int(write_to_site(self._client, names, key, *command, seconds=seconds) or 0)

        return [counted(b"t" + name) if name else 0 for name in (address, ipv6_48)]

    def days(self, slug: str, metric: str) -> dict[str, int]:
        """Return the daily numbers of `metric` (one of `METRICS`), by ISO day."""
        key, begin = SiteKeys(self._prefix, slug).counts, f"{metric}:"
        with store_errors():
            found = self._client.hgetall(key)
        named = ((text_of(name).removeprefix(begin), text_of(name), n) for name, n in found.items())
        return {day: int(n) for day, name, n in named if name != day and _DAY.fullmatch(day)}

    def correct_records(self, slug: str, fields: dict[str, str], entry: AuditEntry) -> bool:
        """Set fields of `counts`; "" deletes a field. Return whether any field changed.

        The changes are filled into `entry`, which is recorded if there are any.
        """
        names = SiteKeys(self._prefix, slug)
        args = [packed_entry(entry), *(text for field in fields.items() for text in field)]
        with store_errors():
            return bool(CORRECT_RECORDS.run(self._client, [names.counts, names.audit], args))

    def openings(self, slug: str) -> Iterator[tuple[str, int]]:
        """Yield every article with a balance, and the balance, in no order."""
        with store_errors():
            for key, views in self._client.hscan_iter(
                SiteKeys(self._prefix, slug).opening, count=1000
            ):
                yield text_of(key), int(views)

    def opening(self, site: Site, article: str) -> int:
        """Return the opening balance of an article."""
        with store_errors():
            found = self._client.hget(SiteKeys(self._prefix, site.slug).opening, article)
        return int(found or 0)

    def set_opening(
        self,
        site: Site,
        article: str,
        views: int,
        entry: AuditEntry,
        standing: int | None = None,
    ) -> int | None:
        """Set the opening balance of an article; return the previous one.

        0 removes the balance. The previous balance is filled into `entry`, which is recorded if
        the balance changed. If `standing` is given and the previous balance differs, nothing is
        written and the result is None.

        Raises:
            UnknownSiteError: the site was erased meanwhile.
        """
        names = SiteKeys(self._prefix, site.slug)
        args = (article, views, packed_entry(entry), "" if standing is None else standing)
        keys = [names.opening, names.audit, names.alive(site.birth)]
        with store_errors():
            before = int(SET_OPENING.run(self._client, keys, args))
        if before == _NO_SITE:
            raise UnknownSiteError(site.slug)
        return before if before >= 0 else None

"""Views, visits and who is online: `lua/record_views.lua`, and reads of the same numbers."""

from collections.abc import Sequence

from stats_service.errors import UnknownSiteError
from stats_service.models.audit import AuditEntry
from stats_service.models.periods import Periods
from stats_service.models.sites import Site
from stats_service.models.traffic import StoredArticle, StoredCounts, ViewCommand, ViewResult
from stats_service.store.accounts.audit import packed_entry
from stats_service.store.keys import ADDRESS_BUCKET_SECONDS, SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors
from stats_service.store.redis.scripts import load_script
from stats_service.store.traffic.view_batch import ViewBatch

RECORD_VIEWS = load_script("traffic/record_views")
SET_OPENING = load_script("accounts/audit_entry", "traffic/set_opening")
REPLAY_VIEWS = load_script("traffic/replay_guard", "traffic/record_views")


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
        batch = ViewBatch(self._prefix, site, periods, now, commands)
        with store_errors():
            reply = RECORD_VIEWS.run(self._client, batch.keys, batch.args)
        return batch.results(reply)

    def replay_views(
        self, site: Site, periods: Periods, then: float, commands: Sequence[ViewCommand], batch: str
    ) -> None:
        """Record kept views of the moment `then` (seconds), unless this batch was before.

        Raises:
            UnknownSiteError: the site was removed meanwhile; nothing was recorded.
            StoreUnavailableError: nothing was acknowledged. A repeat with the same `batch` is safe.
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

    def set_opening(self, site: Site, article: str, views: int, entry: AuditEntry) -> int:
        """Set the views that an article had before it came here; return what was set before.

        0 removes the balance. What was set before is filled into `entry`, which is recorded unless
        it is the same.
        """
        names = SiteKeys(self._prefix, site.slug)
        args = (article, views, packed_entry(entry))
        with store_errors():
            return int(SET_OPENING.run(self._client, [names.opening, names.audit], args))

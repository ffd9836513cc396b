"""What a worker knows of the sites, so that a request need not read them anew."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from stats_service.errors import SiteLostError, StoreUnavailableError, UnknownSiteError
from stats_service.models.sites import Site
from stats_service.models.traffic import VISIT_GAP_SECONDS
from stats_service.services.periods import QUARTER_SECONDS, periods_at
from stats_service.services.polls.presentation import SitePolls
from stats_service.services.sites.sites import SLUG
from stats_service.services.visitors.identities import DayKey
from stats_service.services.visitors.voters import Voters
from stats_service.store.polls.polls import PollStore
from stats_service.store.sites.copies import SiteCopies
from stats_service.store.sites.sites import SiteStore, StoredSite


@dataclass(frozen=True)
class SiteEntry:
    """A site as one worker knows it: settings, and the keys of today's pseudonyms."""

    site: Site
    #: By day: today, and yesterday in the first half hour after midnight.
    day_keys: dict[str, DayKey]
    loaded_at: float
    polls: SitePolls
    voters: Voters

    def day_keys_at(self, now: float) -> tuple[DayKey, DayKey | None]:
        """Return the key of today, and that of yesterday while a visit may span midnight.

        Raises:
            StoreUnavailableError: the site is as it was before Redis went away, and its day ended.
        """
        today, *before = _days(self.site, now)
        if today not in self.day_keys:  # midnight passed while Redis, which has the salt, was away
            raise StoreUnavailableError(
                "Redis did not answer. Nothing was stored; try again shortly."
            )
        return self.day_keys[today], self.day_keys.get(before[0]) if before else None

    def knows_day(self, now: float) -> bool:
        """Tell whether pseudonyms of today can be made at all."""
        return _days(self.site, now)[0] in self.day_keys

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The hosts whose pages may count."""
        return frozenset(self.site.hosts)


class SiteDirectory:
    """The sites that a worker has seen lately, so that a page view does not read them anew.

    A changed setting reaches every worker within `cache_seconds`. That there is no such site is
    never remembered: no view of a site may be refused once it has been added.
    """

    def __init__(
        self,
        store: SiteStore,
        polls: PollStore,
        voters: Voters,
        secret: str,
        cache_seconds: float,
        copies: SiteCopies | None = None,
        is_lost: Callable[[str], bool] = lambda _: False,
        is_foreign: Callable[[], bool] = lambda: False,
    ) -> None:
        self._copies = copies
        #: Tells of a site that was here and that Redis does not know whether it was lost.
        self._is_lost = is_lost
        #: Tells whether Redis was taken by another installation, which may have a site of the name.
        self._is_foreign = is_foreign
        self._store = store
        self._polls = polls
        self._secret = secret
        self._voters = voters
        self._cache_seconds = cache_seconds
        self._entries: dict[str, SiteEntry] = {}

    def entry(self, slug: str, now: float) -> SiteEntry:
        """Return the site at the moment `now` (seconds), from Redis if need be.

        Raises:
            UnknownSiteError: there is no such site.
            StoreUnavailableError: Redis cannot be asked, and this worker has not seen the site; or
                Redis has lost it, and nothing of the site is known (`SiteLostError`).
        """
        try:
            return self.cached(slug, now) or self.load(slug, now)
        except StoreUnavailableError:
            entry = self.stale(slug)
            if entry is None:
                raise
            return entry

    def cached(self, slug: str, now: float) -> SiteEntry | None:
        """Return the site if this worker knows it well enough, without asking Redis."""
        entry = self._entries.get(slug)
        if entry is None:
            return None
        fresh = 0 <= now - entry.loaded_at < self._cache_seconds
        return entry if fresh and entry.knows_day(now) else None

    def ageing(self, entry: SiteEntry, now: float) -> bool:
        """Tell whether to read the site again soon, so that no request has to wait for it."""
        return now - entry.loaded_at >= self._cache_seconds / 2

    def stale(self, slug: str) -> SiteEntry | None:
        """Return the site as it was when Redis could last be asked, however long ago.

        A worker that was started since has the copy on the disk, without polls or pseudonyms.
        """
        entry = self._entries.get(slug)
        if entry is None and self._copies and SLUG.fullmatch(slug):
            site = self._copies.get(slug)
            if site is not None:
                entry = self._entries[slug] = SiteEntry(site, {}, 0.0, SitePolls(), self._voters)
        return entry

    def seen(self, slug: str) -> bool:
        """Tell whether this worker knows the site, freshly or not."""
        return slug in self._entries

    def load(self, slug: str, now: float) -> SiteEntry:
        """Return the site as Redis has it now, and remember it; errors as `entry`."""
        if not SLUG.fullmatch(slug):
            raise UnknownSiteError(slug)
        known = self._entries.get(slug)
        site = known.site if known else self._store.get(slug)
        stored = None
        if site is not None:
            day, *others = _days(site, now)
            stored = self._store.load(slug, day, others)
            if stored is not None and stored.site.timezone != site.timezone:
                day, *others = _days(stored.site, now)
                stored = self._store.load(slug, day, others)
        was_here = known.site if known else self._copies and self._copies.get(slug)
        if was_here and stored and stored.site.birth != was_here.birth and self._is_foreign():
            raise SiteLostError(slug)
        if stored is None:
            if was_here and self._is_lost(slug):
                raise SiteLostError(slug)
            self._entries.pop(slug, None)
            if self._copies:
                self._copies.remove(slug)
            raise UnknownSiteError(slug)
        keys = {
            name: DayKey.derive(self._secret, slug, name, salt)
            for name, salt in stored.salts.items()
        }
        same = known is not None and known.site.birth == stored.site.birth
        polls = self._current_polls(stored, known.polls if known and same else None)
        entry = SiteEntry(stored.site, keys, now, polls, self._voters)
        self._entries[slug] = entry
        if self._copies and (known is None or known.site != stored.site):
            self._copies.save(stored.site)
        return entry

    def again(self, entry: SiteEntry, now: float) -> SiteEntry:
        """Return the site that is there now, of which Redis has just said that it is not.

        It was erased and added again, or was away for a moment.

        Raises:
            UnknownSiteError: it was erased.
            StoreUnavailableError: Redis has lost it (`SiteLostError`), or cannot be asked.
        """
        fresh = self.load(entry.site.slug, now)
        if fresh.site.birth == entry.site.birth:
            self._is_lost(entry.site.slug)  # the key of its birth alone may be gone: it is made
        return fresh

    def _current_polls(self, stored: StoredSite, known: SitePolls | None) -> SitePolls:
        """Return the site's polls, read anew only if one of them has changed."""
        if known is None or known.revision != stored.polls_revision:
            polls = self._polls.all(stored.site.slug) if stored.polls_revision else ()
            by_id = {poll.id: poll for poll in polls}
            return SitePolls(stored.polls_revision, by_id, stored.site.poll)
        if known.pinned != stored.site.poll:
            return replace(known, pinned=stored.site.poll)
        return known


def _days(site: Site, now: float) -> tuple[str, ...]:
    """Return today, and yesterday if a visit of half an hour ago may have begun then."""
    return _days_of_quarter(int(now // QUARTER_SECONDS), site.timezone)


@lru_cache(maxsize=4096)
def _days_of_quarter(number: int, timezone: str) -> tuple[str, ...]:
    begin = number * QUARTER_SECONDS
    today = periods_at(begin, timezone).day
    before = periods_at(begin - VISIT_GAP_SECONDS, timezone).day
    return (today,) if before == today else (today, before)

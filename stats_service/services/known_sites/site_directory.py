"""The site cache of a worker, so that a request need not read the site from Redis."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from stats_service.errors import SiteLostError, StoreUnavailableError, UnknownSiteError
from stats_service.models.sites import Site
from stats_service.models.traffic.article_changes import Aliases
from stats_service.models.traffic.views import VISIT_GAP_SECONDS
from stats_service.services.articles.canonical_links import (
    counted_key,
    left_out_names,
    without_left_out,
)
from stats_service.services.articles.keys import canonical_article
from stats_service.services.articles.watch import ParameterWatch
from stats_service.services.periods import QUARTER_SECONDS, periods_at
from stats_service.services.polls.presentation import SitePolls
from stats_service.services.sites.sites import SLUG
from stats_service.services.visitors.hosts import origin_host
from stats_service.services.visitors.identities import DayKey
from stats_service.services.visitors.voters import Voters
from stats_service.store.polls.polls import PollStore
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.sites.copies import SiteCopies
from stats_service.store.sites.sites import SiteStore, StoredSite

#: The aliases of nearly every site: none.
NO_ALIASES = Aliases()
#: Names of parameters of a site that a worker remembers canonical links to leave out.
LEFT_OUT_MAX = 20


@dataclass(frozen=True)
class SiteEntry:
    """A cached site: settings, and the keys of today's pseudonyms."""

    site: Site
    #: By day: today, and yesterday in the first half hour after midnight.
    day_keys: dict[str, DayKey]
    loaded_at: float
    polls: SitePolls
    voters: Voters
    #: Aliases: keys that stand for other articles.
    aliases: Aliases = NO_ALIASES
    #: One object for as long as the worker caches the site.
    watch: ParameterWatch = field(default_factory=ParameterWatch)

    def day_keys_at(self, now: float) -> tuple[DayKey, DayKey | None]:
        """Return the key of today, and that of yesterday while a visit may span midnight.

        Raises:
            StoreUnavailableError: the entry is stale, and its day has ended.
        """
        known = self.known_keys_at(now)
        if known is None:  # midnight passed while Redis, which has the salt, was down
            raise StoreUnavailableError(
                "Redis did not answer. Nothing was stored; try again shortly."
            )
        return known

    def known_keys_at(self, now: float) -> tuple[DayKey, DayKey | None] | None:
        """Return the same; None if the salt of today is unknown."""
        days = _days(self.site, now)
        today = self.day_keys.get(days[0])
        if today is None:
            return None
        return today, self.day_keys.get(days[1]) if len(days) > 1 else None

    def knows_day(self, now: float) -> bool:
        """Return whether the salt of today is known, so that pseudonyms can be derived."""
        return _days(self.site, now)[0] in self.day_keys

    def article_key(self, text: str) -> str:
        """Return the key of the article that `text` names; errors as `canonical_article`.

        If the article was merged or renamed, this is the key of the other article.
        """
        key = canonical_article(text, self.site.article_parameters)
        return self.aliases.targets.get(key, key)

    def counted_key(self, key: str, canonical: str) -> str:
        """Return the key of a page that names its canonical address; `key` is its own address's."""
        host = origin_host(canonical)
        if host is None or not {host, f"www.{host}", host.removeprefix("www.")} & self.hosts:
            return key
        found = counted_key(key, canonical, self.site.article_parameters)
        if found != key and len(self.watch.left_out) < LEFT_OUT_MAX:
            self.watch.left_out |= left_out_names(key, found)
        return self.aliases.targets.get(found, found)

    def listed_key(self, text: str) -> str:
        """Return the key of an article that a list or a widget names; errors as `article_key`.

        What canonical links of the site leave out of addresses is left out here as well, once this
        worker has met with one.
        """
        key = self.article_key(text)
        if "?" not in key or not self.watch.left_out:
            return key
        found = without_left_out(key, self.watch.left_out, self.site.article_parameters)
        return self.aliases.targets.get(found, found)

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The hosts whose pages may count."""
        return frozenset(self.site.hosts)


class SiteDirectory:
    """The cache of the sites that a worker has read lately.

    A changed setting reaches every worker within `cache_seconds`. A missing site is never cached:
    once a site has been added, none of its views may be refused.
    """

    def __init__(
        self,
        store: SiteStore,
        polls: PollStore,
        aliases: AliasStore,
        voters: Voters,
        secret: str,
        cache_seconds: float,
        copies: SiteCopies | None = None,
        is_lost: Callable[[str], bool] = lambda _: False,
        is_foreign: Callable[[], bool] = lambda: False,
    ) -> None:
        self._copies = copies
        #: Returns whether a site that Redis does not know was lost.
        self._is_lost = is_lost
        #: Returns whether another installation claimed Redis, which may have a site of this name.
        self._is_foreign = is_foreign
        self._store = store
        self._polls = polls
        self._aliases = aliases
        self._secret = secret
        self._voters = voters
        self._cache_seconds = cache_seconds
        self._entries: dict[str, SiteEntry] = {}

    def entry(self, slug: str, now: float) -> SiteEntry:
        """Return the site at the moment `now` (seconds), from Redis if necessary.

        Raises:
            UnknownSiteError: the site does not exist.
            StoreUnavailableError: Redis does not answer, and this worker has not cached the site;
                or Redis has lost the site, and no copy is left (`SiteLostError`).
        """
        try:
            return self.cached(slug, now) or self.load(slug, now)
        except StoreUnavailableError:
            entry = self.stale(slug)
            if entry is None:
                raise
            return entry

    def cached(self, slug: str, now: float) -> SiteEntry | None:
        """Return the site if its cached entry is fresh, without a call to Redis."""
        entry = self._entries.get(slug)
        if entry is None:
            return None
        fresh = 0 <= now - entry.loaded_at < self._cache_seconds
        return entry if fresh and entry.knows_day(now) else None

    def ageing(self, entry: SiteEntry, now: float) -> bool:
        """Return whether to refresh the entry now, so that no request waits for the read."""
        return now - entry.loaded_at >= self._cache_seconds / 2

    def stale(self, slug: str) -> SiteEntry | None:
        """Return the last known version of the site, however old.

        A worker that was started since uses the copy on disk, without polls and pseudonyms.
        """
        entry = self._entries.get(slug)
        if entry is None and self._copies and SLUG.fullmatch(slug):
            site = self._copies.get(slug)
            if site is not None:
                entry = self._entries[slug] = SiteEntry(site, {}, 0.0, SitePolls(), self._voters)
        return entry

    def seen(self, slug: str) -> bool:
        """Return whether this worker has an entry of the site, fresh or stale."""
        return slug in self._entries

    def load(self, slug: str, now: float) -> SiteEntry:
        """Read the site from Redis, cache it and return it; errors as `entry`."""
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
        aliases = known.aliases if known and same else NO_ALIASES
        if aliases.revision != stored.aliases_revision:
            aliases = self._aliases.read(slug) if stored.aliases_revision else NO_ALIASES
        watch = known.watch if known and same else ParameterWatch()
        entry = SiteEntry(stored.site, keys, now, polls, self._voters, aliases, watch)
        self._entries[slug] = entry
        if self._copies and (known is None or known.site != stored.site):
            self._copies.save(stored.site)
        return entry

    def again(self, entry: SiteEntry, now: float) -> SiteEntry:
        """Read a site again after Redis has reported it missing.

        The site may have been erased and added again, or may have been missing for a moment.

        Raises:
            UnknownSiteError: the site was erased.
            StoreUnavailableError: Redis has lost the site (`SiteLostError`), or does not answer.
        """
        fresh = self.load(entry.site.slug, now)
        if fresh.site.birth == entry.site.birth:
            self._is_lost(entry.site.slug)  # if only the key of its birth is gone, this restores it
        return fresh

    def _current_polls(self, stored: StoredSite, known: SitePolls | None) -> SitePolls:
        """Return the site's polls; read them again only if one has changed."""
        if known is None or known.revision != stored.polls_revision:
            polls = self._polls.all(stored.site.slug) if stored.polls_revision else ()
            by_id = {poll.id: poll for poll in polls}
            return SitePolls(stored.polls_revision, by_id, stored.site.poll)
        if known.pinned != stored.site.poll:
            return replace(known, pinned=stored.site.poll)
        return known


def _days(site: Site, now: float) -> tuple[str, ...]:
    """Return today, and yesterday if a current visit may have begun then."""
    return _days_of_quarter(int(now // QUARTER_SECONDS), site.timezone)


@lru_cache(maxsize=4096)
def _days_of_quarter(number: int, timezone: str) -> tuple[str, ...]:
    begin = number * QUARTER_SECONDS
    today = periods_at(begin, timezone).day
    before = periods_at(begin - VISIT_GAP_SECONDS, timezone).day
    return (today,) if before == today else (today, before)

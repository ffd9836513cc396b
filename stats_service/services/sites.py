"""Sites: the rules of their settings, and the copy that each worker keeps for its requests."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from stats_service.errors import (
    ConflictError,
    InvalidInputError,
    StoreUnavailableError,
    UnknownSiteError,
)
from stats_service.models.sites import Site
from stats_service.models.traffic import VISIT_GAP_SECONDS
from stats_service.services.addresses import canonical_network
from stats_service.services.hosts import canonical_host
from stats_service.services.identities import DayKey
from stats_service.services.periods import QUARTER_SECONDS, periods_at
from stats_service.services.poll_rules import POLL_ID
from stats_service.services.poll_views import SitePolls
from stats_service.services.voters import Voters
from stats_service.store.polls import PollStore
from stats_service.store.site_copies import SiteCopies
from stats_service.store.sites import SiteStore, StoredSite

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
#: Larger balances are typing errors, and Redis' scores are exact up to 2^53.
BALANCE_MAX = 10**12
NAME_MAX = 200

#: Slugs asked for that no site has, kept so that inventing them costs Redis little.
UNKNOWN_KEPT = 1024


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

    A changed setting reaches every worker within `cache_seconds`.
    """

    def __init__(
        self,
        store: SiteStore,
        polls: PollStore,
        voters: Voters,
        secret: str,
        cache_seconds: float,
        copies: SiteCopies | None = None,
    ) -> None:
        self._copies = copies
        self._store = store
        self._polls = polls
        self._secret = secret
        self._voters = voters
        self._cache_seconds = cache_seconds
        self._entries: dict[str, SiteEntry] = {}
        self._unknown: dict[str, float] = {}

    def entry(self, slug: str, now: float) -> SiteEntry:
        """Return the site at the moment `now` (seconds), from Redis if need be.

        Raises:
            UnknownSiteError: there is no such site.
            StoreUnavailableError: Redis cannot be asked, and this worker has not seen the site.
        """
        try:
            return self.cached(slug, now) or self.load(slug, now)
        except StoreUnavailableError:
            entry = self.stale(slug)
            if entry is None:
                raise
            return entry

    def cached(self, slug: str, now: float) -> SiteEntry | None:
        """Return the site if this worker knows it well enough, without asking Redis.

        Raises:
            UnknownSiteError: there was no such site a moment ago.
        """
        entry = self._entries.get(slug)
        if entry is None:
            unknown_since = self._unknown.get(slug)
            if unknown_since is not None and 0 <= now - unknown_since < self._cache_seconds:
                raise UnknownSiteError(slug)
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
        if stored is None:
            self._entries.pop(slug, None)
            if self._copies:
                self._copies.remove(slug)
            self._remember_unknown(slug, now)
            raise UnknownSiteError(slug)
        keys = {
            name: DayKey.derive(self._secret, slug, name, salt)
            for name, salt in stored.salts.items()
        }
        polls = self._current_polls(stored, known.polls if known else None)
        entry = SiteEntry(stored.site, keys, now, polls, self._voters)
        self._entries[slug] = entry
        if self._copies and (known is None or known.site != stored.site):
            self._copies.save(stored.site)
        self._unknown.pop(slug, None)
        return entry

    def _current_polls(self, stored: StoredSite, known: SitePolls | None) -> SitePolls:
        """Return the site's polls, read anew only if one of them has changed."""
        if known is None or known.revision != stored.polls_revision:
            polls = self._polls.all(stored.site.slug) if stored.polls_revision else ()
            by_id = {poll.id: poll for poll in polls}
            return SitePolls(stored.polls_revision, by_id, stored.site.poll)
        if known.pinned != stored.site.poll:
            return replace(known, pinned=stored.site.poll)
        return known

    def _remember_unknown(self, slug: str, now: float) -> None:
        if len(self._unknown) >= UNKNOWN_KEPT:
            self._unknown.clear()
        self._unknown[slug] = now


def _days(site: Site, now: float) -> tuple[str, ...]:
    """Return today, and yesterday if a visit of half an hour ago may have begun then."""
    return _days_of_quarter(int(now // QUARTER_SECONDS), site.timezone)


@lru_cache(maxsize=4096)
def _days_of_quarter(number: int, timezone: str) -> tuple[str, ...]:
    begin = number * QUARTER_SECONDS
    today = periods_at(begin, timezone).day
    before = periods_at(begin - VISIT_GAP_SECONDS, timezone).day
    return (today,) if before == today else (today, before)


class Sites:
    """What an administrator does with sites."""

    def __init__(self, store: SiteStore) -> None:
        self._store = store

    def all(self) -> list[Site]:
        """Return every site, by slug."""
        return self._store.all()

    def get(self, slug: str) -> Site:
        """Return one site; UnknownSiteError if there is none."""
        site = self._store.get(slug) if SLUG.fullmatch(slug) else None
        if site is None:
            raise UnknownSiteError(slug)
        return site

    def add(self, site: Site) -> Site:
        """Store a new site, its settings checked and in canonical form.

        Raises:
            InvalidInputError: naming the setting that cannot be used.
            ConflictError: the slug is taken.
        """
        checked = check_site(site)
        if not self._store.add(checked):
            raise ConflictError(
                f"There is a site {site.slug!r} already. Change it with `stats-service site edit`, "
                "or choose another slug."
            )
        return checked

    def edit(self, slug: str, **changes: Any) -> Site:
        """Change settings of a site; errors as `add`.

        Raises:
            ConflictError: the scale of ratings, once there are any.
        """
        before = self.get(slug)
        changed = check_site(msgspec.structs.replace(before, **changes))
        if changed.rating_scale != before.rating_scale and self._store.has_ratings(slug):
            raise ConflictError(
                f"rating_scale {changed.rating_scale}: articles have been rated from 1 to "
                f"{before.rating_scale}, and these scores would mean something else."
            )
        if not self._store.replace(changed):
            raise UnknownSiteError(slug)
        return changed

    def remove(self, slug: str) -> None:
        """Forget a site and everything about it; UnknownSiteError if there is none."""
        self.get(slug)
        self._store.remove(slug)


def check_site(site: Site) -> Site:
    """Return `site` in canonical form; InvalidInputError names the setting that is wrong."""
    if not SLUG.fullmatch(site.slug):
        raise InvalidInputError(
            f"slug {site.slug!r}: use 1 to 39 lower-case letters, digits or hyphens, beginning "
            "with a letter or digit."
        )
    name = " ".join(site.name.split())
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise InvalidInputError(f"name {site.name!r}: use 1 to {NAME_MAX} printable characters.")
    if not site.hosts:
        raise InvalidInputError("hosts: name at least one host, e.g. kimson.example.vn.")
    if site.headline not in ("visits", "views"):
        raise InvalidInputError(f"headline {site.headline!r}: use 'visits' or 'views'.")
    if site.language not in ("vi", "en"):
        raise InvalidInputError(f"language {site.language[:40]!r}: use 'vi' or 'en'.")
    if not _is_timezone(site.timezone):
        raise InvalidInputError(
            f"timezone {site.timezone!r} is not an IANA time zone; use a name such as "
            "Asia/Ho_Chi_Minh."
        )
    if site.poll and not POLL_ID.fullmatch(site.poll):
        raise InvalidInputError(
            f"poll {site.poll[:80]!r}: use the id of a poll, or nothing for the latest open one."
        )
    _check_range("opening_visits", site.opening_visits, 0, BALANCE_MAX)
    _check_range("opening_views", site.opening_views, 0, BALANCE_MAX)
    _check_range("article_cap", site.article_cap, 1, 10_000_000)
    _check_range("identity_cap", site.identity_cap, 1, 1_000_000)
    _check_range("view_ceiling", site.view_ceiling, 1, 100_000_000)
    _check_range("token_ceiling", site.token_ceiling, 1, 1_000_000)
    _check_range("rating_ceiling", site.rating_ceiling, 1, 1_000_000)
    _check_range("rating_scale", site.rating_scale, 2, 10)
    if site.opening_day and not _is_day(site.opening_day):
        raise InvalidInputError(f"opening_day {site.opening_day!r}: write a date as 2026-11-23.")
    return msgspec.structs.replace(
        site,
        name=name,
        hosts=_unique(canonical_host(host) for host in site.hosts),
        excluded=_unique(canonical_network(text) for text in site.excluded),
        article_parameters=_unique(_parameter(text) for text in site.article_parameters),
    )


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidInputError(f"{name} {value!r}: use a whole number from {low} to {high}.")


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _parameter(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.\-\[\]]{1,40}", text):
        raise InvalidInputError(
            f"article_parameters {text!r}: name a query parameter such as id, without ? or =."
        )
    return text


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))

"""Sites: the rules of their settings."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from stats_service.errors import ConflictError, InvalidInputError, UnknownSiteError
from stats_service.models.audit import AuditEntry, Author
from stats_service.models.clicks import KINDS
from stats_service.models.polls import POLL_ID
from stats_service.models.sites import Site
from stats_service.models.traffic.readers import ALL_GROUPS, GROUPS
from stats_service.services.accounts.audit import entry_of_settings
from stats_service.services.articles.keys import is_tracking_parameter
from stats_service.services.periods import periods_at
from stats_service.services.pictures.kept import is_possible
from stats_service.services.revisions import check_revision, revision_of
from stats_service.services.visitors.addresses import canonical_network, check_excluded
from stats_service.services.visitors.hosts import canonical_host, origin_host
from stats_service.store.sites.sites import SiteStore

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")
#: Larger balances are typing errors, and Redis' scores are exact up to 2^53.
BALANCE_MAX = 10**12
NAME_MAX = 200
#: Where titles of articles may be read, and the longest address of a feed.
TITLE_SOURCES = ("pages", "feed", "off")
FEED_MAX = 500
#: Characters of a slug that is made from a name; room is left to tell it from another by hand.
SUGGESTED_MAX = 30


def slug_of_name(name: str) -> str:
    """Return a slug like a name (`kim-son` for “Kim Sơn”), or `""` if it has no Latin letters."""
    # Đ is a letter of its own to Unicode, not a D with a mark.
    letters = unicodedata.normalize("NFKD", name).lower().replace("đ", "d")
    words = re.sub(r"[^a-z0-9]+", "-", re.sub(r"[\u0300-\u036f]", "", letters)).strip("-")
    if len(words) > SUGGESTED_MAX and "-" in words[:SUGGESTED_MAX]:
        words = words[: words.rindex("-", 0, SUGGESTED_MAX + 1)]
    return words[:SUGGESTED_MAX]


class Sites:
    """What an administrator does with sites."""

    def __init__(self, store: SiteStore) -> None:
        self._store = store

    def all(self) -> list[Site]:
        """Return every site, by slug."""
        return self._store.all()

    def public_names(self) -> list[str]:
        """Return how sites are called, their hosts included: what everybody can read."""
        return [name for site in self.all() for name in (site.slug, site.name, *site.hosts)]

    def get(self, slug: str) -> Site:
        """Return one site; UnknownSiteError if there is none."""
        site = self._store.get(slug) if SLUG.fullmatch(slug) else None
        if site is None:
            raise UnknownSiteError(slug)
        return site

    def add(self, site: Site, now: float | None = None) -> Site:
        """Store a new site, its settings checked and in canonical form.

        Args:
            site: its settings.
            now: seconds since 1970; None: its opening day is not held against a clock, as for
                the demo.

        Raises:
            InvalidInputError: naming the setting that cannot be used.
            ConflictError: the slug is taken.
        """
        checked = check_site(site)
        _check_changes(None, checked, now)
        if checked.poll:
            raise _unknown_poll(checked)
        added = self._store.add(checked)
        if added is None:
            raise ConflictError(
                "There is a site {slug!r} already. Change it with `stats-service site edit`, or "
                "choose another slug.",
                slug=site.slug,
            )
        return added

    def edit(self, slug: str, by: Author | None = None, revision: str = "", **changes: Any) -> Site:
        """Change settings of a site, and record it; errors as `add`.

        Args:
            slug: the site.
            by: who changes them; None: nobody, as the demo does, and nothing is recorded.
            revision: of all settings, or of those that are changed, as they were read
                (`settings_revision`); empty: whatever they are.
            changes: the settings, by name.

        Raises:
            ConflictError: the scale of ratings, once there are any.
            StaleError: the settings are not what they were when they were read.
        """

        def change(before: Site) -> Site:
            changed = check_site(msgspec.structs.replace(before, **changes))
            if revision != settings_revision(before):
                check_revision(revision, _settings(before, changes), _settings(changed, changes))
            _check_changes(before, changed, by.at if by else None)
            if changed.poll not in ("", before.poll) and not self._store.has_poll(
                slug, changed.poll
            ):
                raise _unknown_poll(changed)
            if changed.rating_scale != before.rating_scale and self._store.has_ratings(slug):
                raise ConflictError(
                    "rating_scale {rating_scale}: articles have been rated from 1 to "
                    "{before}, and these scores would mean something else.",
                    rating_scale=changed.rating_scale,
                    before=before.rating_scale,
                )
            return changed

        def entry(before: Site, after: Site) -> AuditEntry | None:
            return entry_of_settings(by, before, after) if by else None

        if not SLUG.fullmatch(slug):
            raise UnknownSiteError(slug)
        return self._store.change(slug, change, entry)

    def remove(self, slug: str) -> None:
        """Forget a site and everything about it; UnknownSiteError if there is none."""
        self.get(slug)
        self.close(slug)
        self.forget(slug)

    def close(self, slug: str) -> None:
        """Begin to erase a site: nothing is counted, voted or changed there from now on."""
        self._store.close(slug)

    def forget(self, slug: str) -> None:
        """Forget everything about a site that was closed."""
        self._store.forget(slug)

    def half_erased(self) -> list[str]:
        """Return the slugs of sites that were closed, and not quite forgotten."""
        return self._store.half_erased()

    def give_births(self) -> int:
        """Give a birth to the sites that an earlier version added; return how many."""
        without = [site.slug for site in self._store.all() if not site.birth]
        for slug in without:
            self._store.give_birth(slug)
        return len(without)

    def exists(self, slug: str) -> bool:
        """Tell whether there is a site; also one whose place an archive is taking."""
        return any(site.slug == slug for site in self._store.all())

    def founding(self, slug: str) -> str | None:
        """Return what tells a site, as it was added or restored last, from others of its name.

        None: there is no such site.
        """
        return self._store.founding(slug) if SLUG.fullmatch(slug) else None


#: Longest name of what is rated, in characters.
RATED_NAME_MAX = 200
#: Types of schema.org whose ratings search engines accept with nothing but a name. A text in a web
#: page is a media object; no rating is accepted for an article or a creative work as such.
RATED_TYPES = (
    "MediaObject",
    "Book",
    "Course",
    "CreativeWorkSeason",
    "CreativeWorkSeries",
    "Episode",
    "Event",
    "Game",
    "LocalBusiness",
    "Movie",
    "MusicPlaylist",
    "MusicRecording",
    "Organization",
    "Product",
    "Recipe",
    "SoftwareApplication",
)


def check_rated_type(kind: str) -> str:
    """Return a type of schema.org that may be rated; InvalidInputError if it is none."""
    if kind not in RATED_TYPES:
        raise InvalidInputError(
            "rated_type {rated_type!r}: use one of {allowed}.",
            rated_type=kind[:40],
            allowed=", ".join(RATED_TYPES),
        )
    return kind


def check_site(site: Site) -> Site:
    """Return `site` in canonical form; InvalidInputError names the setting that is wrong."""
    if not SLUG.fullmatch(site.slug):
        raise InvalidInputError(
            "slug {slug!r}: use 1 to 39 lower-case letters, digits or hyphens, beginning with "
            "a letter or digit.",
            slug=site.slug,
        )
    name = " ".join(site.name.split())
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise InvalidInputError(
            "name {name!r}: use 1 to {name_max} printable characters.",
            name=site.name,
            name_max=NAME_MAX,
        )
    if not site.hosts:
        raise InvalidInputError("hosts: name at least one host, e.g. kimson.example.vn.")
    if site.headline not in ("visits", "views"):
        raise InvalidInputError(
            "headline {headline!r}: use 'visits' or 'views'.", headline=site.headline
        )
    if site.language not in ("vi", "en"):
        raise InvalidInputError(
            "language {language!r}: use 'vi' or 'en'.", language=site.language[:40]
        )
    if not _is_timezone(site.timezone):
        raise InvalidInputError(
            "timezone {timezone!r} is not an IANA time zone; use a name such as Asia/Ho_Chi_Minh.",
            timezone=site.timezone,
        )
    if site.poll and not POLL_ID.fullmatch(site.poll):
        raise InvalidInputError(
            "poll {poll!r}: use the id of a poll, or nothing for the latest open one.",
            poll=site.poll[:80],
        )
    if not re.fullmatch(r"[0-9a-f]{16}|", site.birth):
        raise InvalidInputError(
            "birth {birth!r}: use 16 hexadecimal digits, or nothing.", birth=site.birth[:40]
        )
    _check_emblem(site)
    _check_range("opening_visits", site.opening_visits, 0, BALANCE_MAX)
    _check_range("opening_views", site.opening_views, 0, BALANCE_MAX)
    _check_range("article_cap", site.article_cap, 1, 10_000_000)
    _check_range("identity_cap", site.identity_cap, 1, 1_000_000)
    _check_range("view_ceiling", site.view_ceiling, 1, 100_000_000)
    _check_range("token_ceiling", site.token_ceiling, 1, 1_000_000)
    _check_range("rating_ceiling", site.rating_ceiling, 1, 1_000_000)
    _check_range("rating_scale", site.rating_scale, 2, 10)
    check_rated_type(site.rated_type)
    _check_groups("titles", (site.titles,), TITLE_SOURCES)
    _check_groups("readers_off", site.readers_off, (*GROUPS, ALL_GROUPS))
    _check_groups("readers_public", site.readers_public, GROUPS)
    _check_groups("clicks_off", site.clicks_off, tuple(KINDS))
    if site.opening_day and not _is_day(site.opening_day):
        raise InvalidInputError(
            "opening_day {opening_day!r}: write a date as 2026-11-23.", opening_day=site.opening_day
        )
    return msgspec.structs.replace(
        site,
        name=name,
        rated_name=_rated_name(site.rated_name),
        hosts=_unique(canonical_host(host) for host in site.hosts),
        excluded=_unique(canonical_network(text) for text in site.excluded),
        article_parameters=_parameters(site.article_parameters),
        titles_feed=site.titles_feed.strip(),
        readers_off=_unique(site.readers_off),
        readers_public=_unique(site.readers_public),
        clicks_off=_unique(site.clicks_off),
    )


def _check_emblem(site: Site) -> None:
    if site.emblem and (site.emblem.alt or not is_possible(site.emblem)):
        raise InvalidInputError("emblem: is none of this service's.")


def settings_revision(site: Site, names: Iterable[str] = Site.__struct_fields__) -> str:
    """Return the revision of some settings of a site, or of all."""
    return revision_of(_settings(site, names))


def _settings(site: Site, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(site, name) for name in names}


def _rated_name(text: str) -> str:
    name = " ".join(text.split())
    if len(name) > RATED_NAME_MAX or not name.isprintable():
        raise InvalidInputError(
            "rated_name {rated_name!r}: use at most {name_max} printable characters.",
            rated_name=name[:80],
            name_max=RATED_NAME_MAX,
        )
    return name


def _check_changes(before: Site | None, after: Site, now: float | None) -> None:
    """Return if what somebody sets can be meant; InvalidInputError names what cannot.

    What a site has already stays: a stricter rule must not keep its other settings from being
    changed, nor its archive from being restored.
    """
    known = before or Site(slug=after.slug, name="", hosts=())
    for network in after.excluded:
        if network not in known.excluded:
            check_excluded(network)
    for name in after.article_parameters:
        tracks = name[0] != "-" and is_tracking_parameter(name.removeprefix("+"))
        if name not in known.article_parameters and tracks:
            raise InvalidInputError(
                "article_parameters {name!r}: says where a reader came from, never which article "
                "it is, and is always dropped. Name one that tells articles apart, such as id.",
                name=name,
            )
    if after.titles_feed and after.titles_feed != known.titles_feed:
        _check_feed(after)
    if now is not None and after.opening_day not in ("", known.opening_day):
        today = periods_at(now, after.timezone).day
        if after.opening_day > today:
            raise InvalidInputError(
                "opening_day {opening_day!r}: is still to come; in {timezone} today is {today}. "
                "Give the day on which the opening balance was read.",
                opening_day=after.opening_day,
                timezone=after.timezone,
                today=today,
            )


def _check_feed(site: Site) -> None:
    feed = site.titles_feed
    if len(feed) > FEED_MAX or not feed.isascii() or not feed.isprintable() or " " in feed:
        raise InvalidInputError(
            "titles_feed {feed!r}: use at most {feed_max} ASCII characters without spaces.",
            feed=feed[:80],
            feed_max=FEED_MAX,
        )
    if origin_host(feed) not in site.hosts:
        raise InvalidInputError(
            "titles_feed {feed!r}: write an address on one of the site's hosts, such as "
            "https://{host}/rss.",
            feed=feed[:80],
            host=site.hosts[0],
        )


def _unknown_poll(site: Site) -> InvalidInputError:
    return InvalidInputError(
        "poll {poll!r}: the site {slug!r} has no such poll. `stats-service poll list "
        "{slug}` names those it has; leave it empty for the latest open one.",
        poll=site.poll,
        slug=site.slug,
    )


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidInputError(
            "{field} {value!r}: use a whole number from {low} to {high}.",
            field=name,
            value=value,
            low=low,
            high=high,
        )


def _check_groups(name: str, values: tuple[str, ...], known: tuple[str, ...]) -> None:
    for value in values:
        if value not in known:
            raise InvalidInputError(
                "{field} {value!r}: use {known}.",
                field=name,
                value=value[:40],
                known=", ".join(known),
            )


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


def _parameters(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names in canonical form; the word `all` is the default, `none` stands alone."""
    names = _unique(_parameter(text) for text in texts)
    signed = [name for name in names if name[0] in "+-"]
    if signed and len(signed) < len(names):
        raise InvalidInputError(
            "article_parameters: {names} have no sign and {signed} do. Name those that tell "
            "articles apart, or give each + or - to keep or drop it beside the usual ones.",
            names=", ".join(name for name in names if name not in signed),
            signed=", ".join(signed),
        )
    return () if names == ("all",) else names


def _parameter(text: str) -> str:
    if not re.fullmatch(r"[+-]?[A-Za-z0-9_.\[\]][A-Za-z0-9_.\-\[\]]{0,39}", text):
        raise InvalidInputError(
            "article_parameters {text!r}: name a query parameter such as id, without ? or =.",
            text=text,
        )
    return text


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))

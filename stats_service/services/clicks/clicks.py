"""Counts clicks on documents, outgoing links and actions, once in a reader's visit to each."""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from stats_service.errors import InvalidInputError, StoreUnavailableError
from stats_service.models.clicks import (
    CLICK_LOST,
    DOCUMENT,
    KINDS,
    ClickAnswer,
    ClickCommand,
    ClickCounts,
    ClickedName,
    ClickKind,
    ClickQuery,
    DayClicks,
    Downloads,
)
from stats_service.models.sites import Site
from stats_service.models.traffic.views import Visitor
from stats_service.services.articles.keys import canonical_article, canonical_articles
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.periods import periods_at
from stats_service.services.traffic.spans import DAY, Span
from stats_service.services.traffic.sums import iso_days
from stats_service.services.views.page_views import HIT_ID, ignored_reason
from stats_service.services.visitors.addresses import network_prefix
from stats_service.services.visitors.hosts import origin_host
from stats_service.store.clicks.clicks import ClickStore
from stats_service.store.keys import ARTICLE_DAYS_KEPT

#: What is told of a lost click: the site, the time (seconds) and the reason.
OnLost = Callable[[str, float, str], None]
#: Outcome of a click of a kind that the site does not count.
OFF = "off"
#: Longest path of a document, in bytes of UTF-8.
DOCUMENT_MAX_BYTES = 512
#: What an action may be called: letters of any language, digits, "_", "-" and ".".
ACTION = re.compile(r"[\w.-]{1,64}")
#: Days of which clicks are kept by day.
DAYS_KEPT = ARTICLE_DAYS_KEPT
#: How long a worker keeps what a public page shows, in seconds.
KEPT_SECONDS = 30
#: Most names of a kind that are listed.
LISTED_MAX = 500


class Clicks:
    """Records clicks and reads them."""

    def __init__(self, store: ClickStore, on_lost: OnLost = lambda *_: None) -> None:
        self._store = store
        #: Called with each click that Redis did not acknowledge.
        self._on_lost = on_lost
        #: By slug and birth: when it was read, and of which days, the most downloaded documents.
        self._kept: dict[tuple[str, str], tuple[float, Span, tuple[ClickedName, ...]]] = {}

    async def record_click(
        self, entry: SiteEntry, query: ClickQuery, visitor: Visitor, now: float
    ) -> ClickAnswer:
        """Record a click in the event loop; when it returns, Redis has it, or it does not count.

        A click that Redis does not acknowledge is not spooled, but told: it is counted among what
        was lost, and the page that sent it gets the error.

        Raises:
            InvalidInputError: names the invalid field of `query`; nothing is stored.
            UnknownSiteError: the site was removed meanwhile.
            StoreUnavailableError: it may not have been recorded; the same may be sent again.
        """
        command = decide_click(entry, query, visitor, now)
        if reason := ignored_reason(entry, query, visitor):
            return ClickAnswer(reason)
        if command.kind in entry.site.clicks_off:
            return ClickAnswer(OFF)
        day = periods_at(now, entry.site.timezone).day
        try:
            return await self._store.record(entry.site, command, day, now)
        except StoreUnavailableError:
            if not query.again:
                self._on_lost(entry.site.slug, now, CLICK_LOST)
            raise

    def downloads(self, site: Site, documents: Sequence[str]) -> Downloads:
        """Return how often documents were opened, by the names in the request; as for views."""
        keys = canonical_articles(documents, site.article_parameters)
        if DOCUMENT in site.clicks_off:
            return Downloads({})
        numbers = self._store.downloads(site.slug, keys)
        return Downloads(dict(zip(documents, numbers, strict=True)))

    def write(self, site: Site, clicks: Mapping[date, DayClicks]) -> None:
        """Add clicks of days, as of a demo; what is too old to be kept by day is only summed."""
        if not clicks:
            return
        kept = max(clicks) - (DAYS_KEPT - 1) * DAY
        self._store.add(
            site.slug,
            {day.isoformat(): of_day for day, of_day in clicks.items() if day >= kept},
            list(clicks.values()),
        )

    def top_documents(self, site: Site, span: Span, limit: int) -> tuple[ClickedName, ...]:
        """Return the most downloaded documents of a span; none where they are not counted."""
        if DOCUMENT in site.clicks_off:
            return ()
        (found,) = [one for one in self.of_span(site, span, limit).kinds if one.kind == DOCUMENT]
        return found.names

    def shown_documents(
        self, site: Site, span: Span, limit: int, now: float
    ) -> tuple[ClickedName, ...]:
        """Return `top_documents` for a page that is open to everybody, at most 30 seconds old.

        The names of all days of a span are read for it, which nobody may ask for without end.
        """
        place = (site.slug, site.birth)
        at, of, names = self._kept.get(place, (0.0, span, ()))
        if of != span or not 0 <= now - at < KEPT_SECONDS or DOCUMENT in site.clicks_off:
            names = self.top_documents(site, span, limit)
            self._kept[place] = (now, span, names)
        return names

    def of_span(self, site: Site, span: Span, limit: int = 100) -> ClickCounts:
        """Return the clicks of a span by kind and name.

        Of a longer span than numbers are kept by day, only the last days are summed, and `first`
        says so.

        Raises:
            InvalidInputError: the span is empty.
        """
        if span.days < 1:
            raise InvalidInputError(
                "The range from {first} to {last} has no day.", first=span.first, last=span.last
            )
        span = Span(max(span.first, span.last - (DAYS_KEPT - 1) * DAY), span.last)
        sums, lost = self._store.read(site.slug, iso_days(list(span.each())))
        kinds = []
        for kind in KINDS:
            total = sum(n for (of, _), n in sums.items() if of == kind)
            named = [(-n, name) for (of, name), n in sums.items() if of == kind and name]
            listed = tuple(ClickedName(name, -n) for n, name in sorted(named)[:limit])
            kinds.append(ClickKind(kind, listed, total - sum(n.clicks for n in listed), total))
        return ClickCounts(span.first, span.last, tuple(kinds), lost)


def decide_click(entry: SiteEntry, query: ClickQuery, visitor: Visitor, now: float) -> ClickCommand:
    """Return the click to be recorded; errors as in `Clicks.record_click`."""
    if query.kind not in KINDS:
        raise InvalidInputError(
            "kind {kind!r}: use {kinds}.", kind=query.kind[:40], kinds=", ".join(KINDS)
        )
    if not HIT_ID.fullmatch(query.hit):
        raise InvalidInputError(
            "hit {hit!r}: send 16 to 32 letters, digits, '_' or '-', drawn at random for each "
            "load of a page.",
            hit=query.hit[:40],
        )
    name = _NAMES[query.kind](entry, query.name)
    place = f"{KINDS[query.kind]}{name}".encode()
    network = network_prefix(visitor.address) if entry.knows_day(now) else ""
    if not network or visitor.private:
        return ClickCommand(query.kind, name, _mark(query.hit.encode(), place))
    today, before = entry.day_keys_at(now)
    agent = visitor.user_agent
    return ClickCommand(
        query.kind,
        name,
        _mark(today.visitor(network, agent), place),
        _mark(before.visitor(network, agent), place) if before else b"",
    )


def _mark(reader: bytes, place: bytes) -> bytes:
    """Return 8 bytes for a reader's clicks on one name; what was clicked cannot be read off it."""
    return hashlib.blake2b(place, digest_size=8, key=reader).digest()


def _document(entry: SiteEntry, text: str) -> str:
    if "://" in text and origin_host(text) not in entry.hosts:
        raise _refused("document", text, "is on no host of the site")
    key = canonical_article(text, entry.site.article_parameters)
    if not key.startswith("/"):
        raise _refused("document", text, "is no path")
    if len(key.encode()) > DOCUMENT_MAX_BYTES:
        raise _refused("document", text, "is too long")
    return key


def _outgoing(entry: SiteEntry, text: str) -> str:
    host = origin_host(f"https://{text}") if len(text) <= 253 else None
    if not host or "." not in host:
        raise _refused("outgoing", text, "is no host")
    if host in entry.hosts:
        raise _refused("outgoing", text, "is a host of the site")
    return host


def _action(_entry: SiteEntry, text: str) -> str:
    name = unicodedata.normalize("NFC", text)
    if not ACTION.fullmatch(name):
        raise _refused("action", text, "is not 1 to 64 letters, digits, '_', '-' or '.'")
    return name


_NAMES = {"document": _document, "outgoing": _outgoing, "action": _action}


def _refused(kind: str, text: str, fault: str) -> InvalidInputError:
    return InvalidInputError(
        "name {name!r} {fault}, so it is not counted as {kind}.",
        name=text[:40],
        fault=fault,
        kind=kind,
    )

"""Numbers without counting, in the event loop: counts, views of articles, badges, a poll.

Reads travel to Redis with the page views in flight (`ViewRecorder.read`). All may be kept by
browsers and proxies for as long as their headers say, and then be asked for by their `ETag`.
"""

import hashlib
import time
from functools import lru_cache

import msgspec
from werkzeug.http import parse_etags

from stats_service.errors import (
    InvalidInputError,
    NotFoundError,
    StoreUnavailableError,
    UnknownPollError,
)
from stats_service.models.polls import PresentedPoll
from stats_service.models.traffic.views import PageAnswer, PageQuery
from stats_service.services import formats
from stats_service.services.container import Services
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.views.recorder import Reply
from stats_service.web.loop.badge_image import THEMES, badge_svg
from stats_service.web.loop.messages import (
    LoopRequest,
    ResponseHeaders,
    Send,
    plain_headers,
    response_headers,
)
from stats_service.web.loop.page_views import EncodedOnce
from stats_service.web.loop.site_requests import SiteRequests

#: Seconds for which a portal's server, or a cache in front of us, may keep numbers.
COUNTS_MAX_AGE = 10
#: Seconds for which a response with polls may be kept.
POLL_MAX_AGE = 10
#: Seconds for which a browser or a cache may show the same badge.
BADGE_MAX_AGE = 60

LANGUAGES = ("vi", "en")
LABELS = {
    "visits": {"vi": "Lượt truy cập", "en": "Visits"},
    "views": {"vi": "Lượt xem", "en": "Views"},
    "online": {"vi": "Trực tuyến", "en": "Online"},
    "today": {"vi": "Hôm nay", "en": "Today"},
}


class Reads(SiteRequests):
    """Handles requests that count nothing."""

    #: Name of the route in `/metrics`.
    route: str

    def answer(self, request: LoopRequest, send: Send) -> None:
        """Handle a request, and measure it."""
        began = time.perf_counter()

        def measured(status: int, headers: ResponseHeaders, body: bytes) -> None:
            self._meters.time(time.perf_counter() - began, "request", self.route)
            self._meters.count("requests", self.route, str(status))
            send(status, headers, body)

        super().answer(request, measured)

    def ask(self, entry: SiteEntry, request: LoopRequest, now: float, reply: Reply) -> None:
        """Read the numbers that `query` names."""
        self._recorder.read(entry, self.query(request), now, reply)

    def query(self, request: LoopRequest) -> PageQuery:
        """Return what is to be read; InvalidInputError names the argument that is wrong."""
        del request
        return PageQuery(beat=True)


class CountsReads(Reads):
    """Handles `GET counts`: the numbers of a site."""

    kind, route = "read of counts", "traffic.counts"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._json = EncodedOnce()

    def respond(
        self, answer: PageAnswer, request: LoopRequest, send: Send, allowed: str, began: float
    ) -> None:
        """Send the numbers."""
        del began
        body = bytes(self._json.of(answer.site))
        _send_cached(send, request, body, *_json_headers(COUNTS_MAX_AGE, allowed))


class ArticleReads(Reads):
    """Handles `GET articles/views`: the views of the articles in `key`, at most 100."""

    kind, route = "read of articles", "traffic.article_views"

    def query(self, request: LoopRequest) -> PageQuery:
        """Return the articles."""
        return PageQuery(beat=True, articles=tuple(request.arguments().get("key", ())))

    def respond(
        self, answer: PageAnswer, request: LoopRequest, send: Send, allowed: str, began: float
    ) -> None:
        """Send the views, by the names in the request."""
        del began
        body = msgspec.json.encode({"articles": answer.articles})
        _send_cached(send, request, body, *_json_headers(COUNTS_MAX_AGE, allowed))


class PollReads(Reads):
    """Handles `GET polls/<poll>`: a poll as somebody sees it who has not voted."""

    kind, route = "read of a poll", "polls.poll"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._json = EncodedOnce()

    def ask(self, entry: SiteEntry, request: LoopRequest, now: float, reply: Reply) -> None:
        """Read the poll (`current` is one as well); UnknownPollError: there is none to be seen."""
        if entry.polls.find(request.path.part, now) is None:
            raise UnknownPollError(request.path.part)
        super().ask(entry, request, now, reply)

    def query(self, request: LoopRequest) -> PageQuery:
        """Return the poll."""
        return PageQuery(beat=True, poll=request.path.part)

    def respond(
        self, answer: PageAnswer, request: LoopRequest, send: Send, allowed: str, began: float
    ) -> None:
        """Send the poll, unless it was removed meanwhile."""
        del began
        if not isinstance(answer.poll, PresentedPoll):
            raise UnknownPollError(request.path.part)
        body = bytes(self._json.of(answer.poll))
        _send_cached(send, request, body, *_json_headers(POLL_MAX_AGE, allowed))


class BadgeReads(Reads):
    """Handles `GET badge/<metric>.svg`: one number as an image."""

    kind, route = "read of a badge", "images.badge"

    def query(self, request: LoopRequest) -> PageQuery:
        """Return what the badge shows: `total`, `online`, `today`, or `views` of `article`."""
        _look(request)
        metric = request.path.part
        if metric not in ("total", "today", "online", "views"):
            raise NotFoundError(
                "There is no badge {metric!r}: use total, online, today or views.",
                metric=metric[:40],
            )
        if metric != "views":
            return PageQuery(beat=True)
        article = request.arguments().get("article", [""])[0]
        if not article:
            raise InvalidInputError("article is missing: say ?article=/path of the article.")
        return PageQuery(beat=True, articles=(article,))

    def respond(
        self, answer: PageAnswer, request: LoopRequest, send: Send, allowed: str, began: float
    ) -> None:
        """Send the image."""
        del allowed, began  # an image is for everybody
        language, theme = _look(request)
        label, number = _shown(request.path.part, answer)
        value = "–" if number is None else formats.number(number, language)
        svg = _drawn(LABELS[label][language], value, theme)
        _send_cached(send, request, svg, *_image_headers(f"public, max-age={BADGE_MAX_AGE}"))

    def refuse(self, error: Exception, request: LoopRequest, send: Send, allowed: str = "") -> None:
        """Send an image without a number while Redis is away: browsers show the body of a 503."""
        if isinstance(error, StoreUnavailableError):
            theme = request.arguments().get("theme", THEMES)[0]
            svg = _drawn("–", "…", theme if theme in THEMES else THEMES[0])
            send(error.status, _image_headers("no-store")[0], svg)
        else:
            super().refuse(error, request, send, allowed)


def _look(request: LoopRequest) -> tuple[str, str]:
    """Return language and theme of a badge; InvalidInputError for what there is not."""
    arguments = request.arguments()
    return _choice(arguments, "lang", LANGUAGES), _choice(arguments, "theme", THEMES)


def _choice(arguments: dict[str, list[str]], name: str, allowed: tuple[str, ...]) -> str:
    value = arguments.get(name, allowed)[0]
    if value not in allowed:
        raise InvalidInputError(
            "{name}={value!r}: use {allowed}.",
            name=name,
            value=value[:40],
            allowed=", ".join(allowed),
        )
    return value


def _shown(metric: str, answer: PageAnswer) -> tuple[str, int | None]:
    """Return the name of a badge's label, and its number, if it has one."""
    counts = answer.site
    headline = counts.views if counts.headline == "views" else counts.visits
    match metric:
        case "total":
            return counts.headline, headline.total
        case "today":
            return "today", headline.today
        case "online":
            return "online", counts.online
    (article,) = answer.articles.values()
    return "views", article.views


@lru_cache(maxsize=256)
def _drawn(label: str, value: str, theme: str) -> bytes:
    return badge_svg(label, value, theme).encode()


def _send_cached(
    send: Send, request: LoopRequest, body: bytes, headers: ResponseHeaders, known: ResponseHeaders
) -> None:
    """Send a body that may be kept, under `headers`; 304 under `known` to whoever has it."""
    etag = hashlib.blake2b(body, digest_size=16).hexdigest()
    seen = request.header(b"if-none-match")
    if seen and parse_etags(seen).contains_weak(etag):
        status, headers, body = 304, known, b""
    else:
        status = 200
    value = f'"{etag}"'.encode()
    pairs, lines = (*headers.pairs, (b"etag", value)), b"%betag: %b\r\n" % (headers.lines, value)
    send(status, ResponseHeaders(pairs, lines), body)


@lru_cache(maxsize=256)
def _json_headers(seconds: int, allowed: str) -> tuple[ResponseHeaders, ResponseHeaders]:
    """Return the headers of JSON that may be kept for some seconds, and those of a 304."""
    kept = [("Cache-Control", f"public, max-age={seconds}")]
    whole = [("Content-Type", "application/json"), *kept]
    return response_headers(whole, allowed), response_headers(kept, allowed)


@lru_cache(maxsize=8)
def _image_headers(cache_control: str) -> tuple[ResponseHeaders, ResponseHeaders]:
    """Return the headers of an image, and those of a 304."""
    kept = [
        ("Cache-Control", cache_control),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        # Opened by itself an SVG is a document; this one needs nothing but its own style.
        ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    return plain_headers([("Content-Type", "image/svg+xml; charset=utf-8"), *kept]), plain_headers(
        kept
    )

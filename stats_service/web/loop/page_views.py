"""Page views in the event loop: `POST <prefix>/<site>/page`, and the pixel."""

import base64
import secrets
from functools import lru_cache

import msgspec

from stats_service.errors import StatsError, ViewSpooledError
from stats_service.models.polls import PresentedPoll
from stats_service.models.traffic.views import PageAnswer, PageQuery
from stats_service.services.container import Services
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.views.recorder import Reply
from stats_service.web.http.answers import page_answer_headers, page_answer_json
from stats_service.web.http.bodies import decode_body
from stats_service.web.http.cors import allowed_origin
from stats_service.web.http.visitor import AddressSource
from stats_service.web.loop.messages import (
    LoopRequest,
    ResponseHeaders,
    Send,
    plain_headers,
    response_headers,
)
from stats_service.web.loop.site_requests import SiteRequests

#: One transparent point.
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class PageViews(SiteRequests):
    """Handles page views and heartbeats."""

    kind = "page view"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._address_source = AddressSource.of(services.settings)
        self._site_json = EncodedOnce()
        self._poll_json = (EncodedOnce(), EncodedOnce())

    def ask(self, entry: SiteEntry, request: LoopRequest, now: float, reply: Reply) -> None:
        """Record the view."""
        query = decode_body(request.body, PageQuery)
        self._recorder.record_view(entry, query, request.visitor(self._address_source), now, reply)

    def respond(
        self, answer: PageAnswer, _: LoopRequest, send: Send, allowed: str, began: float
    ) -> None:
        """Send all numbers that the widgets of the page show."""
        poll = answer.poll
        body = page_answer_json(
            answer,
            self._site_json.of(answer.site),
            self._poll_json[poll.voted].of(poll) if isinstance(poll, PresentedPoll) else None,
        )
        if self._meters.view(answer.ignored or ("counted" if answer.counted else "beat")):
            self._meters.view_times.add(self._clock.now() - began)
        send(200, _headers(answer.ignored, answer.note, allowed), body)

    def refuse(self, error: Exception, request: LoopRequest, send: Send, allowed: str = "") -> None:
        """Send an error, and count it as what became of a view."""
        self._meters.view(error.code if isinstance(error, StatsError) else "error")
        super().refuse(error, request, send, allowed)


class PixelViews(SiteRequests):
    """Handles the views of browsers without JavaScript, which load one transparent point."""

    kind = "view by the pixel"

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._address_source = AddressSource.of(services.settings)

    def ask(self, entry: SiteEntry, request: LoopRequest, now: float, reply: Reply) -> None:
        """Record a view of the page that `article` names, else the Referer.

        As with the script, an `article` that is empty says that the page is none.
        """
        referer = request.header(b"referer")
        article = request.arguments().get("article", [referer])[0] or None
        query = PageQuery(hit=secrets.token_urlsafe(16), article=article)
        # A sandboxed frame of a stranger runs no script and shows the pixel; its Origin is `null`.
        origin = request.headers.get(b"origin")
        is_own = origin is None or allowed_origin(entry, request.header(b"origin"))
        visitor = request.visitor(self._address_source)
        if is_own:
            visitor = msgspec.structs.replace(visitor, origin=referer)
        self._recorder.record_view(entry, query, visitor, now, reply)

    def respond(
        self, answer: PageAnswer, _: LoopRequest, send: Send, allowed: str, began: float
    ) -> None:
        """Send the point, which says in a header why the view was not counted."""
        del allowed  # everybody may read it
        if self._meters.view(answer.ignored or "counted"):
            self._meters.view_times.add(self._clock.now() - began)
        send(200, pixel_headers(answer.ignored, answer.note), GIF)

    def refuse(self, error: Exception, request: LoopRequest, send: Send, allowed: str = "") -> None:
        """Send the point if the view waits on the disk, else an error."""
        self._meters.view(error.code if isinstance(error, StatsError) else "error")
        if isinstance(error, ViewSpooledError):
            send(200, pixel_headers("", ""), GIF)
        else:
            super().refuse(error, request, send, allowed)


class EncodedOnce:
    """Keeps the JSON of the last object, because the responses of a batch share parts."""

    def __init__(self) -> None:
        self._last: object = None
        self._raw = msgspec.Raw()

    def of(self, value: object) -> msgspec.Raw:
        """Return the JSON of `value`; encode it only if it is a different object."""
        if value is not self._last:
            self._last, self._raw = value, msgspec.Raw(msgspec.json.encode(value))
        return self._raw


@lru_cache(maxsize=1024)
def _headers(ignored: str, note: str, allowed: str) -> ResponseHeaders:
    return response_headers(page_answer_headers(ignored, note), allowed)


@lru_cache(maxsize=64)
def pixel_headers(ignored: str, note: str) -> ResponseHeaders:
    """Return the headers of the point."""
    named = [pair for pair in page_answer_headers(ignored, note) if pair[0].startswith("Stats-")]
    return plain_headers(
        [
            ("Content-Type", "image/gif"),
            ("Cache-Control", "no-store"),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
            # One point that is the same for everybody, and `crossorigin` in the snippet asks for it
            ("Access-Control-Allow-Origin", "*"),
            *named,
        ]
    )

"""The page view in the event loop: `POST <prefix>/<site>/page`."""

from functools import lru_cache

import msgspec

from stats_service.errors import StatsError, UnknownSiteError
from stats_service.models.polls import PresentedPoll
from stats_service.models.traffic import PageAnswer, PageQuery
from stats_service.services.container import Services
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.web.http.answers import page_answer_headers, page_answer_json
from stats_service.web.http.bodies import decode_body
from stats_service.web.http.cors import allowed_origin
from stats_service.web.http.visitor import AddressSource
from stats_service.web.loop.messages import (
    LoopRequest,
    ResponseHeaders,
    Send,
    error_answer,
    response_headers,
)


class LoopPages:
    """Handles page views."""

    def __init__(self, services: Services) -> None:
        self._clock = services.clock
        self._address_source = AddressSource.of(services.settings)
        self._sites = services.sites.in_loop
        self._recorder = services.traffic.recorder
        self._meters = services.meters
        self._site_json = _Json()
        self._poll_json = (_Json(), _Json())

    def record_view(self, request: LoopRequest, send: Send) -> None:
        """Record one load of a page, or its heartbeat; call `send` once, possibly at once."""
        now, slug = self._clock.now(), request.path.slug
        entry = self._sites.cached(slug, now)
        if entry is not None:
            self._record(entry, request, send, now)
            return

        def read(found: SiteEntry | Exception, at: float) -> None:
            if isinstance(found, Exception):
                self._refuse(send, found)
            else:
                self._record(found, request, send, at)

        self._sites.when_read(slug, now, read)

    def _record(
        self, entry: SiteEntry, request: LoopRequest, send: Send, now: float, *, again: bool = False
    ) -> None:
        """Record the view for a site; `again`: a retry after Redis did not know the site."""
        try:
            allowed = allowed_origin(entry, request.header(b"origin"))
        except Exception as error:  # noqa: BLE001 - passed to the callback
            self._meters.fault("page view", error)
            self._refuse(send, error)
            return

        def reply(answer: PageAnswer | Exception) -> None:
            if isinstance(answer, UnknownSiteError) and not again:
                self._look_again(entry, request, send)
            elif isinstance(answer, Exception):
                self._refuse(send, answer, allowed)
            else:
                self._answer(answer, send, allowed, now)

        try:
            query = decode_body(request.body, PageQuery)
            visitor = request.visitor(self._address_source)
            self._recorder.record_view(entry, query, visitor, now, reply)
        except StatsError as error:
            self._refuse(send, error, allowed)
        except Exception as error:  # noqa: BLE001 - passed to the callback
            self._meters.fault("page view", error)
            self._refuse(send, error, allowed)

    def _look_again(self, entry: SiteEntry, request: LoopRequest, send: Send) -> None:
        """Read the site again, because Redis did not know it, and record the view."""

        def found(site: SiteEntry | Exception, at: float) -> None:
            if isinstance(site, Exception):
                self._refuse(send, site, allowed_origin(entry, request.header(b"origin")))
            else:
                self._record(site, request, send, at, again=True)

        self._sites.when_again(entry, self._clock.now(), found)

    def _answer(self, answer: PageAnswer, send: Send, allowed: str, began: float) -> None:
        poll = answer.poll
        try:
            body = page_answer_json(
                answer,
                self._site_json.of(answer.site),
                self._poll_json[poll.voted].of(poll) if isinstance(poll, PresentedPoll) else None,
            )
        except Exception as error:  # noqa: BLE001 - passed to the callback
            self._meters.fault("answer to a page view", error)
            self._refuse(send, error, allowed)
            return
        if self._meters.view(answer.ignored or ("counted" if answer.counted else "beat")):
            self._meters.view_times.add(self._clock.now() - began)
        send(200, _headers(answer.ignored, answer.note, allowed), body)

    def _refuse(self, send: Send, error: Exception, allowed: str = "") -> None:
        self._meters.view(error.code if isinstance(error, StatsError) else "error")
        send(*error_answer(error, allowed))


class _Json:
    """Caches the JSON of the last object, because the responses of a batch share parts."""

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

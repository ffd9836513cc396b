"""The page view in an event loop: `POST <prefix>/<site>/page` without Flask.

The route of the same name in `web.api.traffic` answers the same request in the same way under
any WSGI server; this one lets all requests in flight share one round trip to Redis. It takes a
request apart from how it came (`web.asgi`, `web.fast_lane`) and answers by a call.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import NamedTuple

import msgspec

from stats_service.errors import StatsError, StoreUnavailableError
from stats_service.models.polls import PollView
from stats_service.models.traffic import PageAnswer, PageQuery
from stats_service.services.registry import Services
from stats_service.services.shared_views import SharedViews
from stats_service.services.sites import SiteEntry
from stats_service.web.answers import page_answer_headers, page_answer_json
from stats_service.web.api.bodies import decode_body
from stats_service.web.cors import allowed_origin, cors_headers
from stats_service.web.problems import internal_problem, problem_headers, problem_of
from stats_service.web.visitor import client_address, visitor_of

#: Threads that read sites from Redis, and how many sites may wait for them.
LOADING_THREADS = 4
LOADING_MAX = 256
#: Longest wait for a site beyond the time that Redis has for one answer, in seconds.
LOADING_EXTRA_SECONDS = 0.1
#: Longest wait for a site that is known, if not freshly: the view itself may have to wait too.
STALE_LOADING_SECONDS = 0.1

logger = logging.getLogger(__name__)


class Head(NamedTuple):
    """The headers of an answer, in both forms that the servers want. No Content-Length."""

    pairs: tuple[tuple[bytes, bytes], ...]
    lines: bytes


#: Takes an answer: status, headers, body.
Send = Callable[[int, Head, bytes], None]


class PageRequest(NamedTuple):
    """One `POST …/page`."""

    slug: str
    #: By lower-case name; several of one name are joined by commas.
    headers: Mapping[bytes, bytes]
    body: bytes
    #: The address that the connection came from; empty for a Unix socket.
    peer: str

    def header(self, name: bytes) -> str:
        """Return a header, empty if it is absent."""
        return self.headers.get(name, b"").decode("latin-1")


class HotPages:
    """Answers page views in the event loop. Everything here is called in the loop's thread."""

    def __init__(self, services: Services, views: SharedViews) -> None:
        self._clock = services.clock
        self._directory = services.directory
        self._trusted_proxies = services.settings.trusted_proxies
        self._loading_seconds = services.settings.redis_timeout + LOADING_EXTRA_SECONDS
        self._views = views
        self._meters = services.meters
        self._threads = ThreadPoolExecutor(LOADING_THREADS, "site")
        self._loading: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[str, list[tuple[PageRequest, Send]]] = {}
        self._site_json = _Json()
        self._poll_json = (_Json(), _Json())

    async def start(self) -> None:
        """Connect to Redis, if it is there."""
        await self._views.start()

    async def stop(self) -> None:
        """Answer what is under way, then end."""
        await asyncio.gather(*self._loading.values())
        await self._views.stop()
        self._threads.shutdown()

    def record_view(self, request: PageRequest, send: Send) -> None:
        """Record one load of a page, or its heartbeat; call `send` once, possibly at once."""
        now = self._clock.now()
        slug = request.slug
        try:
            entry = self._directory.cached(slug, now)
        except StatsError as error:
            self._refuse(send, error)
            return
        if entry is not None:
            if self._directory.ageing(entry, now):
                self._load(slug, now)
            self._record(entry, request, send, now)
        elif len(self._loading) < LOADING_MAX:
            self._waiting.setdefault(slug, []).append((request, send))
            self._load(slug, now)
        else:
            busy = StoreUnavailableError("Too many sites wait for Redis. Try again shortly.")
            self._refuse(send, busy)

    def _record(self, entry: SiteEntry, request: PageRequest, send: Send, now: float) -> None:
        header = request.header
        origin = header(b"origin")
        allowed = allowed_origin(entry, origin)

        def reply(answer: PageAnswer | Exception) -> None:
            if isinstance(answer, Exception):
                self._refuse(send, answer, allowed)
            else:
                if self._meters.view(answer.ignored or ("counted" if answer.counted else "beat")):
                    self._meters.view_times.add(self._clock.now() - now)
                poll = answer.poll
                body = page_answer_json(
                    answer,
                    self._site_json.of(answer.site),
                    self._poll_json[poll.voted].of(poll) if isinstance(poll, PollView) else None,
                )
                send(200, _head(answer.ignored, answer.note, allowed), body)

        try:
            query = decode_body(request.body, PageQuery)
            address = client_address(
                request.peer, header(b"x-forwarded-for"), self._trusted_proxies
            )
            purpose = header(b"sec-purpose") or header(b"purpose")
            visitor = visitor_of(
                address,
                origin,
                header(b"user-agent"),
                header(b"sec-gpc"),
                header(b"dnt"),
                purpose,
            )
            self._views.record_view(entry, query, visitor, now, reply)
        except StatsError as error:
            self._refuse(send, error, allowed)
        except Exception as error:
            logger.exception("a page view failed")
            self._refuse(send, error, allowed)

    def _refuse(self, send: Send, error: Exception, allowed: str = "") -> None:
        self._meters.view(error.code if isinstance(error, StatsError) else "error")
        send(*_error_answer(error, allowed))

    def _load(self, slug: str, now: float) -> None:
        """Read a site in a thread, unless that is under way, for whoever waits for it."""
        if slug not in self._loading:
            self._loading[slug] = asyncio.create_task(self._loaded(slug, now))

    async def _loaded(self, slug: str, now: float) -> None:
        entry: SiteEntry | None = None
        failure: Exception | None = None
        try:
            loop = asyncio.get_running_loop()
            load = loop.run_in_executor(self._threads, self._directory.load, slug, now)
            seen = self._directory.seen(slug)
            patience = STALE_LOADING_SECONDS if seen else self._loading_seconds
            entry = await asyncio.wait_for(load, patience)
        except (StoreUnavailableError, TimeoutError):
            failure = StoreUnavailableError("Redis did not answer. Try again shortly.")
            entry = self._directory.stale(slug)
        except StatsError as error:
            failure = error
        except Exception as error:
            logger.exception("a site cannot be read")
            failure = error
        finally:
            del self._loading[slug]
        for request, send in self._waiting.pop(slug, ()):
            if entry is not None:
                # The moment of the load, whose day the entry knows for certain.
                self._record(entry, request, send, now)
            elif failure is not None:
                self._refuse(send, failure)


class _Json:
    """The JSON of the object that was written last: a batch's answers have parts in common."""

    def __init__(self) -> None:
        self._last: object = None
        self._raw = msgspec.Raw()

    def of(self, value: object) -> msgspec.Raw:
        """Return the JSON of `value`, written anew only if it is another object."""
        if value is not self._last:
            self._last, self._raw = value, msgspec.Raw(msgspec.json.encode(value))
        return self._raw


@lru_cache(maxsize=1024)
def _head(ignored: str, note: str, allowed: str) -> Head:
    return _make_head(page_answer_headers(ignored, note) + cors_headers(allowed))


def _make_head(headers: list[tuple[str, str]]) -> Head:
    pairs = tuple((name.lower().encode(), value.encode("latin-1")) for name, value in headers)
    return Head(pairs, b"".join(b"%b: %b\r\n" % pair for pair in pairs))


def _error_answer(error: Exception, allowed: str) -> tuple[int, Head, bytes]:
    problem = problem_of(error) if isinstance(error, StatsError) else internal_problem()
    head = _make_head(problem_headers(error) + cors_headers(allowed))
    return problem.status, head, msgspec.json.encode(problem)

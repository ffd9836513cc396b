"""Which requests are handled in the event loop, and by which handler."""

import asyncio
import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

from stats_service.services.container import Services
from stats_service.web.loop.messages import LoopPath, LoopRequest, ResponseHeaders, Send
from stats_service.web.loop.page_views import PageViews, PixelViews
from stats_service.web.loop.reads import ArticleReads, BadgeReads, CountsReads, PollReads
from stats_service.web.loop.votes import LoopVotes

#: Longest path without its query, in bytes; Flask refuses longer ones.
TARGET_MAX_BYTES = 256

#: Methods and paths below a site, and the names of what handles them. A group is `LoopPath.part`.
ROUTES = (
    (b"POST", "page", "page"),
    (b"POST", "polls/([^/?#]+)/ballots", "ballots"),
    (b"POST", "ratings", "ratings"),
    (b"POST", "clicks", "clicks"),
    (b"GET", r"dot\.gif", "pixel"),
    (b"GET", "counts", "counts"),
    (b"GET", "articles/views", "articles"),
    (b"GET", r"badge/([^/?#]+)\.svg", "badge"),
    (b"GET", "polls/([^/?#]+)", "poll"),
)

#: Status, headers, body.
Answer = tuple[int, ResponseHeaders, bytes]


class LoopPaths:
    """The handlers of one process for its event loop."""

    def __init__(self, services: Services) -> None:
        votes = LoopVotes(services)
        self._answers: dict[str, Callable[[LoopRequest, Send], None]] = {
            "page": PageViews(services).answer,
            "ballots": votes.cast_ballot,
            "ratings": votes.rate_article,
            "clicks": votes.record_click,
            "pixel": PixelViews(services).answer,
            "counts": CountsReads(services).answer,
            "articles": ArticleReads(services).answer,
            "badge": BadgeReads(services).answer,
            "poll": PollReads(services).answer,
        }
        site = re.escape(services.settings.path_prefix) + "/([^/?#]+)/"
        self._patterns = [(method, re.compile(site + path), name) for method, path, name in ROUTES]
        self._remembered = lru_cache(maxsize=4096)(self._path_of)

    def find(self, method: bytes, target: bytes) -> LoopPath | None:
        """Return the route of a request for a raw path without query; None: Flask handles it."""
        return self._remembered(method, target) if len(target) <= TARGET_MAX_BYTES else None

    def answer(self, request: LoopRequest, send: Send) -> None:
        """Handle the request; call `send` once, possibly at once."""
        self._answers[request.path.name](request, send)

    async def answered(self, request: LoopRequest) -> Answer:
        """Handle the request; return status, headers and body."""
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def send(status: int, headers: ResponseHeaders, body: bytes) -> None:
            if not waiting.done():  # the client may have disconnected
                waiting.set_result((status, headers, body))

        self.answer(request, send)
        return await waiting

    def _path_of(self, method: bytes, target: bytes) -> LoopPath | None:
        path = unquote(target.decode("latin-1"))
        for its_method, pattern, name in self._patterns:
            if its_method == method and (match := pattern.fullmatch(path)):
                slug, *part = match.groups()
                return LoopPath(name, slug, *part)
        return None

"""Which requests are handled in the event loop, and by which handler."""

import asyncio
import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

from stats_service.services.container import Services
from stats_service.web.loop.messages import LoopPath, LoopRequest, ResponseHeaders, Send
from stats_service.web.loop.page_views import LoopPages
from stats_service.web.loop.votes import LoopVotes

#: Longest path, in bytes; Flask refuses longer ones.
TARGET_MAX_BYTES = 256

#: Status, headers, body.
Answer = tuple[int, ResponseHeaders, bytes]


class LoopPaths:
    """The handlers of one process for its event loop."""

    def __init__(self, services: Services) -> None:
        votes = LoopVotes(services)
        self._answers: dict[str, Callable[[LoopRequest, Send], None]] = {
            "page": LoopPages(services).record_view,
            "ballots": votes.cast_ballot,
            "ratings": votes.rate_article,
        }
        self._pattern = re.compile(
            re.escape(services.settings.path_prefix)
            + "/([^/?#]+)/(?:(page|ratings)|polls/([^/?#]+)/(ballots))"
        )
        self._remembered = lru_cache(maxsize=4096)(self._path_of)

    def find(self, target: bytes) -> LoopPath | None:
        """Return the route of a POST to the raw path `target`; None: Flask handles it."""
        return self._remembered(target) if len(target) <= TARGET_MAX_BYTES else None

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

    def _path_of(self, target: bytes) -> LoopPath | None:
        match = self._pattern.fullmatch(unquote(target.decode("latin-1")))
        if match is None:
            return None
        slug, name, poll, ballots = match.groups("")
        return LoopPath(name or ballots, slug, poll)

"""Which requests are answered in the event loop, and by what."""

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

from stats_service.services.container import LoopServices, Services
from stats_service.web.http.limits import LoopLimit
from stats_service.web.loop.messages import LoopPath, LoopRequest, Send
from stats_service.web.loop.page_views import LoopPages
from stats_service.web.loop.votes import LoopVotes

#: Longest path, in bytes; a longer one is for Flask to refuse.
TARGET_MAX_BYTES = 256


class LoopPaths:
    """The hot paths of one process."""

    def __init__(self, services: Services, loop: LoopServices) -> None:
        self._clocks = loop.clocks
        self._sites = loop.sites
        self._views = loop.views
        self.pages = LoopPages(services, loop.sites, loop.views)
        limit = LoopLimit(loop.counts, services.settings.write_limit)
        self._votes = LoopVotes(services, loop, limit)
        self._answers: dict[str, Callable[[LoopRequest, Send], None]] = {
            "page": self.pages.record_view,
            "ballots": self._votes.cast_ballot,
            "ratings": self._votes.rate_article,
        }
        self._pattern = re.compile(
            re.escape(services.settings.path_prefix)
            + "/([^/?#]+)/(?:(page|ratings)|polls/([^/?#]+)/(ballots))"
        )
        self._remembered = lru_cache(maxsize=4096)(self._path_of)

    async def start(self) -> None:
        """Connect to Redis, if it is there."""
        await self._views.start()
        self._clocks.start()

    async def stop(self) -> None:
        """Answer what is under way, then end: votes may need sites, and both need Redis."""
        await self._clocks.stop()
        await self._votes.stop()
        await self._sites.stop()
        await self._views.stop()

    def find(self, target: bytes) -> LoopPath | None:
        """Return what a POST to `target`, a path as it was sent, is for; None: that is Flask's."""
        return self._remembered(target) if len(target) <= TARGET_MAX_BYTES else None

    def answer(self, request: LoopRequest, send: Send) -> None:
        """Do what the request asks for; call `send` once, possibly at once."""
        self._answers[request.path.name](request, send)

    def _path_of(self, target: bytes) -> LoopPath | None:
        match = self._pattern.fullmatch(unquote(target.decode("latin-1")))
        if match is None:
            return None
        slug, name, poll, ballots = match.groups("")
        return LoopPath(name or ballots, slug, poll)

"""What every request on a site's numbers has in common: the site, the way to Redis, the errors."""

from abc import ABC, abstractmethod

from stats_service.errors import StatsError, UnknownSiteError
from stats_service.models.traffic.views import PageAnswer
from stats_service.services.container import Services
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.views.recorder import Reply
from stats_service.web.http.cors import allowed_origin
from stats_service.web.loop.messages import LoopRequest, Send, error_answer


class SiteRequests(ABC):
    """Handles requests of one kind, in callbacks: no task for each."""

    #: Name of the kind in the log, for what goes wrong.
    kind: str

    def __init__(self, services: Services) -> None:
        self._clock = services.clock
        self._sites = services.sites.in_loop
        self._recorder = services.traffic.recorder
        self._meters = services.meters

    @abstractmethod
    def ask(self, entry: SiteEntry, request: LoopRequest, now: float, reply: Reply) -> None:
        """Ask Redis for the numbers; `reply` is called once. Errors as the recorder's."""

    @abstractmethod
    def respond(
        self, answer: PageAnswer, request: LoopRequest, send: Send, allowed: str, began: float
    ) -> None:
        """Send the numbers; `allowed` is the origin that may read them, `began` in seconds."""

    def refuse(self, error: Exception, _: LoopRequest, send: Send, allowed: str = "") -> None:
        """Send an error."""
        send(*error_answer(error, allowed))

    def answer(self, request: LoopRequest, send: Send) -> None:
        """Handle a request; call `send` once, possibly at once."""
        now, slug = self._clock.now(), request.path.slug
        entry = self._sites.cached(slug, now)
        if entry is not None:
            self._on_site(entry, request, send, now)
            return

        def read(found: SiteEntry | Exception, at: float) -> None:
            if isinstance(found, Exception):
                self.refuse(found, request, send)
            else:
                self._on_site(found, request, send, at)

        self._sites.when_read(slug, now, read)

    def _on_site(
        self, entry: SiteEntry, request: LoopRequest, send: Send, now: float, *, again: bool = False
    ) -> None:
        """Handle a request on a site; `again`: a retry after Redis did not know the site."""
        allowed = ""

        def reply(answer: PageAnswer | Exception) -> None:
            if isinstance(answer, UnknownSiteError) and not again:
                self._look_again(entry, request, send)
            elif isinstance(answer, Exception):
                self.refuse(answer, request, send, allowed)
            else:
                try:
                    self.respond(answer, request, send, allowed, now)
                except Exception as error:  # noqa: BLE001 - passed to the callback
                    self._failed(f"answer to a {self.kind}", error, request, send, allowed)

        try:
            allowed = allowed_origin(entry, request.header(b"origin"))
            self.ask(entry, request, now, reply)
        except Exception as error:  # noqa: BLE001 - passed to the callback
            self._failed(self.kind, error, request, send, allowed)

    def _look_again(self, entry: SiteEntry, request: LoopRequest, send: Send) -> None:
        """Read the site again, because Redis did not know it, and handle the request."""

        def found(site: SiteEntry | Exception, at: float) -> None:
            if isinstance(site, Exception):
                allowed = allowed_origin(entry, request.header(b"origin"))
                self.refuse(site, request, send, allowed)
            else:
                self._on_site(site, request, send, at, again=True)

        self._sites.when_again(entry, self._clock.now(), found)

    def _failed(
        self, fault: str, error: Exception, request: LoopRequest, send: Send, allowed: str
    ) -> None:
        """Send what was raised; `fault` is its name in the log if nobody foresaw it."""
        if not isinstance(error, StatsError):
            self._meters.fault(fault, error)
        self.refuse(error, request, send, allowed)

"""Reads pages of one site: over the network, with robots.txt, redirects and bounds.

Only hosts of the site are called, by https and at public addresses, unless the operator names them
in `STATS_TITLE_HOSTS`. Of what readers' browsers send, only the article's key is part of a call:
the path of a page.
"""

import time
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

from protego import Protego

from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.services.notices.outgoing import DeliveryError, Response, check_url, get
from stats_service.services.visitors.hosts import origin_host

#: How the service names itself, and what robots.txt may call it.
USER_AGENT = "stats_service (reads the titles of counted pages)"
ROBOT = "stats_service"
REDIRECTS_MAX = 3
PORTS = {"http": 80, "https": 443}
ROBOTS_MAX_BYTES = 500_000
#: Calls and seconds that the titles of one site may take in one run.
CALLS_MAX = 24
RUN_SECONDS = 30.0


class OutOfBoundsError(Exception):
    """The calls or the time of this run are used up; the next run goes on."""


class PageError(Exception):
    """A page tells no title; `trouble` is one of `models.titles.TROUBLES`."""

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self.trouble = trouble


class SiteReader:
    """Gets pages of one site in one run."""

    def __init__(
        self,
        site: Site,
        title_hosts: tuple[str, ...],
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._site = site
        self._plain = {
            host.removeprefix("http://") for host in title_hosts if host.startswith("http://")
        }
        names = (urlsplit(f"//{host.removeprefix('http://')}") for host in title_hosts)
        #: Each with the port that it was named with; None: any.
        self._allowed = [(name.hostname or "", name.port) for name in names]
        self._timer = timer
        self._begun = timer()
        self._robots: dict[str, Protego | None] = {}
        self.calls = 0

    def host(self) -> str:
        """Return the first host of the site that may be called.

        Raises:
            InvalidInputError: there is none.
        """
        for host in self._site.hosts:
            try:
                self._check(self._root(host))
            except InvalidInputError:
                continue
            return host
        raise InvalidInputError(
            "{host} is not on the public Internet, or has no https. The operator may name it in "
            "STATS_TITLE_HOSTS.",
            host=self._site.hosts[0],
        )

    def is_slow(self, host: str) -> bool:
        """Tell whether robots.txt asks for a pause between calls."""
        robots = self._robots_of(self._root(host))
        return bool(robots and robots.crawl_delay(ROBOT))

    def page(
        self, host: str, path: str, max_bytes: int, is_enough: Callable[[bytes], bool] | None
    ) -> tuple[Response, str]:
        """Return a page and the path, with its query, at which it is in the end.

        Raises:
            PageError: robots.txt says no, or it leads away from the site.
            DeliveryError: the host does not answer, or leads inside.
            OutOfBoundsError: the calls or the time of this run are used up.
        """
        return self._followed(urljoin(self._root(host), path), max_bytes, is_enough)

    def feed(self, url: str, max_bytes: int) -> Response:
        """Return the feed; errors as in `page`."""
        return self._followed(url, max_bytes, None)[0]

    def _root(self, host: str) -> str:
        bare = host.partition(":")[0]
        scheme = "http" if {host, bare} & self._plain else "https"
        return f"{scheme}://{host}/"

    def _check(self, url: str) -> None:
        check_url(url, self._allowed_at(url))

    def _allowed_at(self, url: str) -> tuple[str, ...]:
        """Return the hosts that may have a private address at the port of `url`."""
        parts = urlsplit(url)
        port = parts.port or PORTS.get(parts.scheme)
        return tuple(name for name, named in self._allowed if named in (None, port))

    def _followed(
        self, url: str, max_bytes: int, is_enough: Callable[[bytes], bool] | None
    ) -> tuple[Response, str]:
        for _ in range(REDIRECTS_MAX + 1):
            robots = self._robots_of(url)
            if robots and not robots.can_fetch(url, ROBOT):
                raise PageError("robots")
            found = self._call(url, max_bytes, is_enough)
            if not (300 <= found.status < 400 and found.location):
                parts = urlsplit(url)
                return found, parts.path + (f"?{parts.query}" if parts.query else "")
            url = self._target(url, found.location)
        raise PageError("elsewhere")

    def _target(self, url: str, location: str) -> str:
        """Return where a redirect leads, if that is on the site."""
        try:
            # As browsers write it: headers have letters beyond ASCII as the bytes of UTF-8.
            target = urljoin(url, _escaped(location)).partition("#")[0]
            if origin_host(target) in self._site.hosts:
                self._check(target)
                return target
        except (ValueError, InvalidInputError):
            pass
        raise PageError("elsewhere")

    def _robots_of(self, url: str) -> Protego | None:
        """Return what robots.txt of a host says; None: anything goes.

        Raises:
            DeliveryError: it cannot be read, so nothing of the host is.
        """
        parts = urlsplit(url)
        root = f"{parts.scheme}://{parts.netloc}"
        if root not in self._robots:
            at = f"{root}/robots.txt"
            found = self._call(at, ROBOTS_MAX_BYTES, None)
            for _ in range(REDIRECTS_MAX):
                if not (300 <= found.status < 400 and found.location):
                    break
                at = self._target(at, found.location)
                found = self._call(at, ROBOTS_MAX_BYTES, None)
            if found.status >= 500 or found.status == 429:
                raise DeliveryError(
                    "{host} answered {status} when asked for robots.txt.",
                    host=parts.netloc,
                    status=found.status,
                )
            is_text = 200 <= found.status < 300 and "html" not in found.content_type.lower()
            text = found.body.decode("utf-8", "replace")
            self._robots[root] = Protego.parse(text) if is_text else None
        return self._robots[root]

    def _call(
        self, url: str, max_bytes: int, is_enough: Callable[[bytes], bool] | None
    ) -> Response:
        if self.calls >= CALLS_MAX or self._timer() - self._begun >= RUN_SECONDS:
            raise OutOfBoundsError
        self.calls += 1
        headers = {"User-Agent": USER_AGENT, "Accept": "text/html,application/xml;q=0.9,*/*;q=0.1"}
        try:
            return get(url, headers, self._allowed_at(url), max_bytes, is_enough)
        except (InvalidInputError, ValueError) as error:
            raise PageError("refused") from error


def _escaped(location: str) -> str:
    text = location.encode("latin-1", "replace")
    return "".join(chr(byte) if 0x20 < byte < 0x7F else f"%{byte:02X}" for byte in text.strip())

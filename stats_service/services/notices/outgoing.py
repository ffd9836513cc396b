"""Calls to addresses that people typed in: https, to the public Internet, without detours.

The name is resolved once, every address that it has must be public, and the call goes to one
of those; so a name that changes its mind in between (DNS rebinding) reaches nothing inside.
Redirects are not followed. `STATS_WEBHOOK_HOSTS` names hosts that may be private or plain http.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import SplitResult, urlsplit

from stats_service.errors import InvalidInputError, StatsError

#: Longest wait for a connection, and for each part of an answer, in seconds.
TIMEOUT_SECONDS = 5.0
#: Longest call as a whole: a receiver that sends a byte now and then would keep a worker's thread,
#: and the regular work, for ever.
CALL_SECONDS = 10.0
URL_MAX_LENGTH = 500
#: Bytes of an answer that are read, for the error's text.
ANSWER_MAX_BYTES = 200


class DeliveryError(StatsError):
    """A message could not be delivered; it is tried again."""

    code = "delivery"
    title = "Could not be delivered"


def check_url(url: str, allowed_hosts: tuple[str, ...]) -> SplitResult:
    """Return the parts of `url` if it may be called, as far as can be told without DNS.

    Raises:
        InvalidInputError: it is no such URL.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise InvalidInputError(
            "URL {url!r} is none: {error}.", url=url[:80], error=error
        ) from error
    if len(url) > URL_MAX_LENGTH or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidInputError(
            "URL {url!r}: use at most {url_max_length} ASCII characters without spaces.",
            url=url[:80],
            url_max_length=URL_MAX_LENGTH,
        )
    if not host or parts.username is not None or parts.fragment:
        raise InvalidInputError("URL {url!r}: write it as https://host/path.", url=url[:80])
    if host in allowed_hosts and parts.scheme in ("http", "https"):
        return parts
    if parts.scheme != "https":
        raise InvalidInputError(
            "URL {url!r}: use https, or let the operator name the host in STATS_WEBHOOK_HOSTS.",
            url=url[:80],
        )
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        return parts
    if not is_public(str(literal)):
        raise InvalidInputError(
            "URL {url!r}: the address is not on the public Internet.", url=url[:80]
        )
    return parts


def url_host(url: str) -> str:
    """Return the host of `url`, as `allowed_hosts` names it; empty if there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def post(url: str, body: bytes, headers: dict[str, str], allowed_hosts: tuple[str, ...]) -> None:
    """Post `body` to `url`.

    Raises:
        InvalidInputError: the URL may not be called.
        DeliveryError: it leads inside, does not answer, or answers anything but 2xx.
    """
    parts = check_url(url, allowed_hosts)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    kind = _PinnedHTTPS if parts.scheme == "https" else _Pinned
    connection = kind(host, port, host in allowed_hosts)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with connection.ended_in_time():
            connection.request("POST", target, body, headers)
            answer = connection.getresponse()
            answer.read(ANSWER_MAX_BYTES)
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        raise DeliveryError(
            "{host} did not take the call: {error}", host=host, error=error or type(error).__name__
        ) from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise DeliveryError(
            "{host} answered {status} instead of 200.", host=host, status=answer.status
        )


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public Internet, tunnels to others not included."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner or ip in _NAT64:
            return False
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/32")


def _connected(host: str, port: int, deadline: float, *, private: bool) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(map(is_public, addresses)):
        raise DeliveryError(
            "{host} leads to an address that is not on the public Internet.", host=host
        )
    failure: OSError | None = None
    for address in dict.fromkeys(addresses):  # a machine without IPv6 reaches the other one
        left = deadline - time.monotonic()
        if left <= 0:
            raise failure or TimeoutError("too slow")
        try:
            return socket.create_connection((address, port), min(TIMEOUT_SECONDS, left))
        except OSError as error:
            failure = error
    raise failure or OSError("the name has no address")


class _Pinned(http.client.HTTPConnection):
    """Connects to an address that was checked, and to no other."""

    def __init__(self, host: str, port: int, private: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._private = private
        self._deadline = time.monotonic() + CALL_SECONDS
        self._late = False
        #: Kept here as well: `sock` is forgotten while the answer is still being read.
        self._line: socket.socket | None = None

    def connect(self) -> None:
        """Connect."""
        self._line = self.sock = _connected(
            self.host, self.port, self._deadline, private=self._private
        )
        self.sock.settimeout(TIMEOUT_SECONDS)
        if self._late:
            raise TimeoutError

    @contextmanager
    def ended_in_time(self) -> Iterator[None]:
        """Cut the connection off when the call has taken too long; TimeoutError says so."""
        watch = threading.Timer(self._deadline - time.monotonic(), self._cut_off)
        watch.daemon = True
        watch.start()
        try:
            yield
        except (OSError, http.client.HTTPException):
            if not self._late:
                raise
        finally:
            watch.cancel()
        if self._late:  # half an answer may look like a whole one
            raise TimeoutError("timed out")

    def _cut_off(self) -> None:
        self._late = True
        if self._line is not None:
            with suppress(OSError):  # it is closed already
                # The kernel's end of it alone: another thread is in the middle of its TLS.
                socket.socket.shutdown(self._line, socket.SHUT_RDWR)


class _PinnedHTTPS(_Pinned):
    """The same with TLS, whose certificate is checked against the name."""

    def connect(self) -> None:
        """Connect."""
        super().connect()
        context = ssl.create_default_context()
        self._line = self.sock = context.wrap_socket(
            self.sock, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock.do_handshake()  # now that `_cut_off` reaches it

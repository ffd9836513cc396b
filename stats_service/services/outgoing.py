"""Calls to addresses that people typed in: https, to the public Internet, without detours.

The name is resolved once, every address that it has must be public, and the call goes to one
of those; so a name that changes its mind in between (DNS rebinding) reaches nothing inside.
Redirects are not followed. `STATS_WEBHOOK_HOSTS` names hosts that may be private or plain http.
"""

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import SplitResult, urlsplit

from stats_service.errors import InvalidInputError, StatsError

#: Longest wait for a connection, and for each part of an answer, in seconds.
TIMEOUT_SECONDS = 5.0
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
        raise InvalidInputError(f"URL {url[:80]!r} is none: {error}.") from error
    if len(url) > URL_MAX_LENGTH or not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidInputError(
            f"URL {url[:80]!r}: use at most {URL_MAX_LENGTH} ASCII characters without spaces."
        )
    if not host or parts.username is not None or parts.fragment:
        raise InvalidInputError(f"URL {url[:80]!r}: write it as https://host/path.")
    if host in allowed_hosts and parts.scheme in ("http", "https"):
        return parts
    if parts.scheme != "https":
        raise InvalidInputError(
            f"URL {url[:80]!r}: use https, or let the operator name the host in "
            "STATS_WEBHOOK_HOSTS."
        )
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        return parts
    if not is_public(str(literal)):
        raise InvalidInputError(f"URL {url[:80]!r}: the address is not on the public Internet.")
    return parts


def post(url: str, body: bytes, headers: dict[str, str], allowed_hosts: tuple[str, ...]) -> None:
    """Post `body` to `url`.

    Raises:
        InvalidInputError: the URL may not be called.
        DeliveryError: it leads inside, does not answer, or answers anything but 2xx.
    """
    parts = check_url(url, allowed_hosts)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = _PinnedHTTPS(host, port, host in allowed_hosts)
    else:
        connection = _Pinned(host, port, host in allowed_hosts)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()
        answer.read(ANSWER_MAX_BYTES)
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        raise DeliveryError(
            f"{host} did not take the call: {error or type(error).__name__}"
        ) from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise DeliveryError(f"{host} answered {answer.status} instead of 200.")


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public Internet, tunnels to others not included."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner or ip in _NAT64:
            return False
    return ip.is_global and not ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/32")


def _connected(host: str, port: int, *, private: bool) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(map(is_public, addresses)):
        raise DeliveryError(f"{host} leads to an address that is not on the public Internet.")
    failure: OSError | None = None
    for address in dict.fromkeys(addresses):  # a machine without IPv6 reaches the other one
        try:
            return socket.create_connection((address, port), TIMEOUT_SECONDS)
        except OSError as error:
            failure = error
    raise failure or OSError("the name has no address")


class _Pinned(http.client.HTTPConnection):
    """Connects to an address that was checked, and to no other."""

    def __init__(self, host: str, port: int, private: bool) -> None:
        super().__init__(host, port, timeout=TIMEOUT_SECONDS)
        self._private = private

    def connect(self) -> None:
        """Connect."""
        self.sock = _connected(self.host, self.port, private=self._private)


class _PinnedHTTPS(_Pinned):
    """The same with TLS, whose certificate is checked against the name."""

    def connect(self) -> None:
        """Connect."""
        super().connect()
        context = ssl.create_default_context()
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host)

"""Calls to URLs that administrators typed in: https, to the public Internet, without redirects.

Webhooks are posted, and pages of portals read (`services.titles`).

libcurl makes the call, through pycurl. It resolves the name and asks `_opened` for a socket to each
address before it connects, so the address that is checked is the address that is called, and a name
that resolves differently the second time (DNS rebinding) reaches nothing inside. Redirects are not
followed, and proxies of the environment are not used. `STATS_WEBHOOK_HOSTS` names hosts that may be
private or use plain http. docs/decisions/0025 has the reasons.
"""

import ipaddress
import re
import socket
import ssl
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from stats_service.errors import InvalidInputError, StatsError

#: Longest wait for a connection, in seconds.
CONNECT_SECONDS = 5.0
#: Longest call in seconds, including DNS: a receiver that sends a byte now and then would otherwise
#: occupy a worker's thread, and the periodic jobs, for ever.
CALL_SECONDS = 10.0
URL_MAX_LENGTH = 500
#: Bytes of a response body that are read; they are discarded.
ANSWER_MAX_BYTES = 16 * 1024
#: Longest header of an answer that is looked at, in characters.
HEADER_MAX_LENGTH = 2_000

#: Top-level names that are not on the public Internet: RFC 6761, RFC 6762 appendix G, RFC 7686,
#: RFC 9476, ICANN's `internal`, and names that systems give themselves.
_INNER_NAMES = frozenset(
    (
        *("alt", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain"),
        *("localhost", "onion", "private", "test"),
    )
)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
#: A host with such an end is an address, in whatever notation.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

#: What libcurl gets when it asks for a socket.
Opened = socket.socket | int


class DeliveryError(StatsError):
    """A message could not be delivered; it is sent again later."""

    code = "delivery"
    title = "Could not be delivered"


def check_url(url: str, allowed_hosts: tuple[str, ...]) -> SplitResult:
    """Return the parts of `url` if it may be called, as far as that is known without DNS.

    Raises:
        InvalidInputError: the URL may not be called.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
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
    if port == 0:
        raise InvalidInputError("URL {url!r}: nothing listens at port 0.", url=url[:80])
    if not host or parts.username is not None or parts.fragment or "\\" in url:
        raise InvalidInputError("URL {url!r}: write it as https://host/path.", url=url[:80])
    if host in allowed_hosts and parts.scheme in ("http", "https"):
        return parts
    if parts.scheme != "https":
        raise InvalidInputError(
            "URL {url!r}: use https, or let the operator name the host in STATS_WEBHOOK_HOSTS.",
            url=url[:80],
        )
    _check_host(url, host)
    return parts


def _check_host(url: str, host: str) -> None:
    """Return if a host may be on the public Internet; InvalidInputError says why it is not."""
    *names, last = host.removesuffix(".").split(".")
    if ":" in host or _NUMBER.fullmatch(last):
        try:
            address = str(ipaddress.ip_address(host))
        except ValueError as error:
            # Resolvers read 2130706433, 0x7f.1 and 0177.0.0.1 as 127.0.0.1.
            raise InvalidInputError(
                "URL {url!r}: {host} is a number. Write an address as 203.0.113.7 or "
                "[2001:db8::7], or a name.",
                url=url[:80],
                host=host[:80],
            ) from error
        if not is_public(address):
            raise InvalidInputError(
                "URL {url!r}: the address is not on the public Internet.", url=url[:80]
            )
        return
    if not all(map(_LABEL.fullmatch, (*names, last))):
        raise InvalidInputError("URL {url!r}: {host} is no name.", url=url[:80], host=host[:80])
    if not names or last in _INNER_NAMES or host.removesuffix(".").endswith(".home.arpa"):
        raise InvalidInputError(
            "URL {url!r}: {host} is a name of this machine or of an inner network. Use one of the "
            "public Internet, or let the operator name the host in STATS_WEBHOOK_HOSTS.",
            url=url[:80],
            host=host[:80],
        )


def url_host(url: str) -> str:
    """Return the host of `url` as written in `allowed_hosts`; empty if there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


class Response(NamedTuple):
    """What a server answered to `get`."""

    status: int
    #: The header `Content-Type`; empty: there is none.
    content_type: str
    #: The header `Location`, as the server wrote it; empty: there is none.
    location: str
    #: The beginning of the body.
    body: bytes


def get(
    url: str,
    headers: dict[str, str],
    allowed_hosts: tuple[str, ...],
    max_bytes: int,
    is_enough: Callable[[bytes], bool] | None = None,
) -> Response:
    """Get `url`, without following redirects.

    Args:
        url: what to get.
        headers: of the request.
        allowed_hosts: hosts that may have a private address or no https.
        max_bytes: of the body, unpacked; the rest is not read.
        is_enough: is asked of what came so far; if true, the rest is not read.

    Raises:
        InvalidInputError: the URL may not be called.
        DeliveryError: the URL leads inside, or does not respond.
    """
    import pycurl  # noqa: PLC0415

    body, received = bytearray(), dict[str, str]()

    def read(chunk: bytes) -> int:
        searched = max(0, len(body) - 16)
        body.extend(chunk[: max_bytes - len(body)])
        done = len(body) >= max_bytes or (is_enough and is_enough(bytes(body[searched:])))
        return 0 if done else len(chunk)

    def read_header(line: bytes) -> None:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon and len(value) <= HEADER_MAX_LENGTH:
            received[name.strip().lower()] = value.strip()

    parts = check_url(url, allowed_hosts)
    call = pycurl.Curl()
    try:
        _set_up(call, parts, headers)
        call.setopt(pycurl.HTTPGET, 1)
        call.setopt(pycurl.ACCEPT_ENCODING, "")  # whatever it can unpack
        call.setopt(pycurl.WRITEFUNCTION, read)
        call.setopt(pycurl.HEADERFUNCTION, read_header)
        status = _perform(call, parts.hostname or "", allowed_hosts)
    finally:
        call.close()
    content_type, location = received.get("content-type", ""), received.get("location", "")
    return Response(status, content_type, location, bytes(body))


def post(url: str, body: bytes, headers: dict[str, str], allowed_hosts: tuple[str, ...]) -> None:
    """Post `body` to `url`.

    Raises:
        InvalidInputError: the URL may not be called.
        DeliveryError: the URL leads inside, does not respond, or responds with anything but 2xx.
    """
    # Imported here, so that only processes that call out load libcurl and its 8 MB.
    import pycurl  # noqa: PLC0415

    parts = check_url(url, allowed_hosts)
    host, room = parts.hostname or "", [ANSWER_MAX_BYTES]

    def read(chunk: bytes) -> int:
        room[0] -= len(chunk)
        return len(chunk) if room[0] >= 0 else 0

    call = pycurl.Curl()
    try:
        _set_up(call, parts, headers)
        call.setopt(pycurl.POST, 1)
        call.setopt(pycurl.POSTFIELDS, body)
        call.setopt(pycurl.WRITEFUNCTION, read)
        status = _perform(call, host, allowed_hosts)
    finally:
        call.close()
    if not 200 <= status < 300:
        raise DeliveryError("{host} answered {status} instead of 200.", host=host, status=status)


def _perform(call: Any, host: str, allowed_hosts: tuple[str, ...]) -> int:
    """Make a call, and return the status; DeliveryError says why there is none."""
    import pycurl  # noqa: PLC0415

    refused: list[str] = []
    if host not in allowed_hosts:
        call.setopt(pycurl.OPENSOCKETFUNCTION, _opener(refused, pycurl.SOCKET_BAD))
    try:
        call.perform()
    except pycurl.error as error:
        # The rest of a long body is left unread; the status is known by then.
        if error.args[0] != pycurl.E_WRITE_ERROR:
            raise _failure(error, host, refused) from error
    return int(call.getinfo(pycurl.RESPONSE_CODE))


def _set_up(call: Any, parts: SplitResult, headers: dict[str, str]) -> None:
    """Prepare what every call has, but for its method and what becomes of the answer."""
    import pycurl  # noqa: PLC0415

    # Assembled again, so that libcurl and `check_url` see the same host.
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = f":{parts.port}" if parts.port is not None else ""
    query = f"?{parts.query}" if parts.query else ""
    call.setopt(pycurl.URL, f"{parts.scheme}://{host}{port}{parts.path or '/'}{query}")
    call.setopt(pycurl.PATH_AS_IS, 1)
    call.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    call.setopt(pycurl.FOLLOWLOCATION, 0)
    call.setopt(pycurl.PROXY, "")  # ignores http_proxy of the environment
    call.setopt(pycurl.NOSIGNAL, 1)  # threads
    call.setopt(pycurl.CONNECTTIMEOUT_MS, int(1000 * min(CONNECT_SECONDS, CALL_SECONDS)))
    call.setopt(pycurl.TIMEOUT_MS, int(1000 * CALL_SECONDS))
    # The CA file that Python uses: libcurl of a wheel does not know where the system's is.
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        call.setopt(pycurl.CAINFO, paths.cafile)
    if paths.capath:
        call.setopt(pycurl.CAPATH, paths.capath)
    call.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])


def _opener(refused: list[str], bad: int) -> Callable[[int, Any], Opened]:
    """Return the callback that opens sockets for libcurl and adds inside addresses to `refused`."""

    def opened(_purpose: int, address: Any) -> Opened:
        where = address.addr[0] if isinstance(address.addr, tuple) else ""
        if not where or not is_public(where):
            refused.append(where)
            return bad
        try:
            return socket.socket(address.family, address.socktype, address.protocol)
        except OSError:  # no IPv6 here, or no descriptor left: libcurl tries the next address
            return bad

    return opened


def _failure(error: Exception, host: str, refused: list[str]) -> DeliveryError:
    import pycurl  # noqa: PLC0415

    code, text = error.args[0], str(error.args[1])
    if refused:
        return DeliveryError(
            "{host} leads to an address that is not on the public Internet.", host=host
        )
    if code == pycurl.E_OPERATION_TIMEDOUT:
        return DeliveryError(
            "{host} did not answer within {seconds} seconds.",
            host=host,
            seconds=f"{CALL_SECONDS:g}",
        )
    if code == pycurl.E_COULDNT_RESOLVE_HOST:
        return DeliveryError("{host} has no address: check the name.", host=host)
    if code == pycurl.E_COULDNT_CONNECT:
        return DeliveryError("{host} cannot be reached: nothing accepts the call.", host=host)
    if code in (pycurl.E_PEER_FAILED_VERIFICATION, pycurl.E_SSL_CONNECT_ERROR):
        return DeliveryError(
            "{host} has no valid certificate, or speaks no TLS: {error}", host=host, error=text
        )
    return DeliveryError("{host} did not take the call: {error}", host=host, error=text)


def is_public(address: str) -> bool:
    """Return whether an address is on the public Internet and not a tunnel to somewhere else."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner or any(ip in network for network in _TUNNELS):
            return False
        if ip.is_site_local:
            return False
    if any(ip in network for network in _SPECIAL if network.version == ip.version):
        return False
    return ip.is_global and not ip.is_multicast


#: Special-purpose networks of IANA's registries that an older Python takes for global, and the
#: address at which virtual machines of Azure reach their host.
_SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "3fff::/20", "5f00::/16"),
    )
)
#: NAT64, the old IPv4-compatible addresses, and translated IPv4.
_TUNNELS = tuple(map(ipaddress.ip_network, ("64:ff9b::/32", "::/96", "::ffff:0:0:0/96")))

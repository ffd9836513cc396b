"""The sender of a request: the address to trust, from the peer and the proxies' headers."""

import re
from dataclasses import dataclass
from functools import lru_cache

from stats_service.config import Settings
from stats_service.models.traffic.views import Visitor
from stats_service.services.visitors.addresses import CACHE_SIZE, canonical_address, in_networks

#: Longer headers are ignored: 16 proxies need no more.
FORWARDED_MAX_LENGTH = 4096
#: Longest `X-Forwarded-For` of which a worker remembers whose it is, in characters.
REMEMBERED_MAX_LENGTH = 100
#: Loopback and private addresses: in an office they are those of readers, elsewhere those of a
#: proxy.
LOOPBACK = ("127.0.0.0/8", "::1/128")
PRIVATE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
)


#: The pairs of one element of `Forwarded` (RFC 7239), and the separator of elements.
_PAIR = re.compile(r'\s*([\w-]+)=("[^"]*"|[^";,]*)\s*(;|,|$)')


@dataclass(frozen=True, slots=True)
class AddressSource:
    """Which part of a request holds the reader's address.

    Without a configured header, only the peer and `X-Forwarded-For` count (`client_address`). A
    configured header is trusted if the request came from one of `networks`, that is: if the caller
    of our outermost proxy (or of the service, if there is no proxy) has such an address.
    """

    trusted_proxies: int = 0
    #: In lower case; empty: none.
    name: bytes = b""
    #: In canonical form, as CIDR.
    networks: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> "AddressSource":
        """Return the source that the settings describe."""
        return cls(
            settings.trusted_proxies,
            settings.client_ip_header.lower().encode(),
            settings.proxy_networks,
        )

    def find(self, peer: str, forwarded_for: str, named: str) -> tuple[str, str]:
        """Return the reader's address (`""` if unknown) and its `address_hint`.

        Args:
            peer: as `client_address` takes it.
            forwarded_for: the value of `X-Forwarded-For`.
            named: the value of the configured header.
        """
        find = _remembered_client if len(forwarded_for) <= REMEMBERED_MAX_LENGTH else _client
        address, hint = find(peer, forwarded_for, self.trusted_proxies)
        if named and in_networks(address, self.networks):
            found = canonical_address(_last_for(named) if self.name == b"forwarded" else named)
            if found:
                return found, _local_hint(found)
        return address, hint


def _last_for(forwarded: str) -> str:
    """Return `for` of the last element of `Forwarded`, which the last proxy wrote."""
    if len(forwarded) > FORWARDED_MAX_LENGTH:
        return ""
    found, at = "", 0
    while at < len(forwarded):
        pair = _PAIR.match(forwarded, at)
        if pair is None:
            return ""
        if pair[1].lower() == "for":
            found = pair[2]
        at = pair.end()
        if pair[3] == ",":
            found = ""
    return found


def client_address(peer: str, forwarded_for: str, trusted_proxies: int) -> str:
    """Return the client's address in canonical spelling, or `""` if it is unknown.

    Each of our own proxies appends its caller's address to `X-Forwarded-For`. So the entry at
    position `trusted_proxies` from the right was written by our outermost proxy, and the client
    can invent every entry left of it.

    Args:
        peer: The address that the connection came from; empty for a Unix socket.
        forwarded_for: The value of `X-Forwarded-For`, several headers joined by commas.
        trusted_proxies: Number of our own proxies in front; with 0 the header is ignored.

    Returns:
        The entry, or the peer if there are fewer entries or the entry is not an address. Empty if
        the peer is not an address either, as on a Unix socket behind a proxy that sends no
        header: then no identity can be derived.
    """
    if trusted_proxies > 0 and forwarded_for and len(forwarded_for) <= FORWARDED_MAX_LENGTH:
        entries = forwarded_for.rsplit(",", trusted_proxies)
        if len(entries) >= trusted_proxies:
            address = canonical_address(entries[-trusted_proxies])
            if address:
                return address
    return canonical_address(peer)


def counted_proxies(settings: Settings) -> int | None:
    """Return how many entries `X-Forwarded-For` should have; None: another header is configured."""
    return None if settings.client_ip_header else settings.trusted_proxies


def forwarded_entries(forwarded_for: str) -> int:
    """Return how many entries an `X-Forwarded-For` header has; each proxy adds one."""
    if len(forwarded_for) > FORWARDED_MAX_LENGTH:
        return 0
    return sum(bool(entry.strip()) for entry in forwarded_for.split(","))


def address_hint(address: str, forwarded_for: str, trusted_proxies: int) -> str:
    """Return why `address` may not be the reader's, in the words of `Visitor.hint`."""
    if forwarded_for.count(",") >= trusted_proxies and forwarded_for:
        return "proxy-more"
    return _local_hint(address)


def _client(peer: str, forwarded_for: str, trusted_proxies: int) -> tuple[str, str]:
    """Return the client's address, and its hint."""
    address = client_address(peer, forwarded_for, trusted_proxies)
    return address, address_hint(address, forwarded_for, trusted_proxies)


_remembered_client = lru_cache(maxsize=CACHE_SIZE)(_client)


@lru_cache(maxsize=CACHE_SIZE)
def _local_hint(address: str) -> str:
    if in_networks(address, LOOPBACK):
        return "proxy-local"
    return "proxy-private" if in_networks(address, PRIVATE) else ""


def visitor_of(
    address: str,
    origin: str,
    user_agent: str,
    gpc: str,
    dnt: str,
    purpose: str,
    hint: str = "",
    language: str = "",
) -> Visitor:
    """Return the sender of a request, from its headers.

    Args:
        address: As `client_address` returns it.
        origin: The page that the request came from.
        user_agent: `User-Agent`.
        gpc: `Sec-GPC`.
        dnt: `DNT`.
        purpose: `Sec-Purpose`, or the older `Purpose`.
        hint: As `address_hint` returns it.
        language: `Accept-Language`.
    """
    return Visitor(
        address=address,
        user_agent=user_agent,
        origin=origin,
        private=gpc == "1" or dnt == "1",
        prefetch="prefetch" in purpose,
        hint=hint,
        language=language,
    )

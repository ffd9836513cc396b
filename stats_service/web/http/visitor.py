"""Who sends a request: the address that we believe, out of the peer's and the proxies' words."""

import re
from dataclasses import dataclass
from functools import lru_cache

from stats_service.config import Settings
from stats_service.models.traffic import Visitor
from stats_service.services.visitors.addresses import CACHE_SIZE, canonical_address, in_networks

#: Longer headers are refused as rubbish: 16 proxies need no more.
FORWARDED_MAX_LENGTH = 4096
#: This machine, and addresses that nobody has on the Internet: in an office they are readers', else
#: a proxy's.
LOOPBACK = ("127.0.0.0/8", "::1/128")
PRIVATE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
)


#: The pairs of one element of `Forwarded` (RFC 7239), and what parts elements.
_PAIR = re.compile(r'\s*([\w-]+)=("[^"]*"|[^";,]*)\s*(;|,|$)')


@dataclass(frozen=True, slots=True)
class AddressSource:
    """Where the reader's address stands in a request; the one place that knows it.

    Without a header by name, in the peer and `X-Forwarded-For` alone (`client_address`). With one,
    that header is believed of requests that came from one of `networks`: whoever called the
    outermost of our own proxies, or the service itself if there are none.
    """

    trusted_proxies: int = 0
    #: In lower case; empty: none.
    name: bytes = b""
    #: In canonical form, as CIDR.
    networks: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> "AddressSource":
        """Return what the settings say."""
        return cls(
            settings.trusted_proxies,
            settings.client_ip_header.lower().encode(),
            settings.proxy_networks,
        )

    def find(self, peer: str, forwarded_for: str, named: str) -> tuple[str, str]:
        """Return the reader's address, `""` if it is not known, and `address_hint` of it.

        Args:
            peer: as `client_address` takes it.
            forwarded_for: the value of `X-Forwarded-For`.
            named: the value of the header by name.
        """
        address = client_address(peer, forwarded_for, self.trusted_proxies)
        if named and in_networks(address, self.networks):
            found = canonical_address(_last_for(named) if self.name == b"forwarded" else named)
            if found:
                return found, _local_hint(found)
        return address, address_hint(address, forwarded_for, self.trusted_proxies)


def _last_for(forwarded: str) -> str:
    """Return `for` of the last element of `Forwarded`, which the last proxy has written."""
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
    """Return the client's address in its canonical spelling, or `""` if it is not known.

    Each of our own proxies adds, at the right end of `X-Forwarded-For`, the address that it was
    called from. So with `trusted_proxies` of them the entry that many places from the right is
    the last one that one of ours wrote, and everything left of it is the client's invention.

    Args:
        peer: The address that the connection came from; empty for a Unix socket.
        forwarded_for: The value of `X-Forwarded-For`, several headers joined by commas.
        trusted_proxies: How many proxies of ours stand in front; with 0 the header is ignored.

    Returns:
        The entry, or the peer if there are fewer entries or that one is no address. The answer
        is empty if the peer is no address either, as on a Unix socket behind a proxy that sends
        no header: the caller then has no identity to derive.
    """
    if trusted_proxies > 0 and forwarded_for and len(forwarded_for) <= FORWARDED_MAX_LENGTH:
        entries = forwarded_for.rsplit(",", trusted_proxies)
        if len(entries) >= trusted_proxies:
            address = canonical_address(entries[-trusted_proxies])
            if address:
                return address
    return canonical_address(peer)


def counted_proxies(settings: Settings) -> int | None:
    """Return how many stations `X-Forwarded-For` should name; None: the address is elsewhere."""
    return None if settings.client_ip_header else settings.trusted_proxies


def forwarded_entries(forwarded_for: str) -> int:
    """Return how many stations an `X-Forwarded-For` header names, each proxy adding one."""
    if len(forwarded_for) > FORWARDED_MAX_LENGTH:
        return 0
    return sum(bool(entry.strip()) for entry in forwarded_for.split(","))


def address_hint(address: str, forwarded_for: str, trusted_proxies: int) -> str:
    """Return what makes one doubt that `address` is the reader's, as `Visitor.hint` has it."""
    if forwarded_for.count(",") >= trusted_proxies and forwarded_for:
        return "proxy-more"
    return _local_hint(address)


@lru_cache(maxsize=CACHE_SIZE)
def _local_hint(address: str) -> str:
    if in_networks(address, LOOPBACK):
        return "proxy-local"
    return "proxy-private" if in_networks(address, PRIVATE) else ""


def visitor_of(
    address: str, origin: str, user_agent: str, gpc: str, dnt: str, purpose: str, hint: str = ""
) -> Visitor:
    """Return who sent a request, from its headers.

    Args:
        address: As `client_address` returns it.
        origin: The page that the request came from.
        user_agent: `User-Agent`.
        gpc: `Sec-GPC`.
        dnt: `DNT`.
        purpose: `Sec-Purpose`, or the older `Purpose`.
        hint: As `address_hint` returns it.
    """
    return Visitor(
        address=address,
        user_agent=user_agent,
        origin=origin,
        private=gpc == "1" or dnt == "1",
        prefetch="prefetch" in purpose,
        hint=hint,
    )

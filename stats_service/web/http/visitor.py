"""Who sends a request: the address that we believe, out of the peer's and the proxies' words."""

from stats_service.models.traffic import Visitor
from stats_service.services.visitors.addresses import canonical_address

#: Longer headers are refused as rubbish: 16 proxies need no more.
FORWARDED_MAX_LENGTH = 4096


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


def forwarded_entries(forwarded_for: str) -> int:
    """Return how many stations an `X-Forwarded-For` header names, each proxy adding one."""
    if len(forwarded_for) > FORWARDED_MAX_LENGTH:
        return 0
    return sum(bool(entry.strip()) for entry in forwarded_for.split(","))


def visitor_of(
    address: str, origin: str, user_agent: str, gpc: str, dnt: str, purpose: str
) -> Visitor:
    """Return who sent a request, from its headers.

    Args:
        address: As `client_address` returns it.
        origin: The page that the request came from.
        user_agent: `User-Agent`.
        gpc: `Sec-GPC`.
        dnt: `DNT`.
        purpose: `Sec-Purpose`, or the older `Purpose`.
    """
    return Visitor(
        address=address,
        user_agent=user_agent,
        origin=origin,
        private=gpc == "1" or dnt == "1",
        prefetch="prefetch" in purpose,
    )

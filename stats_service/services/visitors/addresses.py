"""Internet addresses: canonical spelling, networks, lists of networks.

An address is a `str` in canonical spelling, or `""` if it is unknown.
"""

import ipaddress
import socket
from collections.abc import Sequence
from functools import lru_cache

from stats_service.errors import InvalidInputError

#: Longest text that can be an address: IPv6 with an IPv4 tail, brackets, a zone and a port.
ADDRESS_MAX_LENGTH = 100
#: Bits of an IPv6 address that identify the network of one subscriber.
SUBSCRIBER_BITS = 64
#: Bits of an IPv6 address that identify a customer with many networks.
CUSTOMER_BITS = 48
#: Bits of the wider networks in which a crowd is searched for, by version: the network of an
#: institution or a pool of a provider; and a large part of a provider, often all of its IPv6.
BLOCK_BITS = {4: 24, 6: 40}
PROVIDER_BITS = {4: 16, 6: 32}
#: Least number of bits of a network that can be excluded, by version: a wider network is not an
#: office but a large part of all readers.
EXCLUDED_BITS = {4: 8, 6: 16}
#: Private networks, which may be wider: nobody on the Internet has such an address.
_LOCAL = (ipaddress.IPv6Network("fc00::/7"), ipaddress.IPv6Network("fe80::/10"))
#: Fewest bits of a public network whose addresses may be kiosks, by version.
DESK_BITS = {4: 24, 6: 48}
#: Number of addresses, and of lists of networks, that are cached.
CACHE_SIZE = 8192
NETWORKS_CACHE_SIZE = 1024


def canonical_address(text: str) -> str:
    """Return the canonical spelling of the address in `text`, or `""` if there is none.

    Accepts what servers and proxies write: a port, brackets, quotes, an IPv6 zone, which is
    removed, and IPv4 in IPv6, which becomes IPv4.
    """
    found = _parsed(text) if len(text) <= ADDRESS_MAX_LENGTH else None
    return found[0] if found else ""


@lru_cache(maxsize=CACHE_SIZE)
def _parsed(text: str) -> tuple[str, int, int] | None:
    """Return the canonical spelling, the version and the number of an address."""
    bare = text.strip().strip('"')
    if bare.startswith("["):
        bare, bracket, port = bare[1:].partition("]")
        if not bracket or (port and not _is_port(port)):
            return None
    elif bare.count(":") == 1:
        bare, colon, port = bare.partition(":")
        if not _is_port(colon + port):
            return None
    elif (number := _ipv4_number(bare)) is not None:
        return bare, 4, number
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    try:
        address = (
            ipaddress.IPv6Address(bare.partition("%")[0])
            if ":" in bare
            else ipaddress.IPv4Address(bare)
        )
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address), address.version, int(address)


def _ipv4_number(text: str) -> int | None:
    """Return the number of an IPv4 address in canonical spelling, in a tenth of `ipaddress`' time.

    None: it is none, or `ipaddress` has to say.
    """
    try:
        packed = socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return None
    return (
        int.from_bytes(packed, "big") if socket.inet_ntop(socket.AF_INET, packed) == text else None
    )


def _is_port(text: str) -> bool:
    digits = text[1:]
    return text[0] == ":" and digits.isascii() and digits.isdigit() and int(digits) < 65536


def network_prefix(address: str) -> str:
    """Return the network of the subscriber with `address`: IPv4 as it is, IPv6 cut to the /64.

    An IPv6 device changes the lower half of its address at will, so each change would otherwise
    be a new visitor.
    """
    return _prefix(address, SUBSCRIBER_BITS)


def ipv6_48_prefix(address: str) -> str:
    """Return `address` itself if it is IPv4, else the /48 that holds it.

    One customer may own 65,536 networks of /64, so ceilings need this wider network as well.
    """
    return _prefix(address, CUSTOMER_BITS)


def block_prefix(address: str) -> str:
    """Return the /24 of the canonical `address`, or the /40 if it is IPv6."""
    return _wider(address, BLOCK_BITS)


def provider_prefix(address: str) -> str:
    """Return the /16 of the canonical `address`, or the /32 if it is IPv6."""
    return _wider(address, PROVIDER_BITS)


def _wider(address: str, bits: dict[int, int]) -> str:
    if ":" in address:
        return _prefix(address, bits[6])
    numbers = bits[4] // 8
    return f"{'.'.join(address.split('.')[:numbers])}/{bits[4]}" if address else ""


def coarse_network(address: str) -> str:
    """Return the part of an address that shows country or provider, for people: `203.0.*.*`.

    IPv4 keeps two of four numbers, IPv6 two of eight groups.
    """
    if ":" not in address:
        return ".".join([*address.split(".")[:2], "*", "*"]) if address else ""
    network = _prefix(address, 32).removesuffix("::/32")
    return f"{network}:*" if network else ""


@lru_cache(maxsize=CACHE_SIZE)
def _prefix(address: str, bits: int) -> str:
    if ":" not in address:
        return address
    try:
        packed = socket.inet_pton(socket.AF_INET6, address.partition("%")[0])
    except (OSError, ValueError):
        return ""
    # `IPv6Network` gives the same in five times the time.
    number = int.from_bytes(packed) >> (128 - bits) << (128 - bits)
    return f"{ipaddress.IPv6Address(number)}/{bits}"


def canonical_network(text: str) -> str:
    """Return the canonical spelling of a network in CIDR notation, or of an address as a network.

    Raises:
        InvalidInputError: `text` is neither.
    """
    try:
        network = ipaddress.ip_network(text.strip()[:ADDRESS_MAX_LENGTH], strict=False)
    except ValueError as error:
        raise InvalidInputError(
            "network {text!r} is neither an address nor a network: write it as 203.0.113.7, "
            "203.0.113.0/24 or 2001:db8::/32.",
            text=text[:ADDRESS_MAX_LENGTH],
        ) from error
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped and network.prefixlen >= 96:
        return f"{mapped}/{network.prefixlen - 96}"
    return str(network)


def check_excluded(network: str) -> None:
    """Return if a network in canonical form may be excluded from the counts.

    Raises:
        InvalidInputError: most readers would be excluded, as by 0.0.0.0/0.
    """
    parsed = ipaddress.ip_network(network)
    bits = EXCLUDED_BITS[parsed.version]
    is_local = isinstance(parsed, ipaddress.IPv6Network) and any(map(parsed.subnet_of, _LOCAL))
    if parsed.prefixlen < bits and not is_local:
        raise InvalidInputError(
            "network {network!r} is too wide: a good part of all readers would not count, or "
            "nobody. Name your own, a /{bits} at most. To count nothing at all, take the "
            "snippet out of the pages.",
            network=network,
            bits=bits,
        )


def check_desk(network: str) -> None:
    """Return if a network in canonical form may be that of a kiosk.

    Raises:
        InvalidInputError: it is wider than what an institution has: strangers could vote there.
    """
    parsed = ipaddress.ip_network(network)
    if parsed.prefixlen < DESK_BITS[parsed.version] and not parsed.is_private:
        raise InvalidInputError(
            "network {network!r} is too wide for a kiosk: name your own, a /{bits} at most.",
            network=network,
            bits=DESK_BITS[parsed.version],
        )


def in_networks(address: str, networks: Sequence[str]) -> bool:
    """Return whether the canonical `address` is in one of `networks`, in CIDR notation.

    An unknown address is in none.

    Raises:
        InvalidInputError: an entry of `networks` is not a network; see `canonical_network`.
    """
    if not networks or not address:
        return False
    found = _parsed(address) if len(address) <= ADDRESS_MAX_LENGTH else None
    if found is None:
        return False
    _, version, value = found
    return any(
        value & mask == first
        for network_version, first, mask in _compiled(tuple(networks))
        if network_version == version
    )


@lru_cache(maxsize=NETWORKS_CACHE_SIZE)
def _compiled(networks: tuple[str, ...]) -> tuple[tuple[int, int, int], ...]:
    parsed = [ipaddress.ip_network(canonical_network(network)) for network in networks]
    return tuple((n.version, int(n.network_address), int(n.netmask)) for n in parsed)

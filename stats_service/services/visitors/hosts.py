"""Hosts of a site: from the header `Origin`, and as an administrator types them.

A host is `name`, or `name:port` where the port is not the scheme's own, in lower case and in
ASCII (an internationalised name in its `xn--` form), as browsers write it.
"""

import ipaddress
import re
from functools import lru_cache

from stats_service.errors import InvalidInputError

#: Longest host name in DNS, in characters.
HOST_MAX_LENGTH = 253
#: Longest part of a Referer that is parsed, in characters; the host is at the start.
ORIGIN_MAX_LENGTH = 8192
#: Number of origins that are cached; longer ones are not.
CACHE_SIZE = 4096
CACHED_MAX_LENGTH = 256
#: Longest part of a refused value that the error shows, in characters.
SHOWN_LENGTH = 80

#: Scheme, then the authority; without a user, which only an attacker's link contains.
_ORIGIN = re.compile(r"(https?)://([^/?#\\@\s]*)(?:[/?#]|\Z)", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def origin_host(origin: str) -> str | None:
    """Return the host of an `Origin` header, or of a URL such as a `Referer`.

    Returns:
        `host` or `host:port`; None for `null` and everything else that is not an http(s) origin.
    """
    if len(origin) > ORIGIN_MAX_LENGTH:
        return None
    if len(origin) <= CACHED_MAX_LENGTH:
        return _remembered_host(origin)
    return _host_of(origin)


def _host_of(origin: str) -> str | None:
    match = _ORIGIN.match(origin)
    if not match:
        return None
    name, port = _split(match[2])
    host = _name(name)
    if not host or port is None:
        return None
    return host if port in ("", _DEFAULT_PORTS[match[1].lower()]) else f"{host}:{port}"


_remembered_host = lru_cache(maxsize=CACHE_SIZE)(_host_of)


def canonical_host(text: str) -> str:
    """Return the host that an administrator typed: a host, with or without a port, or a URL.

    Raises:
        InvalidInputError: `text` is not a host, has a wildcard, or names more than a host.
    """
    bare = text.strip()
    scheme, separator, rest = bare.partition("://")
    scheme = scheme.lower()
    if not separator:
        scheme, rest = "", bare
    elif scheme not in _DEFAULT_PORTS:
        raise _refusal(text, "has a scheme that no portal has", "write it as portal.vn")
    host = rest.removesuffix("/")
    if not host:
        raise _refusal(text, "is empty", "write the portal's host, e.g. portal.vn")
    if "*" in host:
        raise _refusal(text, "has a wildcard", "list each host of the portal by itself")
    if re.search(r"[/?#\\]", host):
        raise _refusal(text, "names more than a host", "leave out what follows the host")
    if "@" in host:
        raise _refusal(text, "has a user name", "leave out what stands before the @")
    name, port = _split(host)
    if port is None:
        raise _refusal(text, "has a port that is none", "write a port from 1 to 65535, or none")
    ascii_name = _name(name)
    if not ascii_name:
        raise _refusal(text, "is no host name", "write it as portal.vn or portal.vn:8080")
    ports_left_out = (_DEFAULT_PORTS[scheme],) if scheme else tuple(_DEFAULT_PORTS.values())
    return ascii_name if port in ("", *ports_left_out) else f"{ascii_name}:{port}"


def front_page(host: str) -> str:
    """Return the address of a host's front page: https, but http on the local machine."""
    name = host.split(":", maxsplit=1)[0]
    scheme = "http" if name in ("localhost", "127.0.0.1", "[") else "https"
    return f"{scheme}://{host}/"


def _split(authority: str) -> tuple[str, str | None]:
    """Return the name and the port, `""` without a port and None for an invalid one."""
    if authority.startswith("["):
        name, bracket, port = authority.partition("]")
        name += bracket
        if port and not port.startswith(":"):
            return name, None
        port = port[1:]
    else:
        name, _, port = authority.partition(":")
    if not port:
        return name, ""
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        return name, None
    return name, str(int(port))


def _name(name: str) -> str:
    """Return `name` in ASCII and lower case, or `""` if it is not a host name."""
    if name.startswith("["):
        if not name.endswith("]") or "%" in name:
            return ""
        try:
            return f"[{ipaddress.IPv6Address(name[1:-1])}]"
        except ValueError:
            return ""
    name = name.removesuffix(".").lower()
    if len(name) > HOST_MAX_LENGTH:
        return ""
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii").lower()
        except UnicodeError:
            return ""
    if len(name) > HOST_MAX_LENGTH or not all(map(_LABEL.fullmatch, name.split("."))):
        return ""
    return name


def _refusal(text: str, fault: str, advice: str) -> InvalidInputError:
    shown = text if len(text) <= SHOWN_LENGTH else text[:SHOWN_LENGTH] + "…"
    return InvalidInputError(
        "host {shown!r} {fault}: {advice}.", shown=shown, fault=fault, advice=advice
    )

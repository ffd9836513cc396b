"""The sender of Flask's current request."""

from flask import g, request

from stats_service.models.traffic.views import Visitor
from stats_service.web.http.context import services
from stats_service.web.http.visitor import AddressSource, visitor_of


def request_address() -> str:
    """Return the client address of the current request, or `""` if it is unknown."""
    return _client()[0]


def _client() -> tuple[str, str]:
    """Return the client address of the current request, and its hint (`address_hint`)."""
    known: tuple[str, str] | None = g.get("client")
    if known is None:
        source, headers = AddressSource.of(services().settings), request.headers
        named = headers.get(source.name.decode(), "") if source.name else ""
        forwarded = headers.get("X-Forwarded-For", "")
        known = g.client = source.find(request.remote_addr or "", forwarded, named)
    return known


def request_visitor() -> Visitor:
    """Return the sender of the current request."""
    headers, (address, hint) = request.headers, _client()
    return visitor_of(
        address,
        headers.get("Origin", ""),
        headers.get("User-Agent", ""),
        headers.get("Sec-GPC", ""),
        headers.get("DNT", ""),
        # As in `web.loop.messages`: an empty header falls back to the older one.
        headers.get("Sec-Purpose") or headers.get("Purpose", ""),
        hint,
        headers.get("Accept-Language", ""),
    )

"""Who sends the request that Flask is answering."""

from flask import g, request

from stats_service.models.traffic import Visitor
from stats_service.web.http.context import services
from stats_service.web.http.visitor import AddressSource, visitor_of


def request_address() -> str:
    """Return the address that the current request came from, or `""` if it is not known."""
    return _client()[0]


def _client() -> tuple[str, str]:
    """Return the address of the current request, and the hint that it gives."""
    known: tuple[str, str] | None = g.get("client")
    if known is None:
        source, headers = AddressSource.of(services().settings), request.headers
        named = headers.get(source.name.decode(), "") if source.name else ""
        forwarded = headers.get("X-Forwarded-For", "")
        known = g.client = source.find(request.remote_addr or "", forwarded, named)
    return known


def request_visitor(origin: str | None = None) -> Visitor:
    """Return who sent the current request, from the page `origin` (default: `Origin`)."""
    headers, (address, hint) = request.headers, _client()
    return visitor_of(
        address,
        headers.get("Origin", "") if origin is None else origin,
        headers.get("User-Agent", ""),
        headers.get("Sec-GPC", ""),
        headers.get("DNT", ""),
        # As in `web.loop.messages`: a header that says nothing leaves the older one its say.
        headers.get("Sec-Purpose") or headers.get("Purpose", ""),
        hint,
    )

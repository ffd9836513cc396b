"""Who sends the request that Flask is answering."""

from flask import g, request

from stats_service.models.traffic import Visitor
from stats_service.web.http.context import services
from stats_service.web.http.visitor import address_hint, client_address, visitor_of


def request_address() -> str:
    """Return the address that the current request came from, or `""` if it is not known."""
    known: str | None = g.get("address")
    if known is None:
        known = g.address = client_address(
            request.remote_addr or "",
            request.headers.get("X-Forwarded-For", ""),
            services().settings.trusted_proxies,
        )
    return known


def request_visitor(origin: str | None = None) -> Visitor:
    """Return who sent the current request, from the page `origin` (default: `Origin`)."""
    headers = request.headers
    return visitor_of(
        request_address(),
        headers.get("Origin", "") if origin is None else origin,
        headers.get("User-Agent", ""),
        headers.get("Sec-GPC", ""),
        headers.get("DNT", ""),
        # As in `web.loop.messages`: a header that says nothing leaves the older one its say.
        headers.get("Sec-Purpose") or headers.get("Purpose", ""),
        address_hint(
            request_address(),
            headers.get("X-Forwarded-For", ""),
            services().settings.trusted_proxies,
        ),
    )

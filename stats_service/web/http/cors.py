"""CORS: only the hosts of the site may read responses, and never with credentials."""

from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.visitors.hosts import origin_host

EXPOSED = "Stats-Ignored, Stats-Note, Retry-After"


def allowed_origin(entry: SiteEntry | None, origin: str) -> str:
    """Return `origin` if its pages may read responses about the site, else `""`."""
    return origin if entry and origin and origin_host(origin) in entry.hosts else ""


def cors_headers(allowed: str) -> list[tuple[str, str]]:
    """Return the CORS headers of a response that the origin `allowed` may read."""
    headers = [("Vary", "Origin")]
    if allowed:
        headers += [
            ("Access-Control-Allow-Origin", allowed),
            ("Access-Control-Expose-Headers", EXPOSED),
        ]
    return headers

"""Cross-origin answers: exactly the hosts of the site, and never with credentials."""

from stats_service.services.hosts import origin_host
from stats_service.services.sites import SiteEntry

EXPOSED = "Stats-Ignored, Stats-Note, Retry-After"


def cors_headers(entry: SiteEntry | None, origin: str) -> list[tuple[str, str]]:
    """Return the CORS headers for a request from `origin` about the site of `entry`."""
    headers = [("Vary", "Origin")]
    if entry is not None and origin and origin_host(origin) in entry.hosts:
        headers += [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", EXPOSED),
        ]
    return headers

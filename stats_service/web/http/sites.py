"""What every route of a site does first and last: find the site, allow its pages to read."""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, g, request

from stats_service.errors import UnknownSiteError
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.web.http.context import services
from stats_service.web.http.cors import allowed_origin, cors_headers

T = TypeVar("T")


def site_entry(slug: str) -> SiteEntry:
    """Return the site that the request is about; UnknownSiteError if there is none."""
    known: SiteEntry | None = g.get("site_entry")
    if known is None or known.site.slug != slug:
        known = g.site_entry = services().sites.directory.entry(slug, services().clock.now())
    return known


def on_site(slug: str, work: Callable[[SiteEntry], T]) -> T:
    """Return what `work` makes of the site; of that which is there now, if Redis knows it not.

    Raises:
        UnknownSiteError: there is no such site.
        StoreUnavailableError: Redis has lost it, or cannot be asked.
    """
    entry = site_entry(slug)
    try:
        return work(entry)
    except UnknownSiteError:
        entry = g.site_entry = services().sites.directory.again(entry, services().clock.now())
        return work(entry)


def allow_site_pages(bp: Blueprint) -> None:
    """Put CORS headers on every answer of `bp`, errors included."""

    def add_headers(response: Response) -> Response:
        origin = request.headers.get("Origin", "")
        for name, value in cors_headers(allowed_origin(g.get("site_entry"), origin)):
            response.headers.setdefault(name, value)  # the event loop says its own
        return response

    bp.after_request(add_headers)

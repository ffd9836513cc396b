"""Shared by all routes of a site: find the site, add its CORS headers."""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, g, request

from stats_service.errors import UnknownSiteError
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.web.http.context import services
from stats_service.web.http.cors import allowed_origin, cors_headers

T = TypeVar("T")


def site_entry(slug: str) -> SiteEntry:
    """Return the site of the request; UnknownSiteError if it does not exist."""
    known: SiteEntry | None = g.get("site_entry")
    if known is None or known.site.slug != slug:
        known = g.site_entry = services().sites.directory.entry(slug, services().clock.now())
    return known


def on_site(slug: str, work: Callable[[SiteEntry], T]) -> T:
    """Return `work(site)`; if Redis does not know the site any more, read it again and retry.

    Raises:
        UnknownSiteError: the site does not exist.
        StoreUnavailableError: Redis has lost the site, or does not answer.
    """
    entry = site_entry(slug)
    try:
        return work(entry)
    except UnknownSiteError:
        entry = g.site_entry = services().sites.directory.again(entry, services().clock.now())
        return work(entry)


def allow_site_pages(bp: Blueprint) -> None:
    """Add CORS headers to every response of `bp`, errors included."""

    def add_headers(response: Response) -> Response:
        origin = request.headers.get("Origin", "")
        for name, value in cors_headers(allowed_origin(g.get("site_entry"), origin)):
            response.headers.setdefault(name, value)  # the event loop sets its own
        return response

    bp.after_request(add_headers)

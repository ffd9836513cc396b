"""Clicks: record one, read how often documents were opened."""

import msgspec
from flask import Blueprint, Response, request

from stats_service.web.api.entrance import answer_in_loop
from stats_service.web.http.bodies import cached_json
from stats_service.web.http.context import services
from stats_service.web.http.sites import allow_site_pages, site_entry

bp = Blueprint("clicks", __name__)
allow_site_pages(bp)

#: Seconds for which the numbers of documents may be cached.
DOWNLOADS_MAX_AGE = 10


@bp.post("/<slug>/clicks")
def record_click(slug: str) -> Response:
    """Record a click on a document, an outgoing link or an action."""
    return answer_in_loop("clicks", slug)


@bp.get("/<slug>/downloads")
def downloads(slug: str) -> Response:
    """Answer with how often the documents in the parameter `document` were opened, at most 100."""
    found = services().traffic.clicks.downloads(
        site_entry(slug).site, request.args.getlist("document")
    )
    return cached_json(msgspec.json.encode(found), DOWNLOADS_MAX_AGE)

"""Views in, numbers out: routes into the event loop."""

from flask import Blueprint, Response

from stats_service.web.api.entrance import answer_in_loop
from stats_service.web.http.sites import allow_site_pages

bp = Blueprint("traffic", __name__)
allow_site_pages(bp)


@bp.post("/<slug>/page")
def record_view(slug: str) -> Response:
    """Record a page load or a heartbeat; answer with all numbers for the page's widgets."""
    return answer_in_loop("page", slug)


@bp.get("/<slug>/counts")
def counts(slug: str) -> Response:
    """Answer with the numbers of a site."""
    return answer_in_loop("counts", slug)


@bp.get("/<slug>/articles/views")
def article_views(slug: str) -> Response:
    """Answer with the views of the articles in the parameter `key`, at most 100."""
    return answer_in_loop("articles", slug)

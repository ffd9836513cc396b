"""Page views in, numbers out."""

import msgspec
from flask import Blueprint, Response, request

from stats_service.web.api.entrance import answer_in_loop
from stats_service.web.http.bodies import cached_json
from stats_service.web.http.context import services
from stats_service.web.http.sites import allow_site_pages, on_site, site_entry

bp = Blueprint("traffic", __name__)
allow_site_pages(bp)

#: Seconds for which a portal's server, or a cache in front of us, may keep the counts of a site.
COUNTS_MAX_AGE = 10


@bp.post("/<slug>/page")
def record_view(slug: str) -> Response:
    """Record a page load or a heartbeat; answer with all numbers for the page's widgets."""
    return answer_in_loop("page", slug)


@bp.get("/<slug>/counts")
def counts(slug: str) -> Response:
    """Answer with the numbers of a site."""
    numbers = on_site(
        slug, lambda entry: services().traffic.views.counts(entry.site, services().clock.now())
    )
    return cached_json(msgspec.json.encode(numbers), COUNTS_MAX_AGE)


@bp.get("/<slug>/articles/views")
def article_views(slug: str) -> Response:
    """Answer with the views of the articles in the parameter `key`, at most 100."""
    site, keys = site_entry(slug).site, request.args.getlist("key")
    articles = services().traffic.views.articles(site, keys, services().clock.now())
    return cached_json(msgspec.json.encode({"articles": articles}), COUNTS_MAX_AGE)

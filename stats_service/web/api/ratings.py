"""Ratings: rate an article, read the ratings."""

import json

import msgspec
from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError
from stats_service.services.ratings.structured import aggregate_rating
from stats_service.services.sites.sites import check_rated_type
from stats_service.web.api.entrance import answer_in_loop
from stats_service.web.http.bodies import cached_json
from stats_service.web.http.context import services
from stats_service.web.http.sites import allow_site_pages, site_entry

bp = Blueprint("ratings", __name__)
allow_site_pages(bp)

#: Seconds for which ratings and rankings may be cached.
RATINGS_MAX_AGE = 10
RANKING_MAX_AGE = 60


@bp.post("/<slug>/ratings")
def rate_article(slug: str) -> Response:
    """Record a rating; 200 means that it is recorded."""
    return answer_in_loop("ratings", slug)


@bp.get("/<slug>/ratings")
def ratings(slug: str) -> Response:
    """Answer with the ratings of the articles in the parameter `article`, at most 100."""
    found = services().ratings.ratings.get(site_entry(slug).site, request.args.getlist("article"))
    return cached_json(msgspec.json.encode(found), RATINGS_MAX_AGE)


@bp.get("/<slug>/ratings/top")
def top_rated(slug: str) -> Response:
    """Answer with the best rated articles."""
    site = site_entry(slug).site
    limit, fewest = _number("limit", "10"), _number("min", "5")
    found = services().ratings.ratings.top(site, limit, fewest, services().clock.now())
    return cached_json(msgspec.json.encode(found), RANKING_MAX_AGE)


@bp.get("/<slug>/ratings/jsonld")
def json_ld(slug: str) -> Response:
    """Answer with an article's rating as schema.org data, for the HTML of the page."""
    site, article = site_entry(slug).site, request.args.get("article", "")
    found = services().ratings.ratings.get(site, [article]).ratings[article]
    kind, name, url = (request.args.get(field, "") for field in ("type", "name", "url"))
    if "type" in request.args:
        check_rated_type(kind)
    rating = aggregate_rating(site, found, article, kind, name, url)
    if not found.rating.count:
        response = Response(status=204)
        response.cache_control.public = True
        response.cache_control.max_age = RATINGS_MAX_AGE
        return response
    # Inside <script> nothing may look like markup.
    text = json.dumps(rating).replace("<", "\\u003c")
    return cached_json(text.encode(), RATINGS_MAX_AGE, "application/ld+json")


def _number(name: str, default: str) -> int:
    text = request.args.get(name, default)
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise InvalidInputError(f"{name} {text[:40]!r}: use a whole number.")
    return int(text)

"""The pixel: counts the view of a browser without JavaScript."""

import base64
import secrets

from flask import Blueprint, Response, request

from stats_service.errors import ViewKeptError
from stats_service.models.traffic import PageQuery
from stats_service.web.http.answers import page_answer_headers
from stats_service.web.http.context import services
from stats_service.web.http.request import request_visitor
from stats_service.web.http.sites import site_entry

#: One transparent point.
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

bp = Blueprint("pixel", __name__)


@bp.get("/<slug>/dot.gif")
def record_view(slug: str) -> Response:
    """Record one load of the page that shows the pixel, named by `article` or the Referer."""
    entry = site_entry(slug)
    response = Response(GIF, mimetype="image/gif")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        return response
    referer = request.headers.get("Referer", "")
    query = PageQuery(
        hit=secrets.token_urlsafe(16), article=request.args.get("article") or referer or None
    )
    visitor = request_visitor(referer)
    try:
        answer = services().traffic.record_view(entry, query, visitor, services().clock.now())
    except ViewKeptError:
        return response
    for name, value in page_answer_headers(answer.ignored, answer.note):
        if name.startswith("Stats-"):
            response.headers[name] = value
    return response

"""The pixel: counts the view of a browser without JavaScript."""

import base64
import secrets

from flask import Blueprint, Response, request

from stats_service.errors import ViewKeptError
from stats_service.models.traffic import PageQuery
from stats_service.web.answers import page_answer_headers
from stats_service.web.context import services
from stats_service.web.cors import allowed_origin
from stats_service.web.request import request_visitor
from stats_service.web.sites import site_entry

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
    # One point that is the same for everybody, and `crossorigin` in the snippet asks for it.
    response.headers["Access-Control-Allow-Origin"] = "*"
    if request.method == "HEAD":
        return response
    referer = request.headers.get("Referer", "")
    query = PageQuery(
        hit=secrets.token_urlsafe(16), article=request.args.get("article") or referer or None
    )
    # A sandboxed frame of a stranger's page runs no script and shows the pixel; its Origin is `null`.
    origin = request.headers.get("Origin")
    visitor = request_visitor(
        referer if origin is None or allowed_origin(entry, origin) else origin
    )
    try:
        answer = services().traffic.record_view(entry, query, visitor, services().clock.now())
    except ViewKeptError:
        return response
    for name, value in page_answer_headers(answer.ignored, answer.note):
        if name.startswith("Stats-"):
            response.headers[name] = value
    return response

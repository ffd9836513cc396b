"""The pixel: counts the view of a browser without JavaScript."""

import base64
import secrets

from flask import Blueprint, Response, request

from stats_service.errors import StatsError, ViewSpooledError
from stats_service.models.traffic import PageAnswer, PageQuery
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.web.http.answers import page_answer_headers
from stats_service.web.http.context import services
from stats_service.web.http.cors import allowed_origin
from stats_service.web.http.request import request_visitor
from stats_service.web.http.sites import on_site, site_entry

#: One transparent point.
GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

bp = Blueprint("pixel", __name__)


@bp.get("/<slug>/dot.gif")
def record_view(slug: str) -> Response:
    """Record one load of the page that shows the pixel, named by `article` or the Referer.

    As with the script, an `article` that is empty says that the page is none.
    """
    response = Response(GIF, mimetype="image/gif")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Cache-Control"] = "no-store"
    # One point that is the same for everybody, and `crossorigin` in the snippet asks for it.
    response.headers["Access-Control-Allow-Origin"] = "*"
    if request.method == "HEAD":
        site_entry(slug)
        return response
    try:
        answer = on_site(slug, _record)
    except StatsError as error:
        services().meters.count("views", error.code)
        if isinstance(error, ViewSpooledError):
            return response
        raise
    services().meters.count("views", answer.ignored or "counted")
    for name, value in page_answer_headers(answer.ignored, answer.note):
        if name.startswith("Stats-"):
            response.headers[name] = value
    return response


def _record(entry: SiteEntry) -> PageAnswer:
    referer = request.headers.get("Referer", "")
    article = request.args.get("article", referer) or None
    query = PageQuery(hit=secrets.token_urlsafe(16), article=article)
    # A sandboxed frame of a stranger runs no script and shows the pixel; its Origin is `null`.
    origin = request.headers.get("Origin")
    allowed = origin is None or allowed_origin(entry, origin)
    visitor = request_visitor(referer if allowed else origin)
    recorder, now = services().traffic.recorder, services().clock.now()
    return services().loop.run(recorder.record(entry, query, visitor, now))

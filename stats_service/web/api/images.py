"""The pixel and the badges, which any page may show: routes into the event loop."""

from flask import Blueprint, Response, request

from stats_service.web.api.entrance import answer_in_loop
from stats_service.web.http.sites import site_entry

bp = Blueprint("images", __name__)


@bp.get("/<slug>/dot.gif")
def pixel(slug: str) -> Response:
    """Record one load of the page that shows the pixel, named by `article` or the Referer."""
    if request.method == "HEAD":  # link checkers look at headers
        site_entry(slug)
        return Response(mimetype="image/gif", headers={"Cache-Control": "no-store"})
    return answer_in_loop("pixel", slug)


@bp.get("/<slug>/badge/<metric>.svg")
def badge(slug: str, metric: str) -> Response:
    """Answer with `total`, `online`, `today`, or the `views` of `article`, as an image."""
    return answer_in_loop("badge", slug, metric)

"""Pictures of choices, for the widget, the hosted page and the admin pages."""

from flask import Blueprint, Response

from stats_service.web.http.context import services
from stats_service.web.http.sites import on_site

#: A year: another picture has another address.
PICTURE_MAX_AGE = 31_536_000

bp = Blueprint("pictures", __name__)


@bp.get("/<slug>/picture/<picture>.jpg")
def picture(slug: str, picture: str) -> Response:
    """Answer with a JPEG that this service has made; NotFoundError if there is none."""
    data = on_site(slug, lambda entry: services().polls.pictures.get(entry.site.slug, picture))
    response = Response(data, mimetype="image/jpeg")
    response.headers["Cache-Control"] = f"public, max-age={PICTURE_MAX_AGE}, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    # A portal that isolates itself (COEP) shows only what says that it may be shown elsewhere.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response

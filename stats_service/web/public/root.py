"""The paths that browsers and robots ask of every host, and redirects that routing makes."""

from importlib.resources import files
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, redirect, request, url_for
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from stats_service.web.http.context import services
from stats_service.web.pages import security

bp = Blueprint("root", __name__)

_ICON = files("stats_service.web.admin").joinpath("static", "icon.svg").read_bytes()
_A_DAY = {"Cache-Control": "public, max-age=86400"}

#: What is public is meant to be found; the links of recipients are not, nor is anything else.
_ROBOTS = """User-agent: *
Disallow: /
Disallow: /s/*/reports/
Disallow: /s/*/screen/
Allow: /s/
Allow: {prefix}/*/p/
"""


def register(app: Flask) -> None:
    """Add them to `app`."""
    app.register_blueprint(bp)
    app.before_request(redirect_within)


def redirect_within() -> AnyResponse | None:
    """Answer where routing wants another spelling of the path (`/admin` for `/admin/`).

    Werkzeug's own answer repeats the Host and the scheme as they came: a link to a stranger's
    host, and behind a proxy that ends TLS the way back to http. Ours is a path, to known hosts.
    """
    error = request.routing_exception
    if not isinstance(error, RequestRedirect):
        return None
    security.check_host()
    parts = urlsplit(error.new_url)
    # Two slashes would begin another host.
    path = "/" + parts.path.lstrip("/")
    return redirect(path + (f"?{parts.query}" if parts.query else ""), error.code)


@bp.get("/")
def start() -> AnyResponse:
    """Lead whoever typed the host's name to the admin pages, in the demo to its portal."""
    demo = services().settings.demo
    return redirect(url_for("demo.front" if demo else "admin.overview.show"))


@bp.get("/favicon.ico")
def icon() -> Response:
    """Give the icon that browsers ask for by themselves."""
    return Response(_ICON, mimetype="image/svg+xml", headers=_A_DAY)


@bp.get("/robots.txt")
def robots() -> Response:
    """Tell search engines what to leave alone."""
    text = _ROBOTS.format(prefix=services().settings.path_prefix)
    return Response(text, mimetype="text/plain", headers=_A_DAY)

"""Protection of all admin and public pages: the Host list, forged requests, and headers."""

import logging
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Response, abort, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import BadRequest

from stats_service.config import Settings
from stats_service.services.pictures.picture_files import FILE_MAX_BYTES
from stats_service.web.http.context import services
from stats_service.web.http.transfer_paths import is_picture, is_upload

csrf = CSRFProtect()
logger = logging.getLogger(__name__)

#: Longest part of a foreign Host that a message shows, in characters.
HOST_SHOWN = 80

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Most bytes of a form beside the uploaded file.
FORM_MAX_BYTES = 64 * 1024
_HARMLESS = ("GET", "HEAD", "OPTIONS")
#: Thirty days, for this host only: the portal may own the domain, and its other hosts and later
#: years are not ours to bind. For more, configure the proxy (docs/operate.md).
HSTS = "max-age=2592000"


def is_https(settings: Settings) -> bool:
    """Return whether browsers reach the service by HTTPS."""
    return settings.base_url.startswith("https://")


def known_host(settings: Settings, host: str) -> bool:
    """Return whether `host`, from a `Host` header, is one of the service's own."""
    public = urlsplit(settings.base_url)
    if settings.public_url and host == public.netloc.lower():
        return True
    bound, _, port = settings.bind.rpartition(":")
    name, colon, own_port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, own_port = host, "80"
    if own_port != port:
        return False
    name = name.strip("[]")
    if name in (bound.strip("[]"), "localhost", "127.0.0.1", "::1"):
        return True
    # A service bound to every address may be called by any address, but a name can be forged.
    return bound in ("0.0.0.0", "[::]", "::") and _is_address(name)  # noqa: S104 - compared only


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


class ForeignHost(BadRequest):
    """The request is for a foreign host.

    Args:
        came: the Host, if it may be shown; a forged one is not repeated.
    """

    def __init__(self, came: str = "") -> None:
        super().__init__()
        self.came = came


def check_host() -> None:
    """Refuse a request for a foreign host.

    Forged hosts are refused many times a day. Only a Host that looks as if a proxy had changed it
    is logged and shown by `check`: the right name with another port, or a name without a dot, like
    that of an upstream; and every Host while STATS_PUBLIC_URL is not set.
    """
    settings = services().settings
    host = request.headers.get("Host", "").lower()
    if known_host(settings, host):
        return
    shown = host[:HOST_SHOWN]
    name = shown.rpartition(":")[0] or shown
    public = urlsplit(settings.base_url)
    changed = not settings.public_url or name == public.hostname or "." not in name
    if changed and services().operations.installation.note_host(shown):
        logger.warning(
            "The admin pages refused a request for Host %r; STATS_PUBLIC_URL (or STATS_BIND) is "
            "for %r. The proxy must hand the Host on as it came (proxy_set_header Host "
            "$http_host), or STATS_PUBLIC_URL must name it.",
            shown,
            public.netloc,
        )
    raise ForeignHost(shown if changed and settings.public_url else "")


def check_origin() -> None:
    """Refuse a write from another site's page."""
    if request.method in _HARMLESS:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower().partition("://")[2] != request.host.lower():
        abort(403)


def check_not_moving() -> None:
    """Refuse a write that the server to which the data move would not get."""
    if request.method not in _HARMLESS:
        services().operations.installation.check_not_moving()


def check_token() -> None:
    """Refuse a write without the page's CSRF token.

    The token is in the body, which for a file is only read once the sender is known.
    """
    if request.method in _HARMLESS:
        return
    if is_picture(request.method, request.path):
        request.max_content_length = FILE_MAX_BYTES + FORM_MAX_BYTES
    elif is_upload(request.method, request.path):
        request.max_content_length = services().settings.upload_megabytes * 10**6 + FORM_MAX_BYTES
    csrf.protect()


def add_headers(response: Response) -> Response:
    """Add the headers that every page carries."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if (request.endpoint or "").endswith(".static"):
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        headers.setdefault("Cache-Control", "no-store")
        headers.add("Vary", "Cookie")
    if is_https(services().settings):
        headers["Strict-Transport-Security"] = HSTS
    return response

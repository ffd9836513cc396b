"""What guards every admin and public page: the Host list, forged requests, and headers."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Response, abort, request
from flask_wtf.csrf import CSRFProtect

from stats_service.config import Settings
from stats_service.web.http.context import services
from stats_service.web.server.transfers import is_upload

csrf = CSRFProtect()

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: What a form with a file may have beside the file, in bytes.
FORM_MAX_BYTES = 64 * 1024
_HARMLESS = ("GET", "HEAD", "OPTIONS")
#: Two years, as browsers' preload lists ask.
HSTS = "max-age=63072000; includeSubDomains"


def is_https(settings: Settings) -> bool:
    """Tell whether browsers reach the service by HTTPS."""
    return settings.base_url.startswith("https://")


def known_host(settings: Settings, host: str) -> bool:
    """Tell whether `host`, as a browser wrote it in `Host`, is one of the service's own."""
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
    # Bound to every address, the service may be called by any; a name can be forged, though.
    return bound in ("0.0.0.0", "[::]", "::") and _is_address(name)  # noqa: S104 - compared only


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def check_host() -> None:
    """Refuse a request for a host that is not ours; it is not repeated anywhere."""
    if not known_host(services().settings, request.headers.get("Host", "").lower()):
        abort(400)


def check_origin() -> None:
    """Refuse a write that another site's page sent."""
    if request.method in _HARMLESS:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        abort(403)
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower().partition("://")[2] != request.host.lower():
        abort(403)


def check_token() -> None:
    """Refuse a write without the page's CSRF token.

    It stands in the body, which for a file is only read once it is known who sends it.
    """
    if request.method in _HARMLESS:
        return
    if is_upload(request.method, request.path):
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

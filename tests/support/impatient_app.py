"""The service with a short patience for unfinished requests and unread answers, for its tests."""

from stats_service.app import create_asgi_app
from stats_service.web.server import http_limits
from stats_service.web.server.asgi import AsgiApp


def create_app() -> AsgiApp:
    """Return the ASGI application of the service."""
    http_limits.REQUEST_SECONDS = http_limits.READING_SECONDS = 0.5
    return create_asgi_app()

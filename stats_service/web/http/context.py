"""How a route reaches the services that `create_app` wired."""

from typing import cast

from flask import current_app

from stats_service.services.container import Services

#: Name of the services in `app.extensions`.
EXTENSION = "stats_service"


def services() -> Services:
    """Return the services of the current application."""
    return cast("Services", current_app.extensions[EXTENSION])

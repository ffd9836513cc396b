"""The HTTP API: a blueprint for each noun, all below `STATS_PATH_PREFIX`."""

from flask import Flask

from stats_service.web.api import (
    checks,
    clicks,
    images,
    manage,
    openapi,
    polls,
    ratings,
    top_lists,
    traffic,
)
from stats_service.web.api.entrance import PATHS
from stats_service.web.http import limits
from stats_service.web.loop import LoopPaths


def register(app: Flask, prefix: str, paths: LoopPaths) -> None:
    """Serve the API below `prefix`; `paths` answers views, votes and reads of numbers."""
    app.extensions[PATHS] = paths
    limits.register(app)
    for noun in (openapi, traffic, clicks, images, polls, ratings, top_lists, checks, manage):
        app.register_blueprint(noun.bp, url_prefix=prefix)

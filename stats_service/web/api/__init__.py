"""The HTTP API: one blueprint a noun, all below `STATS_PATH_PREFIX`."""

from flask import Flask

from stats_service.web.api import checks, manage, openapi, polls, ratings, traffic
from stats_service.web.api.entrance import HOT
from stats_service.web.loop import HotPaths


def register(app: Flask, prefix: str, hot: HotPaths) -> None:
    """Serve the API below `prefix`; `hot` answers views, ballots and ratings."""
    app.extensions[HOT] = hot
    for noun in (openapi, traffic, polls, ratings, checks, manage):
        app.register_blueprint(noun.bp, url_prefix=prefix)

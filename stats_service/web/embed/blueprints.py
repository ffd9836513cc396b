"""The routes of what portals embed."""

from flask import Flask

from stats_service.web.embed import pictures, scripts
from stats_service.web.embed.files import load_files


def register(app: Flask, prefix: str) -> None:
    """Serve the script and the pictures below `prefix`."""
    app.extensions[scripts.EXTENSION] = load_files()
    for blueprint in (scripts.bp, pictures.bp):
        app.register_blueprint(blueprint, url_prefix=prefix)

"""The demo portal: the pages of a fictional district, which embed the service as any portal would.

Served below `/demo/` where the settings ask for it. Its pages are static but for the numbers,
which come from the service through the snippet.
"""

from flask import Flask

from stats_service.web.demo import pages
from stats_service.web.demo.content import load_content


def register(app: Flask) -> None:
    """Serve the demo portal."""
    app.extensions[pages.EXTENSION] = load_content()
    app.register_blueprint(pages.bp)

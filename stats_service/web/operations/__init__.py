"""Routes for whoever runs the service: health and metrics."""

from flask import Flask

from stats_service.web.operations import health, metrics


def register(app: Flask) -> None:
    """Add the routes to `app`, and measure every request."""
    metrics.measure(app)
    app.register_blueprint(health.bp)
    app.register_blueprint(metrics.bp)

"""Liveness and readiness, for supervisors and load balancers."""

from flask import Blueprint, Response

from stats_service.web.http.context import services

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """Answer 200 while the process serves requests at all, Redis or not."""
    return _text("ok\n")


@bp.get("/readyz")
def readyz() -> Response:
    """Answer 200 if Redis answers, else 503."""
    services().health.check_ready()
    return _text("ready\n")


def _text(body: str) -> Response:
    return Response(body, headers={"Cache-Control": "no-store"}, mimetype="text/plain")

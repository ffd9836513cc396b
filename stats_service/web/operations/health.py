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
    """Answer 200 if Redis takes views, else 503; what is wrong all the same is told.

    It is read by whoever can reach the service, so it has no names of sites: `check` has them.
    """
    degraded = [finding.subject for finding in services().operations.health.check_ready()]
    return _text(f"ready, degraded: {', '.join(degraded)}\n" if degraded else "ready\n")


def _text(body: str) -> Response:
    return Response(body, headers={"Cache-Control": "no-store"}, mimetype="text/plain")

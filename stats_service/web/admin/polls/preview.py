"""What the form of a poll would make, for the widget beside it. Nothing is stored."""

import msgspec
from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError
from stats_service.models.polls import Poll, PollTally
from stats_service.services.polls.preview import preview
from stats_service.web.admin.access import access, site
from stats_service.web.admin.polls.forms import drafted_poll
from stats_service.web.http.context import services
from stats_service.web.pages.messages import explain

bp = Blueprint("poll_preview", __name__, url_prefix="/sites/<slug>/polls")


@bp.post("/new/preview")
@access("editor")
def of_new() -> Response:
    """Answer with the poll that the form describes."""
    return _preview(None, PollTally())


@bp.post("/<poll_id>/preview")
@access("editor")
def of_changed(poll_id: str) -> Response:
    """Answer with a poll as the form would change it."""
    poll = services().polls.get(site().slug, poll_id)
    return _preview(poll, services().polls.tally(site().slug, poll_id))


def _preview(poll: Poll | None, tally: PollTally) -> Response:
    zone, now = site().timezone, services().clock.now()
    try:
        made = preview(drafted_poll(poll, request.form, zone), tally, zone, now)
    except InvalidInputError as error:
        return _json({"problem": explain(error)}, error.status)
    return _json(made, 200)


def _json(content: object, status: int) -> Response:
    return Response(msgspec.json.encode(content), status, mimetype="application/json")

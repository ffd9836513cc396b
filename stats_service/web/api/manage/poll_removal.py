"""Delete a poll or its ballots, and undo that."""

import msgspec
from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError
from stats_service.models.polls import RemovedPoll
from stats_service.services.periods import local_time
from stats_service.web.api.manage.access import operation, scope, site, who
from stats_service.web.api.manage.poll_bodies import ManagedPoll, managed_poll
from stats_service.web.api.operation import Parameter
from stats_service.web.api.vote_operations import POLL
from stats_service.web.http.bodies import decode_body, fresh_json
from stats_service.web.http.context import services

bp = Blueprint("poll_removal", __name__)


class PollReset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Removes the ballots of a poll."""

    #: Revision of the poll that the caller has seen.
    revision: int


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """A deleted or reset poll that can be restored."""

    id: str
    poll: str
    question: dict[str, str]
    #: `deleted` or `reset`.
    how: str
    at: str
    #: Until when it can be undone.
    until: str
    who: str
    ballots: int


class Removals(msgspec.Struct, frozen=True):
    """The removals that can be undone, newest first."""

    removals: list[Removal]


@bp.delete("/polls/<poll>")
@scope("write")
def delete(poll: str) -> Response:
    """Delete a poll with its ballots."""
    revision = request.args.get("revision", "")
    if not (revision.isascii() and revision.isdigit() and len(revision) <= 15):
        raise InvalidInputError(
            f"revision {revision[:20]!r}: send the poll's, as you have seen it last."
        )
    now = services().clock.now()
    services().polls.removal.delete(site(), poll, poll, int(revision), who(), now)
    return _removals()


@bp.post("/polls/<poll>/reset")
@scope("write")
def reset(poll: str) -> Response:
    """Remove the ballots of a poll."""
    wanted = decode_body(request.get_data(cache=False), PollReset)
    now = services().clock.now()
    services().polls.removal.reset(site(), poll, poll, wanted.revision, who(), now)
    return _removals()


@bp.get("/removed-polls")
@scope("read")
def index() -> Response:
    """Answer with the removals that can be undone."""
    return _removals()


@bp.post("/removed-polls/<removal>/restore")
@scope("write")
def restore(removal: str) -> Response:
    """Undo a removal."""
    slug, now = site().slug, services().clock.now()
    poll = services().polls.removal.restore(slug, removal, who(), now)
    tally = services().polls.polls.tally(slug, poll.id)
    return fresh_json(managed_poll(poll, tally, site().timezone, now))


def _removals() -> Response:
    removed = services().polls.removal.removed(site().slug, services().clock.now())
    return fresh_json(Removals([_removal(one) for one in removed]))


def _removal(removed: RemovedPoll) -> Removal:
    zone = site().timezone
    return Removal(
        id=removed.id,
        poll=removed.poll.id,
        question=removed.poll.question,
        how=removed.how,
        at=local_time(removed.at, zone),
        until=local_time(removed.until, zone),
        who=removed.who,
        ballots=removed.ballots,
    )


_REVISION = Parameter(
    "revision", "The poll's, as the caller has seen it last.", {"type": "integer", "minimum": 1}
)
_REMOVAL = Parameter("removal", "Id of a removal.", {"type": "string"})

OPERATIONS = (
    operation(
        "delete",
        "/polls/{poll}",
        "manage_delete_poll",
        "write",
        "Delete a poll with its ballots; for seven days that can be undone",
        Removals,
        POLL,
        _REVISION,
        problems=(409,),
    ),
    operation(
        "post",
        "/polls/{poll}/reset",
        "manage_reset_poll",
        "write",
        "Take the ballots of a poll away, so that everybody may vote anew",
        Removals,
        POLL,
        body=PollReset,
        problems=(409,),
    ),
    operation(
        "get",
        "/removed-polls",
        "manage_removed_polls",
        "read",
        "Get the polls that were deleted or reset and can be as they were again",
        Removals,
    ),
    operation(
        "post",
        "/removed-polls/{removal}/restore",
        "manage_restore_poll",
        "write",
        "Undo that a poll was deleted, or reset, unless somebody has voted since",
        ManagedPoll,
        _REMOVAL,
        problems=(409,),
    ),
)

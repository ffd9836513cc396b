"""Polls: list, create, copy, change, open, close; with results, whoever else may see them."""

import msgspec
from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.polls import Poll
from stats_service.models.quarantine import Integrity
from stats_service.services.polls.definition import (
    PollChanges,
    PollDraft,
    changed_fields,
    new_poll,
)
from stats_service.services.revisions import raise_stale
from stats_service.web.api.manage.access import operation, scope, site, who
from stats_service.web.api.manage.poll_bodies import ManagedPoll, managed_poll
from stats_service.web.api.manage.revisions import IF_MATCH, given_revision, with_revision
from stats_service.web.api.vote_operations import POLL
from stats_service.web.http.bodies import decode_body, fresh_json
from stats_service.web.http.context import services

bp = Blueprint("polls", __name__, url_prefix="/polls")


class ManagedPolls(msgspec.Struct, frozen=True):
    """Every poll of a site, drafts included, newest first."""

    polls: list[ManagedPoll]


class PollCopy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The id for a copy of a poll."""

    #: Part of URLs; empty: derived from that of the original.
    id: str = ""


@bp.get("")
@scope("read")
def index() -> Response:
    """Answer with every poll."""
    return fresh_json(
        ManagedPolls([_managed(poll) for poll in services().polls.polls.all(site().slug)])
    )


@bp.post("")
@scope("write")
def create() -> tuple[Response, int]:
    """Create a poll, as a draft or open."""
    slug = site().slug
    draft = decode_body(request.get_data(cache=False), PollDraft)
    taken = {poll.id for poll in services().polls.polls.all(slug)}
    made = services().polls.polls.create(
        slug, new_poll(draft, taken), who(), services().clock.now()
    )
    return fresh_json(_managed(made)), 201


@bp.get("/<poll>")
@scope("read")
def show(poll: str) -> Response:
    """Answer with one poll."""
    return _answer(services().polls.polls.get(site().slug, poll))


@bp.patch("/<poll>")
@scope("write")
def edit(poll: str) -> Response:
    """Change a poll; once somebody has voted, changes that alter votes are refused."""
    slug, polls = site().slug, services().polls.polls
    wanted = decode_body(request.get_data(cache=False), PollChanges)
    changes = changed_fields(polls.get(slug, poll), wanted)
    now = services().clock.now()
    return _answer(polls.edit(slug, poll, who(), now, based_on(), **changes))


@bp.post("/<poll>/open")
@scope("write")
def open_(poll: str) -> Response:
    """Open a poll for voting."""
    now = services().clock.now()
    return _answer(services().polls.polls.open(site().slug, poll, who(), now, based_on()))


@bp.post("/<poll>/close")
@scope("write")
def close(poll: str) -> Response:
    """Close a poll: later ballots do not count."""
    now = services().clock.now()
    return _answer(services().polls.polls.close(site().slug, poll, who(), now, based_on()))


@bp.post("/<poll>/archive")
@scope("write")
def archive(poll: str) -> Response:
    """Close a poll for good."""
    now = services().clock.now()
    return _answer(services().polls.polls.archive(site().slug, poll, who(), now, based_on()))


@bp.post("/<poll>/draft")
@scope("write")
def withdraw(poll: str) -> Response:
    """Turn a poll without ballots back into a draft."""
    now = services().clock.now()
    return _answer(services().polls.polls.withdraw(site().slug, poll, who(), now, based_on()))


@bp.post("/<poll>/list")
@scope("write")
def list_(poll: str) -> Response:
    """Show a poll in the archive and other lists."""
    now = services().clock.now()
    return _answer(services().polls.polls.list_(site().slug, poll, who(), now, based_on()))


@bp.post("/<poll>/unlist")
@scope("write")
def unlist(poll: str) -> Response:
    """Hide a poll from lists; it is shown only where a page names it."""
    now = services().clock.now()
    return _answer(services().polls.polls.unlist(site().slug, poll, who(), now, based_on()))


@bp.post("/<poll>/pin")
@scope("write")
def pin(poll: str) -> Response:
    """Make a poll the current one, for pages that name none."""
    return _pinned(poll, poll)


@bp.post("/<poll>/unpin")
@scope("write")
def unpin(poll: str) -> Response:
    """Make the poll that was opened last the current one again."""
    return _pinned(poll, "")


@bp.post("/<poll>/copy")
@scope("write")
def copy(poll: str) -> tuple[Response, int]:
    """Create a draft with the same question and choices."""
    wanted = decode_body(request.get_data(cache=False) or b"{}", PollCopy)
    slug, now = site().slug, services().clock.now()
    return fresh_json(_managed(services().polls.polls.copy(slug, poll, wanted.id, who(), now))), 201


@bp.get("/<poll>/integrity")
@scope("read")
def integrity(poll: str) -> Response:
    """Answer with the integrity report of a poll."""
    now = services().clock.now()
    return fresh_json(services().polls.integrity.report(site().slug, poll, site().timezone, now))


def _answer(poll: Poll) -> Response:
    return with_revision(_managed(poll), str(poll.revision))


def based_on() -> int:
    """Return the revision that a change is based on; 0 if the program does not send one."""
    text = given_revision()
    if text and not (text.isascii() and text.isdecimal()):
        raise InvalidInputError(f"If-Match {text!r}: a poll's ETag is its revision, a number.")
    return int(text or 0)


def _pinned(poll: str, chosen: str) -> Response:
    found, known = services().polls.polls.get(site().slug, poll), based_on()
    if known not in (0, found.revision):
        standing, wanted = {"revision": found.revision}, {"revision": known}
        raise_stale(str(found.revision), standing, wanted)
    services().sites.sites.edit(site().slug, Author(who(), services().clock.now()), poll=chosen)
    return _answer(found)


def _managed(poll: Poll) -> ManagedPoll:
    tally = services().polls.polls.tally(site().slug, poll.id)
    return managed_poll(poll, tally, site().timezone, services().clock.now())


_NAMES = {
    "open": "Let readers vote in a poll",
    "close": "Take no more ballots in a poll",
    "archive": "Close a poll for good; its results stay",
    "draft": "Make a draft again of a poll in which nobody has voted",
    "list": "Show a poll in the archive and other lists",
    "pin": "Let pages that name no poll show this one",
    "unpin": "Let pages that name no poll show the one that was opened last",
    "unlist": "Show a poll only where it is named, and in no list",
}

OPERATIONS = (
    operation(
        "get", "/polls", "manage_polls", "read", "Get every poll, drafts included", ManagedPolls
    ),
    operation(
        "post",
        "/polls",
        "manage_create_poll",
        "write",
        "Make a poll, as a draft or open",
        ManagedPoll,
        body=PollDraft,
        created=True,
        problems=(409,),
    ),
    operation(
        "get",
        "/polls/{poll}",
        "manage_poll",
        "read",
        "Get a poll with its results, whoever else may see them",
        ManagedPoll,
        POLL,
    ),
    operation(
        "patch",
        "/polls/{poll}",
        "manage_edit_poll",
        "write",
        "Change a poll; what is not named stays, and what would alter votes is refused",
        ManagedPoll,
        POLL,
        IF_MATCH,
        body=PollChanges,
        problems=(409,),
    ),
    *(
        operation(
            "post",
            f"/polls/{{poll}}/{verb}",
            f"manage_{verb}_poll",
            "write",
            summary,
            ManagedPoll,
            POLL,
            IF_MATCH,
            problems=(400, 409),
        )
        for verb, summary in _NAMES.items()
    ),
    operation(
        "post",
        "/polls/{poll}/copy",
        "manage_copy_poll",
        "write",
        "Make a draft that asks the same, without votes and times",
        ManagedPoll,
        POLL,
        body=PollCopy,
        created=True,
        problems=(409,),
    ),
    operation(
        "get",
        "/polls/{poll}/integrity",
        "manage_integrity",
        "read",
        "Get what happened to every ballot of a poll, and whether the sums agree",
        Integrity,
        POLL,
    ),
)

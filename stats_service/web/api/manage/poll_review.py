"""Decisions about held ballots and free texts of a poll."""

import msgspec
from flask import Blueprint, Response, request

from stats_service.models.quarantine import Group, OtherText
from stats_service.web.api.manage.access import operation, scope, site, who
from stats_service.web.api.vote_operations import POLL
from stats_service.web.http.bodies import decode_body, fresh_json
from stats_service.web.http.context import services

bp = Blueprint("poll_review", __name__, url_prefix="/polls/<poll>/review")


class Review(msgspec.Struct, frozen=True):
    """Ballots and free texts, decided and waiting."""

    groups: list[Group]
    texts: list[OtherText]


class GroupDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The decision about a group of ballots."""

    #: Name of the group.
    group: str
    #: `accepted`, `voided` or `held`.
    state: str


class TextDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The decision about a free text."""

    text: str
    #: `approved`, `rejected` or `pending`.
    state: str


@bp.get("")
@scope("write")
def show(poll: str) -> Response:
    """Answer with the groups and texts, for tokens that may decide about them."""
    return _review(poll)


@bp.post("/groups")
@scope("write")
def settle(poll: str) -> Response:
    """Accept, void or hold a group."""
    wanted = decode_body(request.get_data(cache=False), GroupDecision)
    slug, now = site().slug, services().clock.now()
    services().polls.polls.get(slug, poll)
    services().polls.quarantine.settle(slug, poll, wanted.group, wanted.state, who(), now)
    return _review(poll)


@bp.post("/texts")
@scope("write")
def moderate(poll: str) -> Response:
    """Approve or reject a free text."""
    wanted = decode_body(request.get_data(cache=False), TextDecision)
    slug, now = site().slug, services().clock.now()
    services().polls.polls.get(slug, poll)
    services().polls.quarantine.moderate(slug, poll, wanted.text, wanted.state, who(), now)
    return _review(poll)


def _review(poll: str) -> Response:
    slug, quarantine = site().slug, services().polls.quarantine
    services().polls.polls.get(slug, poll)
    return fresh_json(Review(quarantine.groups(slug, poll), quarantine.texts(slug, poll)))


OPERATIONS = (
    operation(
        "get",
        "/polls/{poll}/review",
        "manage_review",
        "write",
        "Get the ballots and free texts of a poll that wait for a decision, or had one",
        Review,
        POLL,
    ),
    operation(
        "post",
        "/polls/{poll}/review/groups",
        "manage_settle_group",
        "write",
        "Accept, void or hold a group of ballots",
        Review,
        POLL,
        body=GroupDecision,
    ),
    operation(
        "post",
        "/polls/{poll}/review/texts",
        "manage_moderate_text",
        "write",
        "Approve or reject a free text",
        Review,
        POLL,
        body=TextDecision,
    ),
)

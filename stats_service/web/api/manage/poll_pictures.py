"""Pictures of choices: put, describe, take away."""

import msgspec
from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError, TooLargeError
from stats_service.models.audit import Author
from stats_service.models.polls import Poll
from stats_service.services.pictures.picture_files import FILE_MAX_BYTES
from stats_service.web.api.manage.access import operation, scope, site, who
from stats_service.web.api.manage.poll_bodies import ManagedPoll, managed_poll
from stats_service.web.api.manage.polls import based_on
from stats_service.web.api.manage.revisions import IF_MATCH, with_revision
from stats_service.web.api.operation import Parameter
from stats_service.web.api.vote_operations import POLL
from stats_service.web.http.bodies import decode_body
from stats_service.web.http.context import services

bp = Blueprint("poll_pictures", __name__, url_prefix="/polls/<poll>/choices/<choice>/picture")

_CHOICE = Parameter("choice", "Id of the choice.", {"type": "string"})


class PictureText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a picture shows, for who does not see it."""

    #: By language; empty: made of the choice's text.
    alt: dict[str, str]


@bp.put("")
@scope("write")
def put(poll: str, choice: str) -> Response:
    """Give a choice a picture; the body is the file."""
    # One byte more is read, so that what is too long is told from what is as long as it may be.
    request.max_content_length = FILE_MAX_BYTES + 1
    data = request.stream.read(FILE_MAX_BYTES + 1)
    if len(data) > FILE_MAX_BYTES:
        raise TooLargeError(f"A picture has at most {FILE_MAX_BYTES:,} bytes.")
    if not data:
        raise InvalidInputError("The body is empty: send the picture's file.")
    pictures = services().polls.pictures
    return _answer(pictures.put(site().slug, poll, choice, data, _by(), based_on()))


@bp.patch("")
@scope("write")
def describe(poll: str, choice: str) -> Response:
    """Say what a picture shows."""
    wanted = decode_body(request.get_data(cache=False), PictureText)
    pictures = services().polls.pictures
    return _answer(pictures.describe(site().slug, poll, choice, wanted.alt, _by(), based_on()))


@bp.delete("")
@scope("write")
def remove(poll: str, choice: str) -> Response:
    """Take a picture away."""
    return _answer(services().polls.pictures.remove(site().slug, poll, choice, _by(), based_on()))


def _by() -> Author:
    return Author(who(), services().clock.now())


def _answer(poll: Poll) -> Response:
    tally, now = services().polls.polls.tally(site().slug, poll.id), services().clock.now()
    return with_revision(managed_poll(poll, tally, site().timezone, now), str(poll.revision))


_PATH = "/polls/{poll}/choices/{choice}/picture"

OPERATIONS = (
    operation(
        "put",
        _PATH,
        "manage_put_picture",
        "write",
        "Give a choice a picture; the body is a JPEG, PNG, WebP or GIF of up to 15 MB",
        ManagedPoll,
        POLL,
        _CHOICE,
        IF_MATCH,
        problems=(400, 409, 413),
    ),
    operation(
        "patch",
        _PATH,
        "manage_describe_picture",
        "write",
        "Say what a picture shows, for who does not see it",
        ManagedPoll,
        POLL,
        _CHOICE,
        IF_MATCH,
        body=PictureText,
        problems=(409,),
    ),
    operation(
        "delete",
        _PATH,
        "manage_remove_picture",
        "write",
        "Take a picture away",
        ManagedPoll,
        POLL,
        _CHOICE,
        IF_MATCH,
        problems=(400, 409),
    ),
)

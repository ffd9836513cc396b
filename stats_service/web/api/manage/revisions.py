"""Revisions over HTTP: `ETag` of what was read, `If-Match` of what is changed (RFC 9110)."""

import re

from flask import Response, request

from stats_service.errors import InvalidInputError
from stats_service.web.api.operation import Parameter
from stats_service.web.http.bodies import fresh_json

#: A proxy that compresses a response makes the tag weak; it stands for the same revision.
_TAG = re.compile(r'\s*(?:W/)?"([^"]{1,64})"\s*')

IF_MATCH = Parameter(
    "If-Match",
    "The `ETag` of what was read. Changed meanwhile: 412 with both versions. Left out, or `*`: "
    "whatever stands is changed.",
    {"type": "string"},
    required=False,
    where="header",
)


def given_revision() -> str:
    """Return the revision that a change is based on, empty if the program does not send one.

    Raises:
        InvalidInputError: the header is not one of this service's tags.
    """
    text = request.headers.get("If-Match", "*")
    if text.strip() == "*":
        return ""
    found = _TAG.fullmatch(text)
    if not found:
        raise InvalidInputError(
            f"If-Match {text[:40]!r}: send the ETag of what you read, in its quotes, or leave the "
            "header out."
        )
    return found[1]


def with_revision(body: object, revision: str) -> Response:
    """Return a response with the revision of its body."""
    response = fresh_json(body)
    response.headers["ETag"] = f'"{revision}"'
    return response

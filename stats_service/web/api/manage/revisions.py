"""Revisions over HTTP: `ETag` with what was read, `If-Match` with what it changes (RFC 9110)."""

import re

from flask import Response, request

from stats_service.errors import InvalidInputError
from stats_service.web.api.operation import Parameter
from stats_service.web.http.bodies import fresh_json

#: A proxy that compresses an answer makes its tag a weak one; it names the same.
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
    """Return the revision that a change was made from, empty if the program does not say.

    Raises:
        InvalidInputError: the header is none that this service gives.
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
    """Return an answer with the revision of what it tells."""
    response = fresh_json(body)
    response.headers["ETag"] = f'"{revision}"'
    return response

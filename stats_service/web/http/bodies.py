"""Reading request bodies into typed values, and answers that may be kept for a while."""

from typing import TypeVar

import msgspec
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from stats_service.errors import InvalidInputError, TooLargeError
from stats_service.web.http.answers import FRESH_JSON

#: Longest request body that is read: 100 article keys of the greatest length fit.
BODY_MAX_BYTES = 64 * 1024

T = TypeVar("T")


def decode_body(body: bytes, type_: type[T]) -> T:
    """Decode JSON into `type_`.

    Raises:
        TooLargeError: it is longer than any route accepts.
        InvalidInputError: naming the field and what it wants.
    """
    if len(body) > BODY_MAX_BYTES:
        raise TooLargeError(RequestEntityTooLarge.description)
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(f"The body is not the JSON that is wanted: {error}.") from error


def fresh_json(body: object) -> Response:
    """Return an answer that concerns one reader and one moment."""
    return Response(msgspec.json.encode(body), headers=FRESH_JSON)


def cached_json(body: bytes, seconds: int, mimetype: str = "application/json") -> Response:
    """Return an answer that everybody may keep for a while, and then ask whether it has changed."""
    response = Response(body, mimetype=mimetype)
    response.cache_control.public = True
    response.cache_control.max_age = seconds
    response.add_etag()
    response.make_conditional(request)
    return response

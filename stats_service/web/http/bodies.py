"""Typed request bodies, and responses with or without caching."""

from typing import TypeVar

import msgspec
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from stats_service.errors import InvalidInputError, TooLargeError
from stats_service.web.http.answers import FRESH_JSON

#: Longest request body that is read: it fits 100 article keys of the greatest length.
BODY_MAX_BYTES = 64 * 1024

T = TypeVar("T")


def decode_body(body: bytes, type_: type[T]) -> T:
    """Decode JSON into `type_`.

    Raises:
        TooLargeError: the body is longer than any route accepts.
        InvalidInputError: names the field and the value that it expects.
    """
    if len(body) > BODY_MAX_BYTES:
        raise TooLargeError(RequestEntityTooLarge.description)
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(f"The body is not the JSON that is wanted: {error}.") from error


def fresh_json(body: object) -> Response:
    """Return a response that must not be cached."""
    return Response(msgspec.json.encode(body), headers=FRESH_JSON)


def cached_json(body: bytes, seconds: int, mimetype: str = "application/json") -> Response:
    """Return a response that any cache may keep for `seconds` and then revalidate."""
    response = Response(body, mimetype=mimetype)
    response.cache_control.public = True
    response.cache_control.max_age = seconds
    response.add_etag()
    response.make_conditional(request)
    return response

"""Reading request bodies into typed values."""

from typing import TypeVar

import msgspec

from stats_service.errors import InvalidInputError

#: Longest request body that is read: 100 article keys of the greatest length fit.
BODY_MAX_BYTES = 64 * 1024

T = TypeVar("T")


def decode_body(body: bytes, type_: type[T]) -> T:
    """Decode JSON into `type_`.

    Raises:
        InvalidInputError: naming the field and what it wants.
    """
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(f"The body is not the JSON that is wanted: {error}.") from error

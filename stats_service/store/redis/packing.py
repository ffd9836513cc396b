"""Arguments of scripts as MessagePack, which Lua unpacks in one call."""

from collections.abc import Sequence
from typing import Any

import msgspec

_packed = msgspec.msgpack.Encoder().encode


def in_a_row(values: Sequence[Any]) -> bytes:
    """Pack values one after the other, not as one array: `cmsgpack.unpack` returns them all."""
    packed = _packed(values)
    return packed[1 if len(values) < 16 else 3 if len(values) < 65_536 else 5 :]

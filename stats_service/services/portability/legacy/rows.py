"""Lines as they stand on disk until they are sorted: those of half an hour together, packed."""

from operator import itemgetter
from typing import NamedTuple

import msgspec

#: Seconds over which the ceilings of an address are counted, as for live views; lines are packed
#: by such half hours.
CEILING_SECONDS = 1800
#: What a line is, as bits: a view; a visit; a visit if its reader was not seen for a while; one
#: that stands in a file once, however often it is written there. Above them stands the score of a
#: rating.
VIEW, VISIT, RUN, ONCE = 1, 2, 4, 8
SCORE_SHIFT = 4


class Line(NamedTuple):
    """A line that counts unless it is known or above a ceiling."""

    #: Seconds since 1970.
    at: int
    print: int
    #: Number of the file.
    file: int
    who: int
    network: int
    #: 0: the address is not in a /48.
    ipv6_48: int
    #: Empty: the request is not for a valid article.
    article: str
    what: int = VIEW | RUN
    #: The number of what a visit tells that begins with it; 0: nothing.
    told: int = 0


#: A line as a plain tuple, of which millions are made faster.
Row = tuple[int, int, int, int, int, int, str, int, int]
#: Lines are sorted by time, mark and file; else they stay as they came.
IN_ORDER = itemgetter(0, 1, 2)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Row])


def pack_rows(rows: list[Row]) -> bytes:
    """Return some lines packed."""
    return _encoder.encode(rows)


def unpack_rows(packed: bytes) -> list[Row]:
    """Return the lines that were packed by `pack_rows`."""
    return _decoder.decode(packed)

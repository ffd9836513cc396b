"""Marks of imported log lines, by which later imports recognise them.

The mark of a line is its second and 31 bits of a checksum over request and user agent. The reader's
address is not part of it, so that nobody can compute addresses from marks; two readers with the
same request and the same browser in the same second have the same mark. What is compared is the
number of lines with the same mark.

The readers of the lines are stored beside them for two days, as pseudonyms with a salt that is then
deleted. Within two days, files may come in any order and be cut anywhere, and visits are still the
same as in the whole log.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from operator import sub
from typing import NamedTuple

import msgspec

#: Bits of the checksum in a mark.
PRINT_MASK = 0x7FFF_FFFF
DAY_SECONDS = 86_400


class Mark(NamedTuple):
    """An imported line, without its reader."""

    #: Second of the day of UTC.
    second: int
    print: int
    #: 1: the line began a visit.
    visit: int


class Reader(NamedTuple):
    """The reader of a line, as pseudonyms: reader, network and /48 (0: none)."""

    who: int
    network: int
    ipv6_48: int


class Flip(msgspec.Struct, frozen=True, array_like=True):
    """A line of an earlier import that begins no visit any more, since a later import began it."""

    second: int
    print: int
    #: The import of the line.
    owner: str


def print_of(path: str, agent: str) -> int:
    """Return the checksum of a line with the request `path` and the user agent `agent`."""
    return zlib.crc32(f"{path}\0{agent}".encode("utf-8", "replace")) & PRINT_MASK


def pack_marks(marks: Sequence[tuple[int, int, int]]) -> bytes:
    """Return the marks of a day (`Mark`), sorted by second, in some five bytes each."""
    number = len(marks)
    seconds = [second for second, _, _ in marks]
    # Differences are small numbers, which compress well; checksums do not.
    steps = map(sub, seconds, [0, *seconds])
    return (
        struct.pack("<I", number)
        + struct.pack(f"<{number}I", *[mark << 1 | visit for _, mark, visit in marks])
        + zlib.compress(struct.pack(f"<{number}I", *steps))
    )


def unpack_marks(packed: bytes) -> Iterator[Mark]:
    """Yield the marks that were packed by `pack_marks`."""
    (number,) = struct.unpack_from("<I", packed)
    prints = struct.unpack_from(f"<{number}I", packed, 4)
    steps = struct.unpack(f"<{number}I", zlib.decompress(packed[4 + 4 * number :]))
    second = 0
    for step, value in zip(steps, prints, strict=True):
        second += step
        yield Mark(second, value >> 1, value & 1)


def pack_readers(readers: Sequence[tuple[int, int, int]]) -> bytes:
    """Return the readers of a day's lines (`Reader`), packed in the order of the marks."""
    number = len(readers)
    columns = [
        struct.pack(f"<{number}{size}", *column)
        for size, column in zip("QII", zip(*readers, strict=True), strict=True)
    ]
    return zlib.compress(struct.pack("<I", number) + b"".join(columns), 1)


def unpack_readers(packed: bytes) -> list[Reader]:
    """Return the readers that were packed by `pack_readers`."""
    data = zlib.decompress(packed)
    (number,) = struct.unpack_from("<I", data)
    who = struct.unpack_from(f"<{number}Q", data, 4)
    network = struct.unpack_from(f"<{number}I", data, 4 + 8 * number)
    ipv6_48 = struct.unpack_from(f"<{number}I", data, 4 + 12 * number)
    return [Reader(*one) for one in zip(who, network, ipv6_48, strict=True)]


def pack_flips(flips: Sequence[Flip]) -> bytes:
    """Return the flips of a day, packed."""
    return msgspec.msgpack.encode(flips)


def unpack_flips(packed: bytes) -> list[Flip]:
    """Return the flips that were packed by `pack_flips`."""
    return msgspec.msgpack.decode(packed, type=list[Flip])

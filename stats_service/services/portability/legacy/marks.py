"""Marks of the lines that an import brought, by which they are known again.

A line that counts is remembered by its second and 31 bits of a checksum over what was asked for
and the browser's name. The reader's address is in neither, so that no address can be found out
from them; two readers who ask for the same with the same browser in the same second leave the
same mark twice. How many lines of the same mark there are is what is compared.

Who is behind the lines is kept beside them for two days, as pseudonyms of a salt that is then
forgotten: so long, files may come in any order and cut where they like, and visits still come out
as those of the whole.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

#: A mark is so many bits of a checksum.
PRINT_MASK = 0x7FFF_FFFF
DAY_SECONDS = 86_400


class Mark(NamedTuple):
    """A line that an import brought, without who it was."""

    #: Second of the day of UTC.
    second: int
    print: int
    #: 1: it began a visit.
    visit: int


class Reader(NamedTuple):
    """Who is behind a line, as pseudonyms: reader, network and the /48 around it (0: none)."""

    who: int
    network: int
    ipv6_48: int


class Flip(msgspec.Struct, frozen=True, array_like=True):
    """A line of an earlier import that begins no visit any more, for a later one came before."""

    second: int
    print: int
    #: Import that the line is of.
    owner: str


def print_of(path: str, agent: str) -> int:
    """Return the checksum of a line that asks for `path` with the browser `agent`."""
    return zlib.crc32(f"{path}\0{agent}".encode("utf-8", "replace")) & PRINT_MASK


def pack_marks(marks: Sequence[Mark]) -> bytes:
    """Return the marks of a day, sorted by their seconds, in some five bytes each."""
    steps, before = [], 0
    for mark in marks:
        steps.append(mark.second - before)
        before = mark.second
    number = len(marks)
    # Steps are small numbers and pack well; checksums do not.
    return (
        struct.pack("<I", number)
        + struct.pack(f"<{number}I", *(mark.print << 1 | mark.visit for mark in marks))
        + zlib.compress(struct.pack(f"<{number}I", *steps))
    )


def unpack_marks(packed: bytes) -> Iterator[Mark]:
    """Give what `pack_marks` was given."""
    (number,) = struct.unpack_from("<I", packed)
    prints = struct.unpack_from(f"<{number}I", packed, 4)
    steps = struct.unpack(f"<{number}I", zlib.decompress(packed[4 + 4 * number :]))
    second = 0
    for step, value in zip(steps, prints, strict=True):
        second += step
        yield Mark(second, value >> 1, value & 1)


def pack_readers(readers: Sequence[Reader]) -> bytes:
    """Return who is behind the lines of a day, in the order of their marks."""
    number = len(readers)
    columns = [
        struct.pack(f"<{number}{size}", *(reader[column] for reader in readers))
        for column, size in enumerate("QII")
    ]
    return zlib.compress(struct.pack("<I", number) + b"".join(columns), 1)


def unpack_readers(packed: bytes) -> list[Reader]:
    """Return what `pack_readers` was given."""
    data = zlib.decompress(packed)
    (number,) = struct.unpack_from("<I", data)
    who = struct.unpack_from(f"<{number}Q", data, 4)
    network = struct.unpack_from(f"<{number}I", data, 4 + 8 * number)
    ipv6_48 = struct.unpack_from(f"<{number}I", data, 4 + 12 * number)
    return [Reader(*one) for one in zip(who, network, ipv6_48, strict=True)]


def pack_flips(flips: Sequence[Flip]) -> bytes:
    """Return the flips of a day."""
    return msgspec.msgpack.encode(flips)


def unpack_flips(packed: bytes) -> list[Flip]:
    """Return what `pack_flips` was given."""
    return msgspec.msgpack.decode(packed, type=list[Flip])

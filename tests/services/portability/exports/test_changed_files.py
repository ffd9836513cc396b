"""Whatever is changed in a file, it is read or refused; it is never a fault of the program."""

import contextlib
import random

import pytest

from stats_service.errors import InvalidInputError
from tests.services.portability.exports import test_plain, test_systems, test_wrong_numbers
from tests.services.portability.exports.conftest import Read

FILES = [
    *(test_systems.MYSQLDUMP, test_systems.PHPMYADMIN, test_systems.NUKEVIET, test_systems.JOOMLA),
    *(test_systems.DNN, test_systems.UMAMI_POSTGRES, test_systems.UMAMI_INSERTS),
    *(test_systems.POSTMETA, test_wrong_numbers.UMAMI, test_wrong_numbers.VISITORS),
    *test_plain.OWN.values(),
]
PIECES = [
    *(
        b"'",
        b'"',
        b",",
        b";",
        b"\n",
        b"\\",
        b"(",
        b")",
        b"NULL",
        b"-1",
        b"9" * 30,
        b"\x00",
        b"\xff",
    ),
    *(b"[", b"{", b"}", b"]", b"--", b"/*", b"INSERT INTO ", b"\t", b"\xc2\xb2", b"\xef\xbb\xbf"),
    *(b"2026-13-45", b"9999-12-31", b"0001-01-01", b"1e9"),
]


def changed(text: str, numbers: random.Random) -> bytes:
    """Return a text with some pieces put in, put over, taken out or moved."""
    found = bytearray(text.encode())
    for _ in range(numbers.randrange(1, 6)):
        at, length = numbers.randrange(len(found) + 1), numbers.randrange(1, 40)
        piece = numbers.choice(PIECES)
        match numbers.randrange(4):
            case 0:
                found[at:at] = piece
            case 1:
                found[at : at + length] = piece
            case 2:
                del found[at : at + length]
            case _:
                found[0:0] = found[at : at + length]
    return bytes(found)


@pytest.mark.parametrize("seed", range(8))
def test_a_changed_file_is_read_or_refused(read: Read, seed: int) -> None:
    """The same changes every time."""
    numbers = random.Random(seed)
    for _ in range(40):
        with contextlib.suppress(InvalidInputError):
            read({"file": changed(numbers.choice(FILES), numbers)}, parameters=("p",))

"""Which passwords are refused: those that attackers try first (NIST SP 800-63B, 3.1.1.2).

The rules are a least length and a list of common passwords; digits and signs are not required. The
list is `services/accounts/common_passwords.txt`, which `make vendor` fetches.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from importlib.resources import files
from itertools import pairwise

from stats_service.errors import InvalidInputError
from stats_service.services.accounts.passwords import PASSWORD_MAX_LENGTH

PASSWORD_MIN_LENGTH = 10
#: Least length of a name that is looked for in a password.
NAME_MIN_LENGTH = 2
#: Digits and signs around a common password or a name that do not make it acceptable: a date has
#: eight.
AROUND_MAX = 8
#: Least length of a text that makes an acceptable password when it is written twice.
REPEATED_MIN_LENGTH = 8
#: Neighbouring keys in either direction are a row; so are letters and digits in order.
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890")
#: A password may not consist of so many rows, of at least two characters each, or fewer.
ROWS_MAX = 3

_LETTERS_FOR_SIGNS = str.maketrans("@4310$57", "aaeiosst")
#: Common words beside the list, which comes from services in other languages: "password", "I love
#: you", cities, and what an office calls its portal.
_VIETNAMESE = """
matkhau matkhaumoi khongcomatkhau bimat quantri quantrivien thongke congthongtin tintuc gioithieu
vanphong anhyeuem emyeuanh yeuanh yeuem toiyeuban anhnhoem emnhoanh yeumaimai tinhyeu giadinh
hanhphuc contrai congai xinchao chaoban chucmungnammoi vietnam toiyeuvietnam vietnamvodich hanoi
saigon danang haiphong hochiminh thanhpho
"""


class PasswordRules:
    """Checks new passwords.

    Args:
        names: returns the names of the service and of its sites, which every page shows.
    """

    def __init__(self, names: Callable[[], Iterable[str]]) -> None:
        self._names = names

    def check(self, password: str, account: str) -> None:
        """Return if the account may have the password.

        Raises:
            InvalidInputError: the reason why the password is refused.
        """
        if not PASSWORD_MIN_LENGTH <= len(password) <= PASSWORD_MAX_LENGTH:
            raise InvalidInputError(
                "password: use {password_min_length} to {password_max_length} characters; four or "
                "five unrelated words are easy to remember.",
                password_min_length=PASSWORD_MIN_LENGTH,
                password_max_length=PASSWORD_MAX_LENGTH,
            )
        plain = _plain(password)
        if is_common(plain):
            raise InvalidInputError(
                "password: it is on the list of common passwords, which guessers try first, or is "
                "one of them with digits or signs around it. Four or five unrelated words are easy "
                "to remember."
            )
        if len(set(password)) < 5 or is_pattern(plain):
            raise InvalidInputError(
                "password: it repeats a few characters, or follows the alphabet, the digits or the "
                "rows of a keyboard. Four or five unrelated words are easy to remember."
            )
        if consists_of(plain, [account, *self._names()]):
            raise InvalidInputError(
                "password: apart from digits and signs it consists of the name of the account, of "
                "a site or of this service. Four or five unrelated words are easy to remember."
            )


def is_common(plain: str) -> bool:
    """Return whether a normalised password is on the list, or hardly more than a listed one."""
    if plain in _listed():
        return True
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    letters = core.translate(_LETTERS_FOR_SIGNS)
    return len(plain) - len(core) <= AROUND_MAX and not _listed().isdisjoint((core, letters))


def is_pattern(plain: str) -> bool:
    """Return whether a password repeats a short text, or follows an alphabet or a keyboard row."""
    repeated = (plain + plain).find(plain, 1)
    if repeated < min(len(plain), REPEATED_MIN_LENGTH):
        return True
    rows = 1 + sum(not _are_neighbours(one, other) for one, other in pairwise(plain))
    return rows <= ROWS_MAX


def consists_of(plain: str, names: Iterable[str]) -> bool:
    """Return whether a password consists of names and a few digits and signs."""
    words = {word for name in names for word in _words(name)}
    left = plain.replace(" ", "")
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, "\0")
    rest = left.replace("\0", "")
    return rest != left and len(rest) <= AROUND_MAX and not any(map(str.isalpha, rest))


def _words(name: str) -> list[str]:
    """Return a name without spaces and signs, and each of its longer words."""
    plain = _plain(name)
    parts = [*re.split(r"[\W_]+", plain), re.sub(r"[\W_]+", "", plain)]
    return [part for part in parts if len(part) >= NAME_MIN_LENGTH]


def _plain(text: str) -> str:
    """Return a text in lower case without diacritics: `matkhau` for `MậtKhẩu`."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return "".join(part for part in parts if not unicodedata.combining(part))


def _are_neighbours(one: str, other: str) -> bool:
    pair = one + other
    if any(pair in row or pair[::-1] in row for row in _ROWS):
        return True
    return one.isalnum() and other.isalnum() and abs(ord(one) - ord(other)) <= 1


@cache
def _listed() -> frozenset[str]:
    text = (
        files("stats_service.services.accounts").joinpath("common_passwords.txt").read_text("utf-8")
    )
    listed = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(listed) | frozenset(_VIETNAMESE.split())

"""Pages that are called by whatever they are asked for: the results of a search, articles of a tag.

Whoever sends views invents addresses, and such a page would take words out of them into its title,
and so into lists that the portal shows. So where a title has a word of the address, the page is
asked for once more with a word in its place that nobody could have meant.
"""

import re
import secrets
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote_plus

#: Parts of one address that are tried.
PROBES_MAX = 2
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORD = re.compile(r"\w+")
#: Letters of a word in the midst of a path that is looked for: sections have short names.
_LETTERS_MIN = 3
#: Digits of a number that is looked for: a telephone's; others are those of articles and pages.
_DIGITS_MIN = 8
_DIGITS = re.compile(r"\d+")
#: The ending of a file, which may decide what answers.
_ENDING = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)


class Probe(NamedTuple):
    """An address to ask for."""

    #: The same for addresses that differ in that part, and in numbers, alone.
    shape: str
    address: str


def new_word() -> str:
    """Return a word that no page has."""
    return "".join(secrets.choice(_LETTERS) for _ in range(14))


def probes(key: str, title: str, word: str) -> list[Probe]:
    """Return addresses with `word` in place of the parts that have a word of the title.

    Values of the query come first, then the end of the path; where a path begins is the name of a
    section, which the title of an article may well have. At the end any word counts, also one of
    two letters, as many Vietnamese ones are.

    Args:
        key: of an article, a path.
        title: what its page calls itself.
        word: as `new_word` makes it.
    """
    path, mark, query = key.partition("?")
    said, found = set(_WORD.findall(_plain(title))), list[Probe]()
    pairs = query.split("&") if mark else []
    for at, pair in enumerate(pairs):
        name, equals, value = pair.partition("=")
        if said & _words(value, at_end=True):
            before = "&".join([*pairs[:at], name + equals])
            after = "".join(f"&{other}" for other in pairs[at + 1 :])
            found.append(_probe(f"{path}?{before}", after, word))
    segments = path.split("/")
    for at in range(len(segments) - 1, 1 if len(segments) > 2 else 0, -1):
        if said & _words(segments[at], at_end=at == len(segments) - 1):
            ending = _ENDING.search(segments[at])
            after = "/".join([ending[0] if ending else "", *segments[at + 1 :]])
            found.append(_probe("/".join([*segments[:at], ""]), after + mark + query, word))
    return found[:PROBES_MAX]


def _probe(before: str, after: str, word: str) -> Probe:
    return Probe(_DIGITS.sub("0", f"{before}*{after}"), before + word + after)


def echoes(title: str, word: str) -> bool:
    """Tell whether the title of a probed page has the word that it was asked for."""
    return word in _plain(title)


def _words(part: str, *, at_end: bool) -> set[str]:
    letters = 1 if at_end else _LETTERS_MIN
    return {
        word
        for word in _WORD.findall(_plain(unquote_plus(part)))
        if len(word) >= (_DIGITS_MIN if word.isdecimal() else letters)
    }


def _plain(text: str) -> str:
    """Return a text without accents and capitals."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(sign for sign in parts if not unicodedata.combining(sign))

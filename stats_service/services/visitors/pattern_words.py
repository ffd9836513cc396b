"""Texts without which a regular expression cannot match: searching for them is faster.

Of the four hundred expressions of `ua-parser`, all but a few have one, and a user agent has the
texts of a few expressions. What is not understood gives no text, so that the expression is tried.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar

#: Fewer characters stand in nearly every user agent.
LENGTH_MIN = 2
#: What nearly every user agent has in it, so that searching for it says little.
_USUAL = (
    "mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/1"
    " safari/5 (linux; android 1; k) version/4.0 chrome/1 mobile safari/5 (iphone; cpu iphone os"
    " 17_1 like mac os x) mobile/15e148 safari/604.1 (macintosh; intel mac os x 10) rv: firefox/"
)
_Item = TypeVar("_Item")
_QUANTIFIER = re.compile(r"[*+?]\??|\{(\d*)(,?\d*)\}\??")
#: Groups that do not match themselves (look-arounds), or change how others do (flags).
_SPECIAL = re.compile(r"\?[^:P]|\?P[^<]")
#: Flags, and characters by their number.
_NOT_UNDERSTOOD = re.compile(r"\(\?[aiLmsux-]|\\[xuUN]")
_OPENING = re.compile(r"\?:|\?P<\w+>")


def needed_texts(pattern: str) -> tuple[tuple[str, ...], ...]:
    """Return groups of texts in small letters.

    Whatever `pattern` matches has, in small letters, one text of each group: the rarer ones first.
    The same holds if it is applied without regard to case, as long as the text is ASCII.
    """
    if _NOT_UNDERSTOOD.search(pattern):
        return ()
    branches = [_groups(branch) for branch in _branches(pattern)]
    if len(branches) == 1:
        return tuple(sorted(branches[0], key=_rareness))
    one = _of_any(branches)
    return (one,) if one else ()


class Sieve(Generic[_Item]):
    """Finds those of some patterns, each with an item, that may match a text.

    Args:
        patterns: regular expressions, and what belongs to each.
    """

    def __init__(self, patterns: Iterable[tuple[str, _Item]]) -> None:
        self._rows: list[tuple[str, tuple[str, ...], tuple[tuple[str, ...], ...], _Item]] = []
        for pattern, item in patterns:
            (first, *others), *more = needed_texts(pattern) or (("",),)
            self._rows.append((first, tuple(others), tuple(more), item))

    def items(self) -> list[_Item]:
        """Return all items."""
        return [row[3] for row in self._rows]

    def candidates(self, text: str) -> Iterator[_Item]:
        """Yield the items of the patterns that may match, in their order."""
        lower = text.lower()
        for first, others, more, item in self._rows:
            if (first in lower or (others and _has_any(lower, others))) and (
                not more or all(_has_any(lower, texts) for texts in more)
            ):
                yield item


def _has_any(text: str, texts: Sequence[str]) -> bool:
    return any(map(text.__contains__, texts))


def _rareness(texts: Sequence[str]) -> tuple[bool, int]:
    return _has_any(_USUAL, texts), -_weight(texts)


def _groups(branch: str) -> list[tuple[str, ...]]:
    """Return what an alternative needs."""
    return [texts for texts in _runs(branch) if _tells(texts)]


def _tells(texts: tuple[str, ...]) -> bool:
    """Return whether searching for these is worth it."""
    return _weight(texts) >= LENGTH_MIN or (_weight(texts) > 0 and not _has_any(_USUAL, texts))


def _of_any(branches: list[list[tuple[str, ...]]]) -> tuple[str, ...]:
    """Return texts of which any of some alternatives has one; none: one of them needs nothing."""
    found: list[str] = []
    for groups in branches:
        if not groups:
            return ()
        rarest = min(groups, key=_rareness)
        found += rarest
    return tuple(dict.fromkeys(found))


def _weight(texts: Sequence[str]) -> int:
    return min(map(len, texts), default=0)


def _branches(pattern: str) -> Iterator[str]:
    """Yield the alternatives of a pattern outside of its groups."""
    depth = begin = 0
    for at, piece in _pieces(pattern):
        depth += (piece == "(") - (piece == ")")
        if piece == "|" and not depth:
            yield pattern[begin:at]
            begin = at + 1
    yield pattern[begin:]


def _runs(branch: str) -> Iterator[tuple[str, ...]]:
    """Yield what a branch needs, one after the other: a run of characters, or those of a group."""
    run = ""
    end = 0
    for at, piece in _pieces(branch):
        if at < end:
            continue
        end = at + len(piece)
        if piece == "(":
            end = _end_of_group(branch, at)
        least, after = _least(branch, end)
        literal = _literal(piece) if least else ""
        run += literal
        if not literal or after > end:
            yield (run,)
            run = ""
        if piece == "(" and least:
            yield from _of_group(branch[at + 1 : end - 1])
        end = after
    yield (run,)


def _of_group(inner: str) -> Iterator[tuple[str, ...]]:
    if _SPECIAL.match(inner):
        return
    branches = [_groups(branch) for branch in _branches(_OPENING.sub("", inner, count=1))]
    if len(branches) == 1:
        yield from branches[0]
    else:
        yield _of_any(branches)


def _pieces(pattern: str) -> Iterator[tuple[int, str]]:
    """Yield the place and text of each character, escape and class."""
    at = 0
    while at < len(pattern):
        end = at + 1
        if pattern[at] == "\\":
            end = at + 2
        elif pattern[at] == "[":
            end = _end_of_class(pattern, at)
        yield at, pattern[at:end]
        at = end


def _end_of_class(pattern: str, at: int) -> int:
    end = at + 1
    if pattern[end : end + 1] == "^":
        end += 1
    end += 1  # a bracket here is one of the class
    while end < len(pattern) and pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    return end + 1


def _end_of_group(pattern: str, at: int) -> int:
    depth = 0
    for place, piece in _pieces(pattern[at:]):
        depth += (piece == "(") - (piece == ")")
        if not depth:
            return at + place + 1
    return len(pattern)


def _least(pattern: str, at: int) -> tuple[int, int]:
    """Return how often at least what ends here occurs, and where its quantifier ends."""
    match = _QUANTIFIER.match(pattern, at)
    if not match:
        return 1, at
    if match[0][0] == "{":
        return int(match[1] or 0), match.end()
    return int(match[0][0] == "+"), match.end()


def _literal(piece: str) -> str:
    """Return the character that a piece is, in small letters; empty: it is another thing."""
    if piece[0] == "\\":
        return "" if piece[1:].isalnum() else piece[1:]
    if piece[0] == "[":
        inner = piece[1:-1].lower()
        return inner[0] if len(inner) == 2 and inner[0] == inner[1] and inner.isalpha() else ""
    return "" if piece[0] in ".^$|()" else piece.lower()

"""Texts that people write for readers: one line, normal form C, no character that misleads.

Some invisible characters are part of a word or an emoji: the joiner in an emoji of a family of
three, the non-joiner between two Persian letters, the zero-width spaces that tell where a line of
Khmer may break. They stay where a text needs them. Others come from a word processor by copy and
paste (soft hyphens, direction marks) and are removed.
"""

import re
import unicodedata
from collections.abc import Iterator

from stats_service.errors import UnfitAnswerError
from stats_service.services.articles.normal_form import has_endless_marks

#: Soft hyphens, direction marks, word joiners, tags; letters of Hangul and Khmer and a sign of
#: Braille that are blank, of which a whole text could be made that nobody sees. The two direction
#: overrides are not among them: they reverse the text behind them, which only serves to mislead.
_DROPPED = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200e\u200f\u202a-\u202c\u2060-\u206f\u2800"
    "\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)
_JOINER, _NON_JOINER, _ZERO_SPACE = "\u200d", "\u200c", "\u200b"
_INVISIBLE = re.compile(f"[{_NON_JOINER}{_JOINER}{_ZERO_SPACE}]")
#: Ranges of emoji, including those that this Python's Unicode tables do not have yet.
_EMOJI = re.compile(
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\ufe0f\U0001f000-\U0001faff]"
)
#: Scripts whose letters join or stack, as the joiners tell them: Arabic, Syriac, N'Ko, those of
#: India and around it, Khmer, Mongolian.
_JOINING = re.compile(
    "[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1aaf\u1b00-\u1cff\ua800-\uaadf"
    "\uabc0-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00011000-\U00011fff]"
)
#: Scripts that write no spaces between words: Thai, Lao, Tibetan, Burmese, Khmer, Tai Le, Tai Tham.
_SPACELESS = re.compile(
    "[\u0e00-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf]"
)


def clean_text(name: str, text: str, longest: int) -> str:
    """Return a text on one line, in normal form C; of what it returned, the same.

    Raises:
        UnfitAnswerError: the text is empty or too long, or has a character that cannot be shown.
    """
    clean, before = text, None
    # The normal form may turn the sign beside a joiner into one that needs none, or into several.
    while clean != before:
        before = clean
        seen = "".join(_needed(before))  # first: what is left out may stand between the marks
        if has_endless_marks(seen):
            raise UnfitAnswerError(
                "{field}: has more combining marks in a row than any language.",
                reason="sign",
                field=name,
            )
        clean = unicodedata.normalize("NFC", " ".join(seen.split()))
    if not clean or len(clean) > longest:
        raise UnfitAnswerError(
            "{field} {text!r}: use 1 to {longest} characters.",
            reason="length" if clean else "empty",
            field=name,
            text=text[:80],
            longest=longest,
        )
    if not is_shown(clean):
        raise UnfitAnswerError(
            "{field} {text!r}: has a sign that cannot be shown; remove it.",
            reason="sign",
            field=name,
            text=text[:80],
        )
    return clean


def _needed(text: str) -> Iterator[str]:
    """Yield the visible characters of a text, and the invisible ones that the text needs."""
    text = _DROPPED.sub("", text)
    if not _INVISIBLE.search(text):
        yield text
        return
    before = ""
    for place, sign in enumerate(text):
        if sign not in (_JOINER, _NON_JOINER, _ZERO_SPACE):
            before = sign
            yield sign
        elif before and _needs(before, sign, text[place + 1 : place + 2]):
            # A second one in a row has no effect.
            before = ""
            yield sign


def _needs(before: str, sign: str, after: str) -> bool:
    """Return whether an invisible character has an effect between its neighbours."""
    if sign == _ZERO_SPACE:
        return bool(_SPACELESS.match(before) and _SPACELESS.match(after))
    if _JOINING.match(before):
        return sign == _JOINER or bool(_JOINING.match(after))
    return sign == _JOINER and bool(_EMOJI.match(before) and _EMOJI.match(after))


def is_shown(text: str) -> bool:
    """Return whether every character is visible, or an invisible one that the text needs."""
    if text.isprintable():
        return True
    return _EMOJI.sub("", _INVISIBLE.sub("", text)).isprintable()

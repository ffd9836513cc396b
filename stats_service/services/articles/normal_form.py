"""Unicode's normal form C of texts that anybody may send, in bounded time.

Putting a run of combining marks in order takes time that grows with the square of its length: 8,000
of them hold a worker up for 0.3 s. No language needs more than a few; Unicode's own bound for
streams (UAX 15) is 30.
"""

import unicodedata

MARKS_MAX = 30
#: Texts so short are in order in no time, whatever they are.
_SHORT = 64
#: Three vowel signs of Tibetan count as letters and are made of two marks each.
_MADE_OF_MARKS = frozenset("\u0f73\u0f75\u0f81")


def has_endless_marks(text: str) -> bool:
    """Tell whether a text has a run of marks that no language has; ask before it is normalised."""
    if len(text) <= _SHORT or text.isascii():
        return False
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) or char in _MADE_OF_MARKS else 0
        if run > MARKS_MAX:
            return True
    return False

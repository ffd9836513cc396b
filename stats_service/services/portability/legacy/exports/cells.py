"""The value of one cell of a table: a number, a day, a time; or an error."""

import re
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple

from stats_service.services.periods import (
    FIRST_DAY,
    FIRST_MOMENT,
    LAST_DAY,
    LAST_MOMENT,
    is_countable_day,
    periods_at,
)

#: Largest number that one cell may hold.
NUMBER_MAX = 10**12
#: Longest part of a cell that a message shows, in characters.
SHOWN_LENGTH = 40

#: Counts are whole numbers, so `1.234` is grouped by thousands, as in Vietnamese.
_GROUPED = re.compile(r"\d{1,3}(?:([.,\u00a0\u202f '])\d{3})(?:\1\d{3})*")
_WHOLE = re.compile(r"[+-]?\d{1,15}(?:[.,]0*)?")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[\da-fA-F]*:[\da-fA-F:.]*:[\da-fA-F.]*")
_LOCAL_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?=\D|$)")


class BadCell(ValueError):  # noqa: N818  (it is told apart from errors of the program by its name)
    """A cell that cannot be parsed.

    Args:
        text: the text of the cell.
        wanted: the expected kind of value, for the message.
    """

    def __init__(self, text: str, wanted: str) -> None:
        super().__init__(text)
        self.text = without_address(text)[:SHOWN_LENGTH]
        self.wanted = wanted


def without_address(text: str) -> str:
    """Return the text of a cell for a message, without any address of a reader in it."""
    return "(an address)" if _ADDRESS.fullmatch(text.strip()) else text


class Hour(NamedTuple):
    """An hour of a day, in the site's zone: `2026-11-23`, `09`."""

    day: str
    hour: str


@lru_cache(maxsize=4096)
def whole(text: str) -> int:
    """Return a whole number of 0 or more; an empty cell is 0."""
    number = signed(text)
    if number < 0:
        raise BadCell(text, f"a number from 0 to {NUMBER_MAX}")
    return number


def signed(text: str) -> int:
    """Return a whole number; an empty cell is 0."""
    text = text.strip()
    if not text:
        return 0
    if text.isdecimal():
        number = int(text[:20])
    elif _GROUPED.fullmatch(text):
        number = int("".join(filter(str.isdecimal, text)))
    elif _WHOLE.fullmatch(text):
        number = int(re.split("[.,]", text)[0])
    else:
        number = NUMBER_MAX + 1
    if abs(number) > NUMBER_MAX:
        raise BadCell(text, f"a number from 0 to {NUMBER_MAX}")
    return number


@lru_cache(maxsize=4096)
def day(text: str) -> str:
    """Return the ISO date at the start of a cell: `2026-11-23`, `23/11/2026`, `20261123`."""
    text = text.strip()
    if match := _LOCAL_DAY.match(text):
        text = f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}"
    try:
        found = date.fromisoformat(text[:8] if text[:8].isdecimal() else text[:10]).isoformat()
    except ValueError as error:
        raise BadCell(text, "a date such as 2026-11-23") from error
    return _countable(found)


def moment(text: str, zone: str) -> Hour:
    """Return the hour in `zone` of an ISO time; a time without an offset is UTC."""
    # Offsets only change at quarters of an hour, and most times are written in UTC, to the second.
    if (quarter := _QUARTERS.get(text[14:16])) and text[19:] in ("", "Z", " UTC"):
        return _quarter(text[:14] + quarter, zone)
    return _moment(text, zone)


#: For each minute, the start of its quarter of an hour.
_QUARTERS = {f"{minute:02d}": f"{minute // 15 * 15:02d}:00" for minute in range(60)}


def _moment(text: str, zone: str) -> Hour:
    return hour_of(instant(text), zone)


def instant(text: str) -> float:
    """Return the seconds since 1970 of an ISO time, cut off; one without a zone is UTC."""
    # Most times are in UTC, and many in one minute.
    minute, second, rest = text[:16], text[16:19], text[19:]
    if (seconds := _SECONDS.get(second)) is not None and (
        rest in _ENDS or (rest[0] == "." and rest[1:].isdecimal())
    ):
        begin = _minute(minute)
        if begin:
            return begin + seconds
    return _instant(text)


#: What may follow the seconds of a time in UTC; the seconds by how they are written.
_ENDS = ("", "Z", " UTC")
_SECONDS = {f":{second:02d}": second for second in range(60)}


@lru_cache(maxsize=4096)
def _minute(text: str) -> int:
    """Return the beginning of a minute; 0: it is none."""
    try:
        return int(_instant(f"{text}:00"))
    except BadCell:
        return 0


def _instant(text: str) -> float:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _unusual_moment(text)
    seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    if not FIRST_MOMENT <= seconds <= LAST_MOMENT:
        raise _uncountable(text)
    return seconds


_quarter = lru_cache(maxsize=100_000)(_moment)


def _unusual_moment(text: str) -> datetime:
    """Parse a time with ` UTC` at the end, or with a number of digits that Python 3.11 refuses."""
    plain = re.sub(r"(\.\d{6})\d+", r"\1", text.strip().replace(" UTC", "+00:00"))
    try:
        return datetime.fromisoformat(plain)
    except ValueError as error:
        raise BadCell(text, "a time such as 2026-11-23T09:30:00Z") from error


def second(text: str) -> int:
    """Return seconds since 1970, from the number that PHP's `time()` writes."""
    number = whole(text)
    if not FIRST_MOMENT <= number <= LAST_MOMENT:
        raise BadCell(text, "seconds since 1970")
    return number


def hour_of(seconds: float, zone: str) -> Hour:
    """Return the hour in `zone` of a moment, in seconds since 1970."""
    periods = periods_at(seconds, zone)
    return Hour(periods.day, periods.hour)


def _countable(found: str) -> str:
    if not is_countable_day(found):
        raise _uncountable(found)
    return found


def _uncountable(found: str) -> BadCell:
    return BadCell(found, f"a day from {FIRST_DAY} to {LAST_DAY}")

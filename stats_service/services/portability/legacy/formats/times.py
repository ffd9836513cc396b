"""Formats of times in access logs."""

from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

#: Number of minutes that are remembered.
MINUTES_MAX = 4096
#: Seconds as they are written. No clock has more than 60, and whoever writes more is read as well.
SECONDS = {f"{second:02}": second for second in range(100)}


def clf_time(text: str, zone: str = "") -> float | None:
    """Return the seconds since 1970 of `17/May/2015:10:05:03 +0000`; None: not such a time.

    Args:
        text: the time; a time without an offset is in `zone`.
        zone: an IANA name; empty: the offset is required.
    """
    if text[4:5] == "-":
        return iso_time(text, zone)
    offset = text[20:] if len(text) == 26 else _offset(text)
    if not offset:
        return _with_seconds(_local_minute(text[:17], "%d/%b/%Y:%H:%M", zone), text[18:20])
    midnight = _midnight(text[:11], "%d/%b/%Y", offset)
    clock = text[12:20]
    if midnight is None or len(clock) != 8 or not clock.replace(":", "").isdecimal():
        return None
    hour, minute, second = int(clock[:2]), int(clock[3:5]), int(clock[6:8])
    return midnight + 3600 * hour + 60 * minute + second if hour < 24 and minute < 60 else None


def iso_time(text: str, zone: str = "") -> float | None:
    """Return the seconds since 1970 of an ISO time, without fractions; None: not such a time."""
    text = text.strip()
    if len(text) > 19 and text[19] in ".,":  # Python does not parse nanoseconds
        rest = text[20:].lstrip("0123456789")
        text = text[:19] + rest
    offset = text[19:].strip()
    minute = _minute(text[:16], offset) if offset else _local_minute(text[:16], "", zone)
    return _with_seconds(minute, text[17:19])


def _offset(text: str) -> str:
    """Return the offset after an optional fraction of a second: `10:05:03.584 +0700`."""
    return text[20:].rpartition(" ")[2] if " " in text[20:] else ""


def _with_seconds(minute: float | None, seconds: str) -> float | None:
    return minute + int(seconds) if minute is not None and seconds.isdecimal() else None


@lru_cache(maxsize=1024)
def _midnight(text: str, form: str, offset: str) -> float | None:
    try:
        return datetime.strptime(f"{text} {offset}", f"{form} %z").timestamp()
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _minute(text: str, offset: str) -> float | None:
    try:
        return datetime.fromisoformat(f"{text}:00{offset}").timestamp()
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def _local_minute(text: str, form: str, zone: str) -> float | None:
    """Return the moment of a local minute in a zone; None without a zone."""
    try:
        local = datetime.strptime(text, form) if form else datetime.fromisoformat(text)
    except ValueError:
        return None
    if not zone or local.tzinfo:
        return None
    return local.replace(tzinfo=ZoneInfo(zone)).timestamp()

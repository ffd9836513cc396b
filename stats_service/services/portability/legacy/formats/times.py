"""Times as servers write them."""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


def clf_time(text: str, zone: str = "") -> float | None:
    """Return the seconds since 1970 of `17/May/2015:10:05:03 +0000`; None: it is no such time.

    Args:
        text: the time; without an offset it is of `zone`.
        zone: an IANA name; empty: there must be an offset.
    """
    start = _minute(text[:17], text[20:] if len(text) == 26 else _offset(text), zone)
    seconds = text[18:20]
    if start is None or not seconds.isdigit():
        return iso_time(text, zone) if text[4:5] == "-" else None
    return start + int(seconds)


def _offset(text: str) -> str:
    """Return the offset behind what may be a fraction of a second: `10:05:03.584 +0700`."""
    return " " + text[20:].rpartition(" ")[2] if " " in text[20:] else ""


@lru_cache(maxsize=4096)
def _minute(text: str, offset: str, zone: str) -> float | None:
    try:
        if offset:
            return datetime.strptime(text + offset, "%d/%b/%Y:%H:%M %z").timestamp()
        local = datetime.strptime(text, "%d/%b/%Y:%H:%M")
    except ValueError:
        return None
    return local.replace(tzinfo=ZoneInfo(zone)).timestamp() if zone else None


def iso_time(text: str, zone: str = "") -> float | None:
    """Return the seconds since 1970 of an ISO time, to the second; None: it is none."""
    text = text.strip()
    if len(text) > 19 and text[19] in ".,":  # nanoseconds are more than Python reads
        rest = text[20:].lstrip("0123456789")
        text = text[:19] + rest
    start = _iso_minute(text[:16], text[19:].strip(), zone)
    seconds = text[17:19]
    return start + int(seconds) if start is not None and seconds.isdigit() else None


@lru_cache(maxsize=4096)
def _iso_minute(text: str, offset: str, zone: str) -> float | None:
    try:
        minute = datetime.fromisoformat(f"{text}:00{offset}")
    except ValueError:
        return None
    if minute.tzinfo is None:
        if not zone:
            return None
        minute = minute.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
    return minute.timestamp()

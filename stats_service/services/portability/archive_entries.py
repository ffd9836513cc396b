"""Checks of audit log entries in an archive: pages show some of their values by type.

An entry holds the values before and after a change as JSON, which has no schema. A value that a
page shows as text may be anything; one that it shows as a number, a day or a time must be one.
"""

import re
from datetime import date
from typing import Any

from stats_service.errors import InvalidInputError
from stats_service.models.audit import AuditEntry
from stats_service.models.bounds import COUNT_MAX, TIME_MAX

#: Longest name of an action, an author or a subject, which the log shows.
NAME_MAX = 400
#: Deepest value; a poll in the log has four (`after`, `choices`, one of them, its texts).
DEPTH_MAX = 8

_WHAT = re.compile(r"[a-z]{1,20}\.[a-z-]{1,40}")
#: Values that pages write as moments, in seconds since 1970.
_MOMENTS = ("opens", "closes", "created", "opened", "closed")
#: Values that pages write as counts.
_COUNTS = ("opening_visits", "opening_views")


def check_entry(entry: AuditEntry) -> None:
    """Return if pages can show an entry; InvalidInputError names the wrong member."""
    if not 0 <= entry.at <= TIME_MAX:
        raise _unusable("at", entry.at, f"use 0 to {TIME_MAX:.0f} seconds since 1970")
    if not _WHAT.fullmatch(entry.what):
        raise _unusable("what", entry.what, "use a noun and a verb such as poll.closed")
    for name in ("who", "subject"):
        if len(getattr(entry, name)) > NAME_MAX:
            raise _unusable(name, getattr(entry, name), f"use {NAME_MAX} characters")
    for name in ("before", "after"):
        value = getattr(entry, name)
        _check_depth(name, value)
        if isinstance(value, dict):
            _check_members(value)
    if entry.what == "opening.set":
        _check_balance(entry)


def _check_balance(entry: AuditEntry) -> None:
    """Check an entry of an opening balance, which a list shows with the number of the article."""
    if entry.subject:
        if not isinstance(entry.after, dict) or not _is_number(entry.after.get("views")):
            raise _unusable("after", entry.after, "use the views of the article")
        return
    for name in ("before", "after"):
        value = getattr(entry, name)
        if value is not None and not isinstance(value, dict):
            raise _unusable(name, value, "use the balances by their names")


def _check_members(values: dict[str, Any]) -> None:
    for name in _MOMENTS:
        moment = values.get(name)
        if moment is not None and not (_is_number(moment) and 0 <= moment <= TIME_MAX):
            raise _unusable(name, moment, f"use 0 to {TIME_MAX:.0f} seconds since 1970")
    for name in _COUNTS:
        number = values.get(name)
        if number is not None and not (isinstance(number, int) and _is_number(number)):
            raise _unusable(name, number, f"use a whole number from 0 to {COUNT_MAX}")
    day = values.get("opening_day")
    if day and not _is_day(day):
        raise _unusable("opening_day", day, "write a day as 2026-11-23")
    if "protection" in values:
        _check_protection(values["protection"])


def _check_protection(value: Any) -> None:
    if not isinstance(value, dict) or not isinstance(value.get("level"), str):
        raise _unusable("protection", value, "use its settings by their names, level among them")
    for name, setting in value.items():
        if name != "level" and not isinstance(setting, bool) and not _is_number(setting):
            raise _unusable(f"protection.{name}", setting, "use a number, true or false")


def _check_depth(name: str, value: Any) -> None:
    """Check the depth of a value level by level, since a deep one overflows the stack of a page."""
    level = [value]
    for _ in range(DEPTH_MAX):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise _unusable(name, value, f"use at most {DEPTH_MAX} levels of lists and objects")


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= COUNT_MAX
    )


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _unusable(name: str, value: object, hint: str) -> InvalidInputError:
    return InvalidInputError(
        "{name} {value!r}: {hint}", name=name, value=_start_of(value), hint=hint
    )


def _start_of(value: object) -> str:
    """Return the part of a value that an error shows; a deep value cannot be written as a whole."""
    try:
        return str(value)[:80]
    except RecursionError:
        return f"a {type(value).__name__}"

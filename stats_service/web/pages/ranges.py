"""Which days a page is about, out of its query."""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _

from stats_service.models.sites import Site
from stats_service.services.traffic.history import RANGE_MAX_DAYS
from stats_service.web.http.context import services

DAY = timedelta(days=1)


class Range(NamedTuple):
    """A range of days, both ends included, and the unit that it is shown in."""

    first: date
    last: date
    unit: str
    #: The preset that was chosen, or empty.
    preset: str
    #: Days were asked for that there are not; these are others.
    is_other: bool = False


def today_of(site: Site) -> date:
    """Return today where the site is."""
    now = datetime.fromtimestamp(services().clock.now(), UTC)
    return now.astimezone(ZoneInfo(site.timezone)).date()


def presets() -> dict[str, str]:
    """Return the ranges that are one click away.

    They are whole weeks, so that each day stands above the same weekday of the period before.
    """
    return {
        "today": _("Today"),
        "7": _("7 days"),
        "28": _("4 weeks"),
        "91": _("13 weeks"),
        "365": _("12 months"),
        "years": _("All years"),
    }


def range_of(site: Site) -> Range:
    """Return the range that the query asks for; days that there are not become four weeks."""
    today = today_of(site)
    first, last = _date(request.args.get("from")), _date(request.args.get("to"))
    unit = request.args.get("unit", "")
    preset = request.args.get("range", "")
    is_other = bool(request.args.get("from") or request.args.get("to")) and not (first and last)
    if first and last:
        first, last = sorted((first, last))  # who writes them the other way round means the same
        last = min(last, today)
        first = min(first, last)
        preset = ""
    else:
        preset = preset if preset in presets() else "28"
        last = today
        first = {
            "today": today,
            "years": date(today.year - 4, 1, 1),
            "365": (today - 365 * DAY).replace(day=1),
        }.get(preset) or today - (int(preset) - 1) * DAY
        if preset in ("365", "years"):
            unit = unit or "month"
    days = (last - first).days + 1
    if days > RANGE_MAX_DAYS.get(unit, 0):
        unit = ""
    unit = unit or ("hour" if days <= 3 else "day" if days <= 400 else "month")
    first = max(first, last - (RANGE_MAX_DAYS[unit] - 1) * DAY)
    return Range(first, last, unit, preset, is_other)


def _date(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None

"""The range of days in the query of a page, and the span to compare it with."""

from datetime import UTC, date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _

from stats_service.models.sites import Site
from stats_service.services.traffic import spans
from stats_service.services.traffic.beginning import FIRST_YEAR
from stats_service.services.traffic.history import HOURS_KEPT_DAYS, RANGE_MAX_DAYS
from stats_service.services.traffic.spans import DAY, Span
from stats_service.web.http.context import services
from stats_service.web.pages.languages import day, moment

#: The default span, also in place of days that do not exist.
DEFAULT = "28"
#: Spans with a link of their own; the others are in a list.
FIRST_CHOICE = ("today", "week", "last-week", "28", "last-month", "365", "all")
#: Longest span that is shown by hour, and by day, unless the query names a unit; in days.
HOURS_SHOWN, DAYS_SHOWN = 3, 183


class Range(NamedTuple):
    """The span of a page."""

    span: Span
    unit: str
    #: As in `services.traffic.spans.compared_with`.
    compare: str
    #: The name of the span, or empty.
    preset: str
    #: The query named days that do not exist, and this is the default.
    is_other: bool = False

    @property
    def first(self) -> date:
        """The first day."""
        return self.span.first

    @property
    def last(self) -> date:
        """The last day."""
        return self.span.last

    @property
    def days(self) -> dict[str, str]:
        """The query for the same days."""
        if self.preset:
            return {"range": self.preset}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}

    @property
    def query(self) -> dict[str, str]:
        """The query for the same range."""
        return self.days | {"unit": self.unit, "compare": self.compare}


def today_of(site: Site) -> date:
    """Return today's date in the site's zone."""
    now = datetime.fromtimestamp(services().clock.now(), UTC)
    return now.astimezone(ZoneInfo(site.timezone)).date()


def presets() -> dict[str, str]:
    """Return the named spans."""
    return {
        "today": _("Today"),
        "yesterday": _("Yesterday"),
        "week": _("This week"),
        "last-week": _("Last week"),
        "month": _("This month"),
        "last-month": _("Last month"),
        "quarter": _("This quarter"),
        "last-quarter": _("Last quarter"),
        "year": _("This year"),
        "last-year": _("Last year"),
        "7": _("7 days"),
        "28": _("4 weeks"),
        "91": _("13 weeks"),
        "365": _("12 months"),
        "all": _("Since the beginning"),
    }


def comparisons() -> dict[str, str]:
    """Return the spans that a span can be compared with."""
    return {
        spans.BEFORE: _("the span before"),
        spans.YEAR: _("the year before"),
        spans.NOTHING: _("nothing"),
    }


def days_text(first: date, last: date) -> str:
    """Write a span of days: 01/10/2026 – 31/10/2026, or one day."""
    return day(first, "short") + (f" – {day(last, 'short')}" if last != first else "")


def as_of(site: Site) -> str:
    """Say until when the numbers are."""
    when = moment(services().clock.now(), site.timezone)
    return str(_("Numbers up to %(when)s (%(zone)s)", when=when, zone=site.timezone))


def choices() -> dict[str, Any]:
    """Return what the template `admin/ranges.html` offers."""
    return {
        "presets": presets(),
        "first_choice": FIRST_CHOICE,
        "comparisons": comparisons(),
        "days_max": RANGE_MAX_DAYS,
        "hours_kept": HOURS_KEPT_DAYS,
    }


def range_of(site: Site, default: str = DEFAULT) -> Range:
    """Return the range in the query.

    Args:
        site: the site.
        default: the preset if the query names none, or invalid days.
    """
    args, today = request.args, today_of(site)
    first, last = _date(args.get("from")), _date(args.get("to"))
    is_other = bool(args.get("from") or args.get("to")) and not (first and last)
    compare = args.get("compare", spans.BEFORE)
    if compare not in comparisons() and not _date(compare):
        compare = spans.BEFORE
    preset = ""
    if first and last:
        first, last = sorted((first, last))  # reversed ends mean the same
        last = min(last, today)
        span = Span(min(first, last), last)
    else:
        preset = args.get("range", default)
        preset = preset if preset in spans.PRESETS else default
        begin = today
        if preset == "all":
            begin = services().traffic.history.first_day(site, services().clock.now())
        span = spans.preset(preset, today, begin) or Span(today, today)
    unit = args.get("unit", "")
    hours_since = today - (HOURS_KEPT_DAYS - 1) * DAY
    if span.days > RANGE_MAX_DAYS.get(unit, 0) or (unit == "hour" and span.first < hours_since):
        unit = _usual_unit(preset, span, hours_since)
    if span.days > RANGE_MAX_DAYS[unit]:
        span = Span(span.last - (RANGE_MAX_DAYS[unit] - 1) * DAY, span.last)
    return Range(span, unit, compare, preset, is_other)


def _usual_unit(preset: str, span: Span, hours_since: date) -> str:
    if preset in ("365", "year", "last-year"):
        return "month"
    if span.days <= HOURS_SHOWN and span.first >= hours_since:
        return "hour"
    return "day" if span.days <= DAYS_SHOWN else "month"


def _date(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= 2200 else None

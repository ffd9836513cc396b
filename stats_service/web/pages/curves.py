"""Ballots and ratings over time, as series for the charts of visits."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from stats_service.models.quarantine import ReportHour
from stats_service.models.ratings import RatingSlot
from stats_service.models.traffic.history import Pair, Point, Series
from stats_service.services.periods import local_minute
from stats_service.web.pages.charts import Chart, chart

#: Most days of a curve by hour, and of one by day; longer ones are by month.
BY_HOUR_DAYS, BY_DAY_DAYS = 4, 400
#: Length of a point's name in each unit, `2026-11-23T09` for an hour.
_LENGTHS = {"hour": 13, "day": 10, "month": 7}


@dataclass(frozen=True, slots=True)
class TimeCurve:
    """Counted and uncounted numbers over time."""

    #: `visits` stands for what counts, `views` for what does not.
    series: Series
    chart: Chart
    #: Whether anything did not count, and needs a line.
    both: bool


def ballot_curve(hours: Iterable[ReportHour]) -> TimeCurve | None:
    """Return the ballots that counted at once, and the held ones, by the hours of a report."""
    return curve(
        {
            hour.hour: Pair(hour.ballots.get("counted", 0), hour.ballots.get("held", 0))
            for hour in hours
        }
    )


def rating_curve(slots: Iterable[RatingSlot], timezone: str) -> TimeCurve | None:
    """Return the ratings that count, and those that were taken out."""
    hours = defaultdict[str, Pair](Pair)
    for slot in slots:
        number = sum(slot.counts)
        pair = Pair(0, number) if slot.voided else Pair(number, 0)
        hours[local_minute(slot.begin, timezone)[: _LENGTHS["hour"]]] += pair
    return curve(hours)


def curve(hours: Mapping[str, Pair]) -> TimeCurve | None:
    """Return a curve from numbers by hour (`2026-11-23T09`); None if there are none."""
    counted = {hour: pair for hour, pair in hours.items() if pair.visits or pair.views}
    if not counted:
        return None
    first, last = (date.fromisoformat(end(counted)[:10]) for end in (min, max))
    days = (last - first).days + 1
    unit = "hour" if days <= BY_HOUR_DAYS else "day" if days <= BY_DAY_DAYS else "month"
    sums = defaultdict[str, Pair](Pair)
    for hour, pair in counted.items():
        sums[hour[: _LENGTHS[unit]]] += pair
    names = _names(first, days, unit)
    series = Series(unit, first, last, tuple(Point(name, sums[name]) for name in names))
    both = any(pair.views for pair in counted.values())
    drawn = chart(series, "visits")
    wanted = ("visits", "views") if both else ("visits",)
    kept = tuple(one for one in drawn.curves if one.kind in wanted)
    return TimeCurve(series, Chart(kept, drawn.levels, drawn.names), both)


def _names(first: date, days: int, unit: str) -> list[str]:
    every = [(first + timedelta(n)).isoformat() for n in range(days)]
    if unit == "hour":
        return [f"{day}T{hour:02d}" for day in every for hour in range(24)]
    return list(dict.fromkeys(day[: _LENGTHS[unit]] for day in every))

"""Charts as SVG of our own: geometry here, drawing in `templates/admin/charts.html`.

The curves live in a coordinate system of their own that stretches with the page, the words
beside it in percent, so that a chart is sharp and legible at every width, without a script and
without an inline style.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask_babel import format_date

from stats_service.models.history import Pair, Series
from stats_service.web.admin.languages import number

#: The curves' own coordinates.
WIDTH, HEIGHT = 1000, 100
#: Names below the chart, at most.
LABELS = 8


@dataclass(frozen=True, slots=True)
class Label:
    """A word beside the chart, at a place in percent."""

    at: float
    text: str
    #: Left out on a narrow screen.
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric over the range: a line, and the area below it."""

    #: `visits`, `views`, `visits-before` or `views-before`
    kind: str
    line: str
    area: str
    #: The line to the last point, where that hour, day or month is not over yet.
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn."""

    curves: tuple[Curve, ...]
    #: From the top, each with the number that its line stands for.
    levels: tuple[Label, ...]
    names: tuple[Label, ...]


def chart(series: Series, metric: str, *, unfinished: bool) -> Chart:
    """Return the chart of a series; the former period is drawn for `metric` alone.

    Args:
        series: what is drawn.
        metric: `visits` or `views`, of which the former period is drawn.
        unfinished: the last point is still being counted, and is drawn apart.
    """
    rows = {
        f"{metric}-before": [point.before.of(metric) for point in series.points],
        "views": [point.now.views for point in series.points],
        "visits": [point.now.visits for point in series.points],
    }
    top = nice_top(max((max(row) for row in rows.values()), default=0))
    apart = unfinished and len(series.points) > 2
    return Chart(
        tuple(
            _curve(kind, row, top, apart=apart and kind in ("views", "visits"))
            for kind, row in rows.items()
        ),
        tuple(Label(100 - 25 * n, number(top * n // 4)) for n in range(4, -1, -1)),
        tuple(_names(series)),
    )


def sparkline(days: Sequence[Pair], metric: str) -> Curve:
    """Return the small chart of a site; its last day is not over."""
    row = [day.of(metric) for day in days]
    return _curve(metric, row, max(*row, 1), apart=True)


def _curve(kind: str, row: Sequence[int], top: int, *, apart: bool) -> Curve:
    points = _points(row, top)
    if not apart:
        return Curve(kind, _line(points), _area(points))
    return Curve(kind, _line(points[:-1]), _area(points[:-1]), _line(points[-2:]))


def _points(row: Sequence[int], top: int) -> list[tuple[float, float]]:
    if len(row) == 1:
        row = (row[0], row[0])
    step = WIDTH / (len(row) - 1)
    return [
        (round(n * step, 1), round(HEIGHT - value / top * HEIGHT, 2)) for n, value in enumerate(row)
    ]


def _line(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)


def _area(points: Sequence[tuple[float, float]]) -> str:
    return f"{_line(points)}L{points[-1][0]:g} {HEIGHT}L{points[0][0]:g} {HEIGHT}Z"


def nice_top(highest: int) -> int:
    """Return a round number, divisible by four, that is at least `highest`."""
    for small in (4, 8, 12, 20):
        if small >= highest:
            return small
    size = 40
    while True:
        for tenths in (10, 15, 20, 30, 50, 75):
            if size * tenths // 10 >= highest:
                return size * tenths // 10
        size *= 10


def point_name(unit: str, name: str) -> str:
    """Return the name of a point as people write it."""
    if unit == "hour":
        day, _, hour = name.partition("T")
        return f"{hour}:00, {format_date(date.fromisoformat(day), 'dd/MM')}"
    if unit == "month":
        return f"{name[5:]}/{name[:4]}"
    return str(format_date(date.fromisoformat(name), "EEE dd/MM/yyyy"))


def _names(series: Series) -> list[Label]:
    points = series.points
    step = max(1, -(-len(points) // LABELS))
    last = max(len(points) - 1, 1)
    return [
        Label(round(at / last * 100, 2), _short_name(series, at), minor=(at // step) % 2 == 1)
        for at in range(0, len(points), step)
    ]


def _short_name(series: Series, at: int) -> str:
    name = series.points[at].name
    if series.unit == "month":
        return f"{name[5:]}/{name[:4]}"
    if series.unit == "hour":
        hour = name[-2:] + "h"
        return hour if series.first == series.last else f"{hour} {name[8:10]}/{name[5:7]}"
    long = (series.last - series.first).days > 300
    return f"{name[5:7]}/{name[:4]}" if long else f"{name[8:10]}/{name[5:7]}"

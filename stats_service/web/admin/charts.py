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


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn."""

    curves: tuple[Curve, ...]
    #: From the top, each with the number that its line stands for.
    levels: tuple[Label, ...]
    names: tuple[Label, ...]


def chart(series: Series, metric: str) -> Chart:
    """Return the chart of a series; the former period is drawn for `metric` alone."""
    rows = {
        f"{metric}-before": [point.before.of(metric) for point in series.points],
        "views": [point.now.views for point in series.points],
        "visits": [point.now.visits for point in series.points],
    }
    top = nice_top(max((max(row) for row in rows.values()), default=0))
    return Chart(
        tuple(Curve(kind, line(row, top), area(row, top)) for kind, row in rows.items()),
        tuple(Label(100 - 25 * n, number(top * n // 4)) for n in range(4, -1, -1)),
        tuple(_names(series)),
    )


def sparkline(days: Sequence[Pair], metric: str) -> Curve:
    """Return the small chart of a site."""
    row = [day.of(metric) for day in days]
    top = max(*row, 1)
    return Curve(metric, line(row, top), area(row, top))


def line(row: Sequence[int], top: float) -> str:
    """Return the path of a line through the values, scaled so that `top` is the upper edge."""
    if len(row) == 1:
        row = (row[0], row[0])
    step = WIDTH / (len(row) - 1)
    points = (
        f"{round(n * step, 1):g} {round(HEIGHT - value / top * HEIGHT, 2):g}"
        for n, value in enumerate(row)
    )
    return "M" + "L".join(points)


def area(row: Sequence[int], top: float) -> str:
    """Return the path of the area below the line."""
    return f"{line(row, top)}L{WIDTH} {HEIGHT}L0 {HEIGHT}Z"


def nice_top(highest: int) -> int:
    """Return a round number, divisible by four, that is at least `highest`."""
    size = 4
    while True:
        for factor in (1, 2, 3, 5):
            if size * factor >= highest:
                return size * factor
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

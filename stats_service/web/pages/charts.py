"""Charts as pictures: the geometry is here, `templates/admin/charts.html` draws them.

The picture is on the page before `static/chart.js` draws the same with uPlot, and stays there
without a script and on paper. The curves have coordinates that stretch with the page, and the words
have positions in percent, so that both are sharp at every width, without inline style.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from flask_babel import get_locale
from flask_babel import gettext as _

from stats_service.models.portability.legacy import SpanGrowth
from stats_service.models.traffic.annotations import CLOSED, OPENED, Mark
from stats_service.models.traffic.history import Pair, Point, Series
from stats_service.services.formats import day, day_of_month, month_of, weekday_names
from stats_service.web.pages.languages import number

#: Size of the curves' coordinates, fine enough for whole numbers.
WIDTH, HEIGHT = 2000, 400
#: The same for a small chart; a page may have a hundred of them.
SPARK_WIDTH, SPARK_HEIGHT = 120, 32
#: Number of points from which the area below a line is omitted, and the table is shorter: a row for
#: each day of three years takes more bytes than all else of the page with its scripts and styles.
DENSE = 400
#: The next longer unit, and how many letters of a point's name are that of its unit.
LONGER = {"hour": ("day", 10), "day": ("month", 7)}
#: Length in days from which on a span by day has months below the chart.
LONG_DAYS = 300
#: Most names below the chart.
LABELS = 8


@dataclass(frozen=True, slots=True)
class Label:
    """A word beside the chart, with its position in percent."""

    at: float
    text: str
    #: Omitted on a narrow screen.
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric of the range: a line, and the area below it."""

    #: `visits`, `views`, `visits-before` or `views-before`
    kind: str
    line: str
    #: Empty if there are too many points for an area.
    area: str
    #: The line to the last point, if its hour, day or month is not over yet.
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Spark:
    """A small chart without words."""

    line: str
    #: The line to the last day, which is not over yet.
    tail: str
    width: int = SPARK_WIDTH
    height: int = SPARK_HEIGHT


@dataclass(frozen=True, slots=True)
class Flag:
    """What happened at a point of the chart: a number on it, and the words in a list below."""

    #: Position in percent, and the point, from 0.
    at: float
    point: int
    #: From 1.
    number: int
    #: Each with its day.
    texts: tuple[tuple[date, str], ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """A row of a table that stands for many points: a day for its hours, a month for its days."""

    #: `day` or `month`
    unit: str
    #: `2026-11-23` or `2026-11`
    name: str
    #: The days of the series that it has.
    first: date
    last: date
    #: The sum of its points; None: none of them has begun.
    now: Pair | None
    #: The sum of what stands beside them; None: beside one of them nothing stands.
    before: Pair | None


@dataclass(frozen=True, slots=True)
class Chart:
    """All parts of a chart."""

    curves: tuple[Curve, ...]
    #: From the top, each with the number that the line stands for.
    levels: tuple[Label, ...]
    names: tuple[Label, ...]
    flags: tuple[Flag, ...] = ()


def chart(series: Series, metric: str, marks: Sequence[Mark] = ()) -> Chart:
    """Return the chart of a series; the former period is drawn only for `metric`.

    Args:
        series: the series.
        metric: `visits` or `views`; the former period is drawn for it.
        marks: what happened on its days.
    """
    rows: dict[str, Sequence[int | None]] = {
        "views": [point.now.views for point in series.points],
        "visits": [point.now.visits for point in series.points],
    }
    if series.is_compared:
        before = [point.before.of(metric) if point.before else None for point in series.points]
        rows = {f"{metric}-before": before} | rows
    top = nice_top(max((n for row in rows.values() for n in row if n is not None), default=0))
    return Chart(
        tuple(
            _curve(kind, row, top, series.begun if kind in ("views", "visits") else None)
            for kind, row in rows.items()
        ),
        _levels(top),
        tuple(_names(series)),
        _flags(series, marks),
    )


def growth_chart(spans: Sequence[SpanGrowth]) -> Chart:
    """Return the chart of present and added numbers, of two spans or more."""
    rows: dict[str, Sequence[int]] = {
        "views": [span.there + span.more for span in spans],
        "views-before": [span.there for span in spans],
    }
    top = nice_top(max(map(max, rows.values())))
    every = max(1, -(-len(spans) // LABELS))
    return Chart(
        tuple(_curve(kind, row, top, None) for kind, row in rows.items()),
        _levels(top),
        tuple(
            Label(100 * at / (len(spans) - 1), span.name)
            for at, span in enumerate(spans)
            if at % every == 0
        ),
    )


def mark_text(mark: Mark) -> str:
    """Return what a mark says, in the language of the page."""
    if mark.kind == OPENED:
        return str(_("Poll opened: %(question)s", question=mark.text))
    if mark.kind == CLOSED:
        return str(_("Poll closed: %(question)s", question=mark.text))
    return mark.text


def happened_by_point(drawn: Chart) -> dict[int, str]:
    """Return what happened at the points of a chart, for a column of its table."""
    return {flag.point: "; ".join(text for _day, text in flag.texts) for flag in drawn.flags}


def _flags(series: Series, marks: Sequence[Mark]) -> tuple[Flag, ...]:
    """Return the marks of a chart, those of one point together."""
    form = {"hour": "%Y-%m-%dT", "week": "%G-W%V", "month": "%Y-%m"}.get(series.unit, "%Y-%m-%d")
    places: dict[str, int] = {}
    for place, point in enumerate(series.points):
        places.setdefault(point.name[:11] if series.unit == "hour" else point.name, place)
    found: dict[int, list[Mark]] = {}
    for mark in marks:
        point_of_mark = places.get(mark.day.strftime(form))
        if point_of_mark is not None:
            found.setdefault(point_of_mark, []).append(mark)
    last = max(len(series.points) - 1, 1)
    return tuple(
        Flag(
            round(100 * place / last, 2),
            place,
            number,
            tuple((mark.day, mark_text(mark)) for mark in found[place]),
        )
        for number, place in enumerate(sorted(found), 1)
    )


def _levels(top: int) -> tuple[Label, ...]:
    """Return the lines across a chart up to the number `top`, from above."""
    return tuple(Label(100 - 25 * n, number(top * n // 4)) for n in range(4, -1, -1))


def sparkline(days: Sequence[Pair], metric: str) -> Spark:
    """Return the small chart of a site, whose last day is not over."""
    row = [day.of(metric) for day in days]
    step, top = SPARK_WIDTH / max(1, len(row) - 1), max(*row, 1)
    points: list[tuple[int, int] | None] = [
        (round(at * step), round((SPARK_HEIGHT - 2) * (1 - n / top)) + 1)
        for at, n in enumerate(row)
    ]
    return Spark(_line(points[:-1]), _line(points[-2:]))


def _curve(kind: str, row: Sequence[int | None], top: int, known: int | None) -> Curve:
    """Return a curve; it is not drawn where there is no number, nor where none can be yet.

    Args:
        kind: as in `Curve`.
        row: the numbers.
        top: the highest level.
        known: how many points have begun if the last of these is not over, else None.
    """
    points = _points(row, top)
    if known is None:
        return Curve(kind, _line(points), _area(points))
    over = points[: max(1, known - 1)]
    tail = points[known - 2 : known] if known > 1 else []
    return Curve(kind, _line(over), _area(over), _line(tail))


def _points(row: Sequence[int | None], top: int) -> list[tuple[int, int] | None]:
    if len(row) == 1:
        row = (row[0], row[0])
    step = WIDTH / max(1, len(row) - 1)
    return [
        None if value is None else (round(n * step), round(HEIGHT - value / top * HEIGHT))
        for n, value in enumerate(row)
    ]


def _line(points: Sequence[tuple[int, int] | None]) -> str:
    """Return the path through points; it is broken where there is none."""
    pieces, piece = [], list[tuple[int, int]]()
    for point in (*points, None):
        if point:
            piece.append(point)
        elif piece:
            pieces.append(_piece(piece))
            piece = []
    return "".join(pieces)


def _piece(points: Sequence[tuple[int, int]]) -> str:
    """Return the path through points, in relative steps: a year takes 3 KB."""
    steps = " ".join(f"{x - a} {y - b}" for (a, b), (x, y) in pairwise(points))
    # A single point has no length: drawn with round ends, it is a dot.
    return f"M{points[0][0]} {points[0][1]}" + (f"l{steps}".replace(" -", "-") if steps else "h0")


def _area(points: Sequence[tuple[int, int] | None]) -> str:
    if len(points) > DENSE or not points or not points[0] or None in points:
        return ""
    return f"{_line(points)}V{HEIGHT}H{points[0][0]}z"


def nice_top(highest: int) -> int:
    """Return a round number that is divisible by four and not below `highest`."""
    for small in (4, 8, 12, 20):
        if small >= highest:
            return small
    size = 40
    while True:
        for tenths in (10, 15, 20, 30, 50, 75):
            if size * tenths // 10 >= highest:
                return size * tenths // 10
        size *= 10


def folded(series: Series) -> tuple[Fold, ...]:
    """Return the rows of a table that has no room for each point: days of hours, months of days.

    Empty if the table has a row for each point.
    """
    if len(series.points) <= DENSE or series.unit not in LONGER:
        return ()
    unit, letters = LONGER[series.unit]
    begun = len(series.points) if series.begun is None else series.begun
    groups: dict[str, list[tuple[Point, bool]]] = {}
    for at, point in enumerate(series.points):
        groups.setdefault(point.name[:letters], []).append((point, at < begun))
    return tuple(_fold(unit, name, points) for name, points in groups.items())


def _fold(unit: str, name: str, points: Sequence[tuple[Point, bool]]) -> Fold:
    counted = [point for point, is_begun in points if is_begun]
    before = [point.before for point in counted if point.before is not None]
    return Fold(
        unit,
        name,
        date.fromisoformat(points[0][0].name[:10]),
        date.fromisoformat(points[-1][0].name[:10]),
        sum((point.now for point in counted), Pair()) if counted else None,
        sum(before, Pair()) if before and len(before) == len(counted) else None,
    )


def point_name(unit: str, name: str) -> str:
    """Return the name of a point in the reader's language."""
    language, begin = str(get_locale()), point_begin(name)
    if unit == "hour":
        return f"{name[-2:]}:00, {day_of_month(begin, language)}"
    if unit == "month":
        return month_of(begin, language)
    if unit == "week":
        return f"{day_of_month(begin, language)}–{day(begin + timedelta(days=6), language)}"
    return f"{weekday_names(language)[begin.weekday()]} {day(begin, language)}"


def point_begin(name: str) -> date:
    """Return when a point begins: a day, or for an hour a moment."""
    if "T" in name:
        return datetime.fromisoformat(f"{name}:00")
    if "W" in name:
        return date.fromisocalendar(int(name[:4]), int(name[6:]), 1)
    return date.fromisoformat(name if len(name) == len("2026-11-23") else f"{name}-01")


def _names(series: Series) -> list[Label]:
    points = series.points
    step = max(1, -(-len(points) // LABELS))
    last = max(len(points) - 1, 1)
    return [
        Label(round(at / last * 100, 2), _short_name(series, at), minor=(at // step) % 2 == 1)
        for at in range(0, len(points), step)
    ]


def _short_name(series: Series, at: int) -> str:
    name, language = series.points[at].name, str(get_locale())
    begin, days = point_begin(name), (series.last - series.first).days
    if series.unit == "month" or (series.unit == "day" and days > LONG_DAYS):
        return month_of(begin, language)
    if series.unit == "hour":
        hour = name[-2:] + "h"
        return f"{hour} {day_of_month(begin, language)}" if days else hour
    return day_of_month(begin, language)

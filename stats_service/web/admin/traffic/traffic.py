"""Visits and views of one site: cards, chart, table, files, and the live number."""

import msgspec
from flask import Blueprint, Response, jsonify, render_template
from flask_babel import gettext as _

from stats_service.models.traffic.history import Pair, Point, Series, Shortfall
from stats_service.services.portability.workbook import Column, Drawing, Table
from stats_service.services.traffic.history import RANGE_MAX_DAYS
from stats_service.services.traffic.top_articles import VIEWS
from stats_service.web.admin.access import access, site
from stats_service.web.admin.traffic.annotations import marks_of
from stats_service.web.admin.traffic.articles import top_of
from stats_service.web.http.context import services
from stats_service.web.pages.charts import (
    chart,
    folded,
    happened_by_point,
    point_begin,
    point_name,
)
from stats_service.web.pages.downloads import ENDING, table_file
from stats_service.web.pages.pictures import Key, Words, chart_picture
from stats_service.web.pages.ranges import Range, as_of, choices, days_text, range_of

#: Articles that the page of a site names; the page of articles has more.
TOP_SHOWN = 6

bp = Blueprint("traffic", __name__, url_prefix="/sites/<slug>")


class ChartLine(msgspec.Struct, frozen=True):
    """A line of the chart, or a number beside it."""

    name: str
    #: `visits`, `views`, `before`; empty: it is not drawn.
    kind: str
    #: None: there is no number.
    values: list[int | None]


class ChartPoints(msgspec.Struct, frozen=True):
    """What `static/chart.js` draws."""

    names: list[str]
    lines: list[ChartLine]


@bp.get("/")
@access("viewer")
def show() -> str:
    """Show the numbers of a site."""
    now = services().clock.now()
    span, series = _series()
    counts, shortfall = services().traffic.views.counts(site(), now), _shortfall(span)
    return render_template(
        "admin/traffic.html",
        counts=counts,
        is_new=not counts.views.total
        and not counts.visits.total
        and not (shortfall and (shortfall.ignored or shortfall.parts)),
        cards=services().traffic.history.cards(site(), now),
        series=series,
        chart=chart(series, site().headline, marks_of(span.span)),
        folds=folded(series),
        span=span,
        days=days_text(span.first, span.last),
        choices=choices(),
        shortfall=shortfall,
        top=top_of(span, VIEWS)[:TOP_SHOWN],
        point_name=point_name,
    )


@bp.get(f"/visits.{ENDING}")
@access("viewer")
def as_file(kind: str) -> Response:
    """Give the chart's numbers."""
    span, series = _series()
    happened = happened_by_point(chart(series, site().headline, marks_of(span.span)))
    rows = [
        (
            *_row(point, is_begun=series.begun is None or at < series.begun),
            point.readers,
            happened.get(at),
        )
        for at, point in enumerate(series.points)
    ]
    name = f"{site().slug}-{span.first}-{span.last}-{span.unit}"
    return table_file(name, _table(span, series, rows), kind)


@bp.get("/visits.svg")
@access("viewer")
def picture() -> Response:
    """Give the chart as a drawing, for a slide or a document."""
    span, series = _series()
    return chart_picture(
        f"{site().slug}-{span.first}-{span.last}",
        Words(_("Visits and views"), site().name, days_text(span.first, span.last), as_of(site())),
        chart(series, site().headline, marks_of(span.span)),
        _keys(series),
    )


def _keys(series: Series) -> list[Key]:
    """Return what the lines of a drawing mean, each with its sum."""
    metric = site().headline
    found = [
        Key("visits", _("Visits"), series.total.visits),
        Key("views", _("Views"), series.total.views),
    ]
    if series.is_compared and series.first_before and series.last_before:
        days = days_text(series.first_before, series.last_before)
        of_visits, of_views = _("Visits, %(span)s", span=days), _("Views, %(span)s", span=days)
        text = of_visits if metric == "visits" else of_views
        total = series.total_before.of(metric) if series.total_before else None
        found.append(Key("before", text, total))
    return found


def _table(span: Range, series: Series, rows: list[tuple[str | int | None, ...]]) -> Table:
    """Return the chart's numbers for programs and for people."""
    units = {"hour": _("Hour"), "day": _("Day"), "week": _("Week from"), "month": _("Month")}
    kind = {"week": "day"}.get(span.unit, span.unit)
    is_compared, by_day = series.is_compared, span.unit == "day"
    notes = [site().name, days_text(span.first, span.last)]
    if is_compared and series.first_before and series.last_before:
        before = days_text(series.first_before, series.last_before)
        notes.append(_("Before: %(days)s", days=before))
    readers = Column("readers_estimate", _("Readers, estimated"), in_csv=by_day, in_book=by_day)
    return Table(
        _("Visits and views"),
        (
            Column(span.unit, units[span.unit], kind, point_begin),
            Column("visits", _("Visits"), summed=True),
            Column("views", _("Views"), summed=True),
            Column("visits_before", _("Visits before"), summed=True, in_book=is_compared),
            Column("views_before", _("Views before"), summed=True, in_book=is_compared),
            readers,
            Column(
                "happened",
                _("What happened"),
                "text",
                in_csv=False,
                in_book=any(row[-1] for row in rows),
            ),
        ),
        rows,
        [*notes, as_of(site())],
        _("Total"),
        Drawing("line", (span.unit, "visits", "views", f"{site().headline}_before")),
    )


@bp.get("/points.json")
@access("viewer")
def points() -> Response:
    """Give the numbers of the chart's points, where the page's table has no row for each."""
    _span, series = _series()
    begun = len(series.points) if series.begun is None else series.begun
    now = [point.now if at < begun else None for at, point in enumerate(series.points)]
    before = [point.before for point in series.points]
    lines = [
        ChartLine(_("Visits"), "visits", _values(now, "visits")),
        ChartLine(_("Views"), "views", _values(now, "views")),
    ]
    if series.is_compared:
        metric = site().headline
        for name, of in ((_("Visits before"), "visits"), (_("Views before"), "views")):
            kind = "before" if of == metric else ""
            lines.append(ChartLine(name, kind, _values(before, of)))
    if series.unit == "day":
        readers = [point.readers for point in series.points]
        lines.append(ChartLine(_("Readers, estimated"), "", readers))
    names = [point_name(series.unit, point.name) for point in series.points]
    return Response(msgspec.json.encode(ChartPoints(names, lines)), mimetype="application/json")


@bp.get("/live.json")
@access("viewer")
def live() -> Response:
    """Give the numbers that the page keeps up to date."""
    counts = services().traffic.views.counts(site(), services().clock.now())
    headline = counts.visits if counts.headline == "visits" else counts.views
    return jsonify(
        {
            "online": counts.online,
            "today": headline.today,
            "total": headline.total,
            "views": counts.views.today,
        }
    )


def _row(point: Point, *, is_begun: bool) -> tuple[str | int | None, ...]:
    """Return a row of a file; what there is no number for stays empty."""
    now = (point.now.visits, point.now.views) if is_begun else (None, None)
    before = (point.before.visits, point.before.views) if point.before else (None, None)
    return (point.name, *now, *before)


def _values(pairs: list[Pair | None], metric: str) -> list[int | None]:
    return [pair.of(metric) if pair else None for pair in pairs]


def _shortfall(span: Range) -> Shortfall | None:
    """Return what was not counted in the range, unless it is too long to add up."""
    if (span.last - span.first).days >= RANGE_MAX_DAYS["day"]:
        return None
    return services().traffic.history.shortfall(site(), span.first, span.last)


def _series() -> tuple[Range, Series]:
    span = range_of(site())
    now = services().clock.now()
    return span, services().traffic.history.series(site(), span.unit, span.span, now, span.compare)

"""Visits and views of one site: cards, chart, table, files, and the live number."""

from flask import Blueprint, Response, jsonify, render_template

from stats_service.models.history import Point, Series, Shortfall
from stats_service.services.traffic.history import RANGE_MAX_DAYS
from stats_service.services.traffic.top_articles import VIEWS
from stats_service.web.admin.access import access, site
from stats_service.web.admin.traffic.articles import top_of
from stats_service.web.http.context import services
from stats_service.web.pages.charts import chart, point_name
from stats_service.web.pages.downloads import ENDING, table_file
from stats_service.web.pages.ranges import Range, choices, range_of

#: Articles that the page of a site names; the page of articles has more.
TOP_SHOWN = 6

bp = Blueprint("traffic", __name__, url_prefix="/sites/<slug>")


@bp.get("/")
@access("viewer")
def show() -> str:
    """Show the numbers of a site."""
    now = services().clock.now()
    span, series = _series()
    return render_template(
        "admin/traffic.html",
        counts=services().traffic.views.counts(site(), now),
        cards=services().traffic.history.cards(site(), now),
        series=series,
        chart=chart(series, site().headline),
        span=span,
        choices=choices(),
        shortfall=_shortfall(span),
        top=top_of(span, VIEWS)[:TOP_SHOWN],
        point_name=point_name,
    )


@bp.get(f"/visits.{ENDING}")
@access("viewer")
def as_file(kind: str) -> Response:
    """Give the chart's numbers."""
    span, series = _series()
    headings = [span.unit, "visits", "views", "visits_before", "views_before"]
    by_day = span.unit == "day"
    rows = (
        (*_row(point, is_begun=series.begun is None or at < series.begun), point.readers)[
            : 5 + by_day
        ]
        for at, point in enumerate(series.points)
    )
    headings += ["readers_estimate"] * by_day
    name = f"{site().slug}-{span.first}-{span.last}-{span.unit}"
    return table_file(name, headings, rows, kind)


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
        }
    )


def _row(point: Point, *, is_begun: bool) -> tuple[str | int | None, ...]:
    """Return a row of a file; what there is no number for stays empty."""
    now = (point.now.visits, point.now.views) if is_begun else (None, None)
    before = (point.before.visits, point.before.views) if point.before else (None, None)
    return (point.name, *now, *before)


def _shortfall(span: Range) -> Shortfall | None:
    """Return what was not counted in the range, unless it is too long to add up."""
    if (span.last - span.first).days >= RANGE_MAX_DAYS["day"]:
        return None
    return services().traffic.history.shortfall(site(), span.first, span.last)


def _series() -> tuple[Range, Series]:
    span = range_of(site())
    now = services().clock.now()
    return span, services().traffic.history.series(site(), span.unit, span.span, now, span.compare)

"""Visits and views of one site: cards, chart, table, CSV, and the live number."""

import csv
import io

from flask import Blueprint, Response, jsonify, render_template

from stats_service.models.history import Series
from stats_service.web.admin.access import access, site
from stats_service.web.admin.charts import chart, point_name
from stats_service.web.admin.ranges import Range, presets, range_of, today_of
from stats_service.web.context import services

bp = Blueprint("traffic", __name__, url_prefix="/sites/<slug>")


@bp.get("/")
@access("viewer")
def show() -> str:
    """Show the numbers of a site."""
    now = services().clock.now()
    span, series = _series()
    return render_template(
        "admin/traffic.html",
        counts=services().traffic.counts(site(), now),
        cards=services().history.cards(site(), now),
        series=series,
        chart=chart(series, site().headline, unfinished=span.last == today_of(site())),
        span=span,
        presets=presets(),
        ignored=services().history.ignored(site(), span.first, span.last)
        if span.unit != "month"
        else None,
        point_name=point_name,
    )


@bp.get("/visits.csv")
@access("viewer")
def as_csv() -> Response:
    """Give the chart's numbers as CSV."""
    span, series = _series()
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([span.unit, "visits", "views", "visits_before", "views_before"])
    for point in series.points:
        now, before = point.now, point.before
        writer.writerow([point.name, now.visits, now.views, before.visits, before.views])
    name = f"{site().slug}-{span.first}-{span.last}-{span.unit}.csv"
    return Response(
        # The mark tells a spreadsheet that this is UTF-8.
        "\N{BYTE ORDER MARK}" + text.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@bp.get("/live.json")
@access("viewer")
def live() -> Response:
    """Give the numbers that the page keeps up to date."""
    counts = services().traffic.counts(site(), services().clock.now())
    headline = counts.visits if counts.headline == "visits" else counts.views
    return jsonify(
        {
            "online": counts.online,
            "today": headline.today,
            "total": headline.total,
        }
    )


def _series() -> tuple[Range, Series]:
    span = range_of(site())
    return span, services().history.series(site(), span.unit, span.first, span.last)

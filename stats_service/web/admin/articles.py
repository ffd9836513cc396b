"""The most viewed articles of a site."""

import csv
import io

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from stats_service.models.history import TopArticle
from stats_service.web.admin.access import access, site
from stats_service.web.admin.ranges import today_of
from stats_service.web.context import services

bp = Blueprint("articles", __name__, url_prefix="/sites/<slug>/articles")


def spans() -> dict[str, str]:
    """Return the lists that there are."""
    return {
        "today": _("Today"),
        "7": _("7 days"),
        "30": _("30 days"),
        "all": _("All time"),
        "rising": _("Rising"),
    }


@bp.get("")
@access("viewer")
def index() -> str:
    """Show one of the lists."""
    span = request.args.get("span", "7")
    span = span if span in spans() else "7"
    articles = _articles(span)
    return render_template(
        "admin/articles.html",
        articles=articles,
        span=span,
        spans=spans(),
        most=max((article.views for article in articles), default=1) or 1,
    )


@bp.get("/top.csv")
@access("viewer")
def as_csv() -> Response:
    """Give one of the lists as CSV."""
    span = request.args.get("span", "7")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["article", "views", "views_before"])
    for article in _articles(span):
        writer.writerow([spreadsheet_safe(article.key), article.views, article.before])
    return Response(
        "\N{BYTE ORDER MARK}" + text.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{site().slug}-articles.csv"'},
    )


def spreadsheet_safe(text: str) -> str:
    """Return `text` so that a spreadsheet takes it for a text, never for a formula."""
    return "'" + text if text[:1] in "=+-@\t\r" and text else text


def _articles(span: str) -> list[TopArticle]:
    today, top = today_of(site()), services().top_articles
    if span == "all":
        return top.of_all_time(site())
    if span == "rising":
        return top.rising(site(), today)
    days = {"today": 1, "30": 30}.get(span, 7)
    return top.of_days(site(), today, days)

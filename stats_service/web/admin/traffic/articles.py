"""The most viewed articles of a site."""

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from stats_service.models.history import TopArticle
from stats_service.models.traffic import OTHER_ARTICLES
from stats_service.services.traffic.top_articles import LISTS
from stats_service.web.admin.access import access, site
from stats_service.web.http.context import services
from stats_service.web.pages.downloads import ENDING, table_file

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
    span = _span()
    articles = top_of(span)
    return render_template(
        "admin/articles.html",
        articles=articles,
        span=span,
        spans=spans(),
        other_articles=OTHER_ARTICLES,
        most=max((article.views for article in articles), default=1) or 1,
    )


@bp.get(f"/top.{ENDING}")
@access("viewer")
def as_file(kind: str) -> Response:
    """Give one of the lists as a file."""
    articles = top_of(_span())
    rows = ((article.key, article.views, article.before) for article in articles)
    headings = ["article", "views", "views_before"]
    return table_file(f"{site().slug}-articles", headings, rows, kind)


def top_of(span: str) -> list[TopArticle]:
    """Return one of the lists."""
    return services().traffic.top_articles.of_list(site(), span, services().clock.now())


def _span() -> str:
    span = request.args.get("span", "7")
    return span if span in LISTS else "7"

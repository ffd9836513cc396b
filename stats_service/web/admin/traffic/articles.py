"""The articles of a site that were most read in a range, or that gained most."""

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from stats_service.models.history import TopArticle
from stats_service.models.traffic import OTHER_ARTICLES
from stats_service.services.traffic.top_articles import LONG_DAYS, ORDERS, RISING, VIEWS, is_kept
from stats_service.web.admin.access import access, site
from stats_service.web.http.context import services
from stats_service.web.pages.downloads import ENDING, table_file
from stats_service.web.pages.ranges import Range, choices, range_of, today_of

#: The range that is shown if nothing is asked for.
DEFAULT = "7"

bp = Blueprint("articles", __name__, url_prefix="/sites/<slug>/articles")


@bp.get("")
@access("viewer")
def index() -> str:
    """Show the articles of a range."""
    span, order = range_of(site(), DEFAULT), _order()
    articles = top_of(span, order)
    return render_template(
        "admin/articles.html",
        articles=articles,
        span=span,
        order=order,
        orders={VIEWS: _("Most read"), RISING: _("Rising")},
        choices=choices(),
        compared=services().traffic.top_articles.compared(
            site(), span.span, services().clock.now(), span.compare
        ),
        compared_days=LONG_DAYS,
        is_kept=span.preset == "all" or is_kept(span.span, today_of(site())),
        other_articles=OTHER_ARTICLES,
        parameters=services().traffic.parameters.known(site()),
        most=max((article.views for article in articles), default=1) or 1,
    )


@bp.get(f"/top.{ENDING}")
@access("viewer")
def as_file(kind: str) -> Response:
    """Give the articles of a range as a file."""
    span = range_of(site(), DEFAULT)
    articles = top_of(span, _order())
    rows = ((article.key, article.views, article.before) for article in articles)
    headings = ["article", "views", "views_before"]
    name = f"{site().slug}-articles-{span.first}-{span.last}"
    return table_file(name, headings, rows, kind)


def top_of(span: Range, order: str) -> list[TopArticle]:
    """Return the articles of a range; those of all time know older ones too."""
    top, now = services().traffic.top_articles, services().clock.now()
    if order == RISING:
        return top.rising(site(), span.span, now, span.compare)
    if span.preset == "all":
        return top.of_all_time(site())
    return top.of_span(site(), span.span, now, span.compare)


def _order() -> str:
    order = request.args.get("order", VIEWS)
    return order if order in ORDERS else VIEWS

"""The articles of a site that were most read in a range, or that gained most."""

from dataclasses import replace

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as WebResponse

from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.titles import ADMIN, FEED, PAGE, TITLE_MAX, Title
from stats_service.models.traffic.history import TopArticle
from stats_service.models.traffic.views import OTHER_ARTICLES
from stats_service.services.formats import readable
from stats_service.services.portability.workbook import Column, Drawing, Table
from stats_service.services.traffic.spans import Span
from stats_service.services.traffic.top_articles import LONG_DAYS, ORDERS, RISING, VIEWS, is_kept
from stats_service.web.admin.access import access, site, who
from stats_service.web.admin.traffic.annotations import marks_of
from stats_service.web.http.context import services
from stats_service.web.pages.charts import chart, point_name
from stats_service.web.pages.downloads import ENDING, table_file
from stats_service.web.pages.field_names import VALUE_NAMES
from stats_service.web.pages.messages import explain
from stats_service.web.pages.ranges import Range, as_of, choices, days_text, range_of, today_of
from stats_service.web.pages.reader_names import value_name
from stats_service.web.pages.title_names import trouble_names

#: The range that is shown if nothing is asked for.
DEFAULT = "7"
#: Other keys of an article that its page shows.
OTHERS_SHOWN = 50

bp = Blueprint("articles", __name__, url_prefix="/sites/<slug>/articles")


@bp.get("")
@access("viewer")
def index() -> str:
    """Show the articles of a range."""
    span, order = range_of(site(), DEFAULT), _order()
    articles, compared = top_of(span, order), _compared(span, order)
    return render_template(
        "admin/articles.html",
        articles=articles,
        span=span,
        order=order,
        title=_orders()[order],
        orders={VIEWS: _("Most read"), RISING: _("Rising")},
        days=_since_ever() if _is_ever(span, order) else days_text(*span.span[:2]),
        is_ever=_is_ever(span, order),
        choices=choices(),
        before=compared and days_text(compared.first, compared.last),
        compared_days=LONG_DAYS,
        is_kept=_is_ever(span, order) or is_kept(span.span, today_of(site())),
        other_articles=OTHER_ARTICLES,
        parameters=services().traffic.parameters.known(site()),
        most=max((article.views for article in articles), default=1) or 1,
    )


@bp.get(f"/top.{ENDING}")
@access("viewer")
def as_file(kind: str) -> Response:
    """Give the articles of a range as a file."""
    span = range_of(site(), DEFAULT)
    order = _order()
    compared = _compared(span, order)
    notes = [site().name, _since_ever() if _is_ever(span, order) else days_text(*span.span[:2])]
    if compared:
        notes.append(_("Before: %(days)s", days=days_text(compared.first, compared.last)))
    table = Table(
        _orders()[order],
        (
            Column("article", _("Article"), "text", readable),
            Column("title", _("Title"), "text"),
            Column("views", _("Views")),
            Column("views_before", _("Before"), in_book=compared is not None),
        ),
        [(one.key, one.title, one.views, one.before) for one in top_of(span, order)],
        [*notes, as_of(site())],
        drawing=Drawing("bar", ("article", "views")),
    )
    return table_file(f"{site().slug}-articles-{span.first}-{span.last}", table, kind)


@bp.get("/article")
@access("viewer")
def article() -> str | WebResponse:
    """Show one article."""
    key, now = request.args.get("key", ""), services().clock.now()
    pages = services().traffic.article_pages
    if (target := pages.target(site(), key)) != key:
        return redirect(url_for("admin.articles.article", slug=site().slug, key=target))
    span = range_of(site())
    unit = "day" if span.unit == "hour" else span.unit
    span = span._replace(unit=unit)
    page = pages.get(site(), key, span.span, unit, now, span.compare)
    drawn = chart(page.series, "views", marks_of(span.span))
    title = services().traffic.titles.known(site(), [key]).get(key, Title())
    return render_template(
        "admin/article.html",
        article=page,
        title=title,
        trouble=trouble_names().get(title.trouble, ""),
        sources={PAGE: _("read from the page"), FEED: _("from the feed"), ADMIN: _("set by hand")},
        span=span,
        days=days_text(span.first, span.last),
        choices=choices(),
        chart=replace(drawn, curves=tuple(c for c in drawn.curves if c.kind != "visits")),
        point_name=point_name,
        rating=services().ratings.ratings.get(site(), [key]).ratings[key].rating,
        title_max=TITLE_MAX,
        value_name=value_name,
        verbs=VALUE_NAMES["do"],
        shown=OTHERS_SHOWN,
    )


@bp.post("/title")
@access("editor")
def set_title() -> WebResponse:
    """Set the title of an article by hand, or let it be read from the page again."""
    key, text = request.form.get("key", ""), request.form.get("title", "")
    author = Author(who(), services().clock.now())
    try:
        title = services().traffic.titles.set(site(), key, text, author)
    except (InvalidInputError, ConflictError) as error:
        flash(explain(error), "error")
    else:
        flash(
            _("The title is set.")
            if title.text
            else _("The title is removed; it is read from the page again."),
            "good",
        )
    return redirect(url_for("admin.articles.article", slug=site().slug, key=key))


def _orders() -> dict[str, str]:
    return {VIEWS: _("Most read articles"), RISING: _("Rising articles")}


def _since_ever() -> str:
    return str(_("since the beginning"))


def _is_ever(span: Range, order: str) -> bool:
    """Tell whether a list is of all time, which knows articles whose days are forgotten."""
    return span.preset == "all" and order == VIEWS


def _compared(span: Range, order: str) -> Span | None:
    if _is_ever(span, order):
        return None
    now = services().clock.now()
    return services().traffic.top_articles.compared(site(), span.span, now, span.compare)


def top_of(span: Range, order: str) -> list[TopArticle]:
    """Return the articles of a range; those of all time know older ones too."""
    top, now = services().traffic.top_articles, services().clock.now()
    if order == RISING:
        return top.rising(site(), span.span, now, span.compare)
    if _is_ever(span, order):
        return top.of_all_time(site())
    return top.of_span(site(), span.span, now, span.compare)


def _order() -> str:
    order = request.args.get("order", VIEWS)
    return order if order in ORDERS else VIEWS

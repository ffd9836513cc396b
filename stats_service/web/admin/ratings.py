"""Ratings of articles: the best, the distribution, and taking a burst out."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.web.admin.access import access, site, who
from stats_service.web.admin.messages import explain
from stats_service.web.context import services

bp = Blueprint("ratings", __name__, url_prefix="/sites/<slug>/ratings")

SHOWN = 50


@bp.get("")
@access("viewer")
def index() -> str:
    """Show the rated articles, in one of three orders, and those taken out."""
    orders = {"best": _("Best"), "worst": _("Worst"), "most": _("Most rated")}
    order = request.args.get("order", "best")
    order = order if order in orders else "best"
    top = services().ratings.ranked(site(), services().clock.now())
    articles = list(top.articles)
    if order == "worst":
        articles.reverse()
    elif order == "most":
        articles.sort(key=lambda article: -article.rating.count)
    return render_template(
        "admin/ratings.html",
        top=top,
        articles=articles[:SHOWN],
        order=order,
        orders=orders,
        voided=services().ratings.voided(site()),
    )


@bp.post("")
@access("editor")
def change() -> Response:
    """Take the ratings of an article out, or put them back."""
    article = request.form.get("article", "")
    ratings, now = services().ratings, services().clock.now()
    restore = request.form.get("do") == "restore"
    try:
        (ratings.restore if restore else ratings.void)(site(), article, who(), now)
    except (InvalidInputError, ConflictError, NotFoundError) as error:
        flash(explain(error), "error")
    else:
        done = _("The ratings are back.") if restore else _("The ratings are taken out.")
        flash(done, "good")
    return redirect(url_for("admin.ratings.index", slug=site().slug))

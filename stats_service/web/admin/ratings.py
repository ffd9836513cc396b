"""Ratings of articles: the best, the worst, the distribution, and taking a burst out."""

from typing import NamedTuple

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.ratings import RankedArticle, RatingSlot, TopRated
from stats_service.models.traffic.views import RatingTally
from stats_service.services.formats import readable
from stats_service.services.periods import local_minute, moment_of
from stats_service.services.polls.rules import plain
from stats_service.services.portability.workbook import Column, Drawing, Table
from stats_service.services.ratings.ratings import RANKED_MIN
from stats_service.services.ratings.review import BURST_MIN, HOUR_SECONDS, total, whole_slots
from stats_service.services.views.numbers import rating_tally
from stats_service.web.admin.access import access, account, site, who
from stats_service.web.http.context import services
from stats_service.web.pages.charts import point_name
from stats_service.web.pages.curves import rating_curve
from stats_service.web.pages.downloads import ENDING, table_file
from stats_service.web.pages.languages import number as number_text
from stats_service.web.pages.messages import explain
from stats_service.web.pages.paging import page_number
from stats_service.web.pages.ranges import as_of

bp = Blueprint("ratings", __name__, url_prefix="/sites/<slug>/ratings")

#: Articles on one page of the list.
PAGE_SIZE = 50
#: Bursts and decisions that the list of articles shows.
BURSTS_SHOWN, VOIDED_SHOWN = 8, 20
#: Fewest ratings that an article may be asked to have to be among the best or the worst.
FEWEST = (1, RANKED_MIN, 10, 20, 50)


class Asked(NamedTuple):
    """What the query asks of the list."""

    order: str
    #: Ratings that an article has at least; for the most rated, 1.
    fewest: int
    words: str


@bp.get("")
@access("viewer")
def index() -> str:
    """Show the rated articles, in one of three orders, with what came in bursts."""
    now, asked = services().clock.now(), _asked()
    ranked, found = _found(asked)
    pages = max(1, -(-len(found) // PAGE_SIZE))
    number = min(page_number(request.args.get("page", "1")), pages)
    shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return render_template(
        "admin/ratings.html",
        ranked=ranked,
        articles=shown,
        titles=services().traffic.titles.of(site(), [article.key for article in shown]),
        all=services().ratings.ratings.distribution(site(), now),
        total=len(found),
        number=number,
        pages=pages,
        first=(number - 1) * PAGE_SIZE,
        order=asked.order,
        orders=orders(),
        title=_titles()[asked.order],
        fewest=asked.fewest,
        choices=FEWEST,
        words=asked.words,
        bursts=services().ratings.review.bursts(site(), now)[:BURSTS_SHOWN],
        burst_min=BURST_MIN,
        voided=services().ratings.review.voided(site())[:VOIDED_SHOWN],
        held=(held := services().ratings.review.held(site()))[:VOIDED_SHOWN],
        held_total=sum(sum(one.counts) for one in held),
        tally=_tally,
        minute=_minute,
    )


@bp.get(f"/ratings.{ENDING}")
@access("viewer")
def as_file(kind: str) -> Response:
    """Give the rated articles, as the list is asked for, as a file."""
    asked = _asked()
    found = _found(asked)[1]
    scores = range(1, site().rating_scale + 1)
    notes = [site().name]
    if asked.order != "most":
        notes.append(_("Articles with at least %(n)s ratings", n=number_text(asked.fewest)))
    if asked.words:
        notes.append(_("Only articles with “%(words)s”", words=asked.words))
    table = Table(
        _titles()[asked.order],
        (
            Column("article", _("Article"), "text", readable),
            Column("average", _("Average"), "score"),
            Column("weighted", _("Weighted average"), "score"),
            Column("ratings", _("Ratings"), summed=True),
            *(Column(f"score_{n}", _("Score %(n)d", n=n), summed=True) for n in scores),
        ),
        [
            (
                one.key,
                round(one.rating.average, 2),
                round(one.weighted, 2),
                one.rating.count,
                *one.rating.counts,
            )
            for one in found
        ],
        [*notes, as_of(site())],
        _("Total"),
        Drawing("bar", ("article", "average")),
    )
    return table_file(f"{site().slug}-ratings-{asked.order}", table, kind)


def _asked() -> Asked:
    order, fewest = request.args.get("order", "best"), page_number(request.args.get("min", ""))
    order = order if order in orders() else "best"
    fewest = fewest if "min" in request.args and fewest in FEWEST else RANKED_MIN
    return Asked(order, fewest, request.args.get("q", "").strip()[:100])


def _found(asked: Asked) -> tuple[TopRated, list[RankedArticle]]:
    """Return all rated articles, and those that are asked for, in order."""
    fewest = 1 if asked.order == "most" else asked.fewest
    ranked = services().ratings.ratings.ranked(site(), fewest, services().clock.now())
    articles = list(ranked.articles)
    if asked.words:
        articles = [one for one in articles if plain(asked.words) in plain(one.key)]
    return ranked, _ordered(articles, asked.order)


@bp.get("/article")
@access("viewer")
def article() -> str:
    """Show the ratings of one article over time; with a span, what its ratings amount to."""
    now, key = services().clock.now(), request.args.get("key", "")
    rated = services().ratings.ratings.get(site(), [key]).ratings[key]
    slots = services().ratings.review.slots(site(), key, now)
    voided = [one for one in services().ratings.review.voided(site()) if one.article == rated.key]
    if not (rated.rating.count or voided):
        raise NotFoundError("The article {key!r} has no ratings.", key=key[:80])
    chosen, problem = _chosen(slots)
    inside = _tally(total(chosen))
    left = tuple(n - m for n, m in zip(rated.rating.counts, inside.counts, strict=True))
    return render_template(
        "admin/rated_article.html",
        article=rated,
        slots=slots,
        hours=_by_hour(slots),
        voided=voided,
        begin=request.args.get("from", ""),
        end=request.args.get("to", ""),
        problem=problem,
        inside=inside,
        left=_tally(left),
        curve=rating_curve(slots, site().timezone),
        point_name=point_name,
        tally=_tally,
        minute=_minute,
        may_void=account().may("editor", site().slug),
    )


@bp.post("/void")
@access("editor")
def void() -> Response:
    """Take ratings of an article out: those of a span, or all."""
    form, now = request.form, services().clock.now()
    key = form.get("article", "")
    try:
        span = None if form.get("all") == "yes" else _span(form.get("from", ""), form.get("to", ""))
        made = services().ratings.review.void(site(), key, span, who(), now)
    except (InvalidInputError, ConflictError, NotFoundError) as error:
        flash(explain(error), "error")
        return redirect(url_for("admin.ratings.index", slug=site().slug))
    flash(
        ngettext(
            "%(num)d rating is taken out.", "%(num)d ratings are taken out.", sum(made.counts)
        ),
        "good",
    )
    return redirect(url_for("admin.ratings.article", slug=site().slug, key=made.article))


@bp.post("/restore")
@access("editor")
def restore() -> Response:
    """Put the ratings back that a decision took out."""
    decision, now = request.form.get("decision", ""), services().clock.now()
    try:
        made = services().ratings.review.restore(site(), decision, who(), now)
    except NotFoundError as error:
        flash(explain(error), "error")
        return redirect(url_for("admin.ratings.index", slug=site().slug))
    flash(_("The ratings are back."), "good")
    return redirect(url_for("admin.ratings.article", slug=site().slug, key=made.article))


@bp.post("/held")
@access("editor")
def settle_held() -> Response:
    """Let ratings that are held count, or take them out: one group, or all."""
    form, now, review = request.form, services().clock.now(), services().ratings.review
    settle = review.release if form.get("do") == "release" else review.reject
    try:
        number = settle(site(), form.get("group", ""), who(), now)
    except NotFoundError as error:
        flash(explain(error), "error")
    else:
        flash(
            ngettext("%(num)d rating counts now.", "%(num)d ratings count now.", number)
            if form.get("do") == "release"
            else ngettext("%(num)d rating is taken out.", "%(num)d ratings are taken out.", number),
            "good",
        )
    return redirect(url_for("admin.ratings.index", slug=site().slug))


def _titles() -> dict[str, str]:
    return {
        "best": _("Best rated articles"),
        "worst": _("Worst rated articles"),
        "most": _("Most rated articles"),
    }


def orders() -> dict[str, str]:
    """Return the orders of the list."""
    return {"best": _("Best"), "worst": _("Worst"), "most": _("Most rated")}


def _ordered(articles: list[RankedArticle], order: str) -> list[RankedArticle]:
    if order == "worst":
        return articles[::-1]
    if order == "most":
        return sorted(articles, key=lambda article: -article.rating.count)
    return articles


def _chosen(slots: list[RatingSlot]) -> tuple[list[RatingSlot], str]:
    """Return what the query's span has that counts, or what is wrong with the span."""
    begin, end = request.args.get("from", ""), request.args.get("to", "")
    if not (begin or end):
        return [], ""
    try:
        first, last = whole_slots(*_span(begin, end))
    except InvalidInputError as error:
        return [], explain(error)
    return [slot for slot in slots if first <= slot.begin < last and not slot.voided], ""


def _span(begin: str, end: str) -> tuple[float, float]:
    zone = site().timezone
    try:
        return moment_of(begin, zone), moment_of(end, zone)
    except ValueError:
        raise InvalidInputError("span: write two dates and times.") from None


class RatedHour(NamedTuple):
    """The ratings of an article in one hour: those that count, or those taken out."""

    #: Seconds since 1970.
    begin: float
    end: float
    counts: tuple[int, ...]
    voided: bool


def _by_hour(slots: list[RatingSlot]) -> list[RatedHour]:
    """Return the ratings by hour, the latest first, those that count apart from the others."""
    hours: dict[tuple[int, bool], list[RatingSlot]] = {}
    for slot in slots:
        hour = slot.begin // HOUR_SECONDS * HOUR_SECONDS
        hours.setdefault((hour, bool(slot.voided)), []).append(slot)
    return [
        RatedHour(hour, hour + HOUR_SECONDS, total(hours[hour, out]), out)
        for hour, out in sorted(hours, reverse=True)
    ]


def _tally(counts: tuple[int, ...]) -> RatingTally:
    return rating_tally(counts, site().rating_scale)


def _minute(moment: float) -> str:
    return local_minute(moment, site().timezone)

"""Ratings of articles: rankings, bursts, and decisions about them."""

import msgspec
from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError
from stats_service.models.ratings import RankedArticle, RatingSpan, VoidedRatings
from stats_service.models.traffic.views import RatingTally
from stats_service.services.periods import local_time
from stats_service.services.polls.definition import Moment
from stats_service.services.ratings.ratings import RANKED_MAX
from stats_service.services.views.numbers import rating_tally
from stats_service.web.api.manage.access import operation, scope, site, who
from stats_service.web.api.operation import Parameter, one_of
from stats_service.web.http.bodies import decode_body, fresh_json
from stats_service.web.http.context import services

bp = Blueprint("ratings", __name__, url_prefix="/ratings")

ORDERS = ("best", "worst", "most")


class RatingBurst(msgspec.Struct, frozen=True):
    """Many ratings of one article in a short time."""

    article: str
    #: From and to when, in the site's zone.
    begin: str
    end: str
    rating: RatingTally


class VoidedAnswer(msgspec.Struct, frozen=True):
    """Ratings of an article that were taken out, or were restored."""

    #: Id of the decision.
    id: str
    article: str
    #: From and to when they were given; null: all of them.
    begin: str | None
    end: str | None
    rating: RatingTally


class RatingReport(msgspec.Struct, frozen=True):
    """The rated articles of a site, at most 100."""

    order: str
    articles: list[RankedArticle]
    #: Mean score of all ratings of the site; 0 without ratings.
    mean: float
    #: Bursts of the last two weeks, the latest first.
    bursts: list[RatingBurst]
    #: Ratings that were taken out, the latest first.
    voided: list[VoidedAnswer]
    #: Ratings above the ceiling of their network that wait for a decision, the latest first.
    held: list[VoidedAnswer]


class RatingsToVoid(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ratings of an article to take out."""

    #: Path with query, URL, or explicit key.
    article: str
    #: From and to when they were given, in steps of ten minutes; null: all of them.
    begin: Moment | None = None
    end: Moment | None = None


class RatingDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision about ratings."""

    #: Id of the decision.
    decision: str


class HeldRatings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Held ratings to decide about."""

    #: Id of a group, or `all`.
    group: str


class SettledRatings(msgspec.Struct, frozen=True):
    """The outcome of a decision about held ratings."""

    #: Number of ratings.
    ratings: int


@bp.get("")
@scope("read")
def index() -> Response:
    """Answer with the rated articles in one of three orders, bursts, and removed ratings."""
    order = request.args.get("order", "best")
    if order not in ORDERS:
        raise InvalidInputError(f"order {order[:40]!r}: use one of {', '.join(ORDERS)}.")
    now, review = services().clock.now(), services().ratings.review
    ranked = services().ratings.ratings.ranked(site(), 1, now)
    articles = list(ranked.articles)
    if order == "worst":
        articles.reverse()
    elif order == "most":
        articles.sort(key=lambda article: -article.rating.count)
    report = RatingReport(
        order,
        articles[:RANKED_MAX],
        ranked.mean,
        [_burst(span) for span in review.bursts(site(), now)],
        [_voided(one) for one in review.voided(site())],
        [_voided(one) for one in review.held(site())],
    )
    return fresh_json(report)


@bp.post("/void")
@scope("write")
def void() -> Response:
    """Take ratings of an article out of the average: those of a span, or all."""
    wanted = decode_body(request.get_data(cache=False), RatingsToVoid)
    if (wanted.begin is None) != (wanted.end is None):
        raise InvalidInputError("begin, end: name both or none.")
    span = (
        (wanted.begin.timestamp(), wanted.end.timestamp()) if wanted.begin and wanted.end else None
    )
    now = services().clock.now()
    made = services().ratings.review.void(site(), wanted.article, span, who(), now)
    return fresh_json(_voided(made))


@bp.post("/restore")
@scope("write")
def restore() -> Response:
    """Count again the ratings of a decision."""
    wanted = decode_body(request.get_data(cache=False), RatingDecision)
    now = services().clock.now()
    return fresh_json(
        _voided(services().ratings.review.restore(site(), wanted.decision, who(), now))
    )


@bp.post("/release")
@scope("write")
def release() -> Response:
    """Count held ratings: of one group, or all."""
    wanted = decode_body(request.get_data(cache=False), HeldRatings)
    now, review = services().clock.now(), services().ratings.review
    return fresh_json(SettledRatings(review.release(site(), wanted.group, who(), now)))


@bp.post("/reject")
@scope("write")
def reject() -> Response:
    """Take held ratings out: of one group, or all."""
    wanted = decode_body(request.get_data(cache=False), HeldRatings)
    now, review = services().clock.now(), services().ratings.review
    return fresh_json(SettledRatings(review.reject(site(), wanted.group, who(), now)))


def _burst(span: RatingSpan) -> RatingBurst:
    return RatingBurst(span.article, _time(span.begin), _time(span.end), span.rating)


def _voided(one: VoidedRatings) -> VoidedAnswer:
    begin, end = (_time(one.begin), _time(one.end)) if one.begin else (None, None)
    tally = rating_tally(one.counts, site().rating_scale)
    return VoidedAnswer(one.id, one.article, begin, end, tally)


def _time(moment: float) -> str:
    return local_time(moment, site().timezone)


OPERATIONS = (
    operation(
        "get",
        "/ratings",
        "manage_ratings",
        "read",
        "Get the rated articles: best, worst or most rated; bursts; and what was taken out",
        RatingReport,
        Parameter("order", "Default: best.", one_of(*ORDERS), required=False),
        problems=(400,),
    ),
    operation(
        "post",
        "/ratings/void",
        "manage_void_ratings",
        "write",
        "Take ratings of an article out of its average; they can be restored",
        VoidedAnswer,
        body=RatingsToVoid,
    ),
    operation(
        "post",
        "/ratings/restore",
        "manage_restore_ratings",
        "write",
        "Count again the ratings that a decision took out",
        VoidedAnswer,
        body=RatingDecision,
    ),
    operation(
        "post",
        "/ratings/release",
        "manage_release_ratings",
        "write",
        "Let ratings count that are held, being beyond the ceiling of their network",
        SettledRatings,
        body=HeldRatings,
    ),
    operation(
        "post",
        "/ratings/reject",
        "manage_reject_ratings",
        "write",
        "Take ratings out that are held; each group can be restored",
        SettledRatings,
        body=HeldRatings,
    ),
)

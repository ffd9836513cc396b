"""Ratings of articles: ranked, and taken out or put back."""

import msgspec
from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError
from stats_service.models.ratings import RankedArticle, RatedArticle
from stats_service.services.ratings import RANKED_MAX
from stats_service.web.api.bodies import decode_body, fresh_json
from stats_service.web.api.manage.access import operation, scope, site, who
from stats_service.web.api.operation import Parameter, one_of
from stats_service.web.context import services

bp = Blueprint("ratings", __name__, url_prefix="/ratings")

ORDERS = ("best", "worst", "most")


class RatingReport(msgspec.Struct, frozen=True):
    """The rated articles of a site, at most 100."""

    order: str
    articles: list[RankedArticle]
    #: Mean score of all ratings of the site; 0 without ratings.
    mean: float
    #: Ratings that an administrator took out.
    voided: list[RatedArticle]


class ArticleName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Names an article."""

    #: Path with query, URL, or explicit key.
    article: str


@bp.get("")
@scope("read")
def index() -> Response:
    """Answer with the rated articles, in one of three orders, and those taken out."""
    order = request.args.get("order", "best")
    if order not in ORDERS:
        raise InvalidInputError(f"order {order[:40]!r}: use one of {', '.join(ORDERS)}.")
    top = services().ratings.ranked(site(), services().clock.now())
    articles = list(top.articles)
    if order == "worst":
        articles.reverse()
    elif order == "most":
        articles.sort(key=lambda article: -article.rating.count)
    voided = list(services().ratings.voided(site()).values())
    return fresh_json(RatingReport(order, articles[:RANKED_MAX], top.mean, voided))


@bp.post("/void")
@scope("write")
def void() -> Response:
    """Take the ratings of an article out of its average."""
    wanted = decode_body(request.get_data(cache=False), ArticleName)
    now = services().clock.now()
    return fresh_json(services().ratings.void(site(), wanted.article, who(), now))


@bp.post("/restore")
@scope("write")
def restore() -> Response:
    """Count them again."""
    wanted = decode_body(request.get_data(cache=False), ArticleName)
    now = services().clock.now()
    return fresh_json(services().ratings.restore(site(), wanted.article, who(), now))


OPERATIONS = (
    operation(
        "get",
        "/ratings",
        "manage_ratings",
        "read",
        "Get the rated articles: best, worst or most rated, and the ratings taken out",
        RatingReport,
        Parameter("order", "Default: best.", one_of(*ORDERS), required=False),
        problems=(400,),
    ),
    operation(
        "post",
        "/ratings/void",
        "manage_void_ratings",
        "write",
        "Take the ratings of an article out of its average; they can be restored",
        RatedArticle,
        body=ArticleName,
    ),
    operation(
        "post",
        "/ratings/restore",
        "manage_restore_ratings",
        "write",
        "Count again the ratings of an article that were taken out",
        RatedArticle,
        body=ArticleName,
    ),
)

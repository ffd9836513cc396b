"""The numbers of a site: present and past, by article, and views that were not counted."""

import re
from datetime import date, timedelta

import msgspec
from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError
from stats_service.models.clicks import ClickCounts
from stats_service.models.traffic.history import Ignored, Part, Series, TopArticle
from stats_service.models.traffic.readers import DIMENSIONS, ReaderCounts
from stats_service.models.traffic.views import ArticleOpening, SiteCounts
from stats_service.services.traffic.history import RANGE_MAX_DAYS
from stats_service.services.traffic.opening_balances import balance_revision
from stats_service.services.traffic.spans import BEFORE, PRESETS, Span, preset
from stats_service.services.traffic.top_articles import ORDERS, RISING, VIEWS
from stats_service.web.api.manage.access import operation, scope, site, today, who
from stats_service.web.api.manage.revisions import IF_MATCH, given_revision, with_revision
from stats_service.web.api.operation import Parameter, one_of
from stats_service.web.http.bodies import decode_body, fresh_json
from stats_service.web.http.context import services

bp = Blueprint("traffic", __name__)

#: Length in days of a range without a first day; its last day is today.
DEFAULT_DAYS = {"hour": 2, "day": 28, "week": 91, "month": 365}
DEFAULT_ARTICLE_DAYS = 7
_DAY = re.compile(r"20\d\d-\d\d-\d\d|21\d\d-\d\d-\d\d", re.ASCII)


class IgnoredViews(msgspec.Struct, frozen=True):
    """Views that were not counted in a range of days, both ends included."""

    first: date
    last: date
    ignored: list[Ignored]
    #: Views that count, but without a visit or an article.
    in_part: list[Part]
    #: Signs of causes.
    signs: list[Part]
    #: Views of bots by kind (from the list of crawlers), most first, at most 50 kinds; `other`:
    #: recognised by the form of the user agent.
    programs: list[Part]
    #: Hosts that were not the site's, the most first, at most 50; of each day the first 20.
    hosts: list[Part]


class ArticleList(msgspec.Struct, frozen=True):
    """The articles of a span that were most viewed, or that gained most; the first first."""

    first: date
    last: date
    #: The days of `before`; null: nothing is compared.
    first_before: date | None
    last_before: date | None
    articles: list[TopArticle]


class OpeningBalance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The views that an article had before the site used this service."""

    #: Path with query, URL, or explicit key.
    article: str
    #: 0 removes the balance.
    views: int


@bp.get("/counts")
@scope("read")
def counts() -> Response:
    """Answer with the present numbers of the site."""
    return fresh_json(services().traffic.views.counts(site(), services().clock.now()))


@bp.get("/history")
@scope("read")
def history() -> Response:
    """Answer with visits and views by hour, day, week or month, beside the compared span."""
    unit, now = request.args.get("unit", "day"), services().clock.now()
    compare = request.args.get("compare", BEFORE)
    span = _span(DEFAULT_DAYS.get(unit, 1))
    return fresh_json(services().traffic.history.series(site(), unit, span, now, compare))


@bp.get("/ignored")
@scope("read")
def ignored() -> Response:
    """Answer with the views that were not counted, by reason."""
    first, last = days_of_query(DEFAULT_DAYS["day"])
    if first > last:
        raise InvalidInputError(f"first {first}: is after the last day, {last}.")
    found = services().traffic.history.shortfall(site(), first, last)
    return fresh_json(
        IgnoredViews(
            first,
            last,
            [*found.ignored],
            [*found.parts],
            [*found.signs],
            [*found.programs],
            [*found.hosts],
        )
    )


@bp.get("/articles")
@scope("read")
def articles() -> Response:
    """Answer with the most viewed articles of a span, or those that gained most."""
    top, now = services().traffic.top_articles, services().clock.now()
    compare, order = request.args.get("compare", BEFORE), request.args.get("order", VIEWS)
    if order not in ORDERS:
        raise InvalidInputError(
            "order {order!r}: use one of {orders}.", order=order[:40], orders=", ".join(ORDERS)
        )
    span = _span(DEFAULT_ARTICLE_DAYS)
    if not 1 <= span.days <= RANGE_MAX_DAYS["month"]:
        raise InvalidInputError(
            "The range from {first} to {last} must have 1 to {range_max_days} days.",
            first=span.first,
            last=span.last,
            range_max_days=RANGE_MAX_DAYS["month"],
        )
    compared = top.compared(site(), span, now, compare)
    if order == RISING:
        found = top.rising(site(), span, now, compare)
    elif request.args.get("span") == "all":
        found, compared = top.of_all_time(site()), None
    else:
        found = top.of_span(site(), span, now, compare)
    return fresh_json(
        ArticleList(
            span.first,
            span.last,
            compared.first if compared else None,
            compared.last if compared else None,
            found,
        )
    )


@bp.get("/readers")
@scope("read")
def readers() -> Response:
    """Answer with what the visits of a span told of themselves."""
    wanted = request.args.get("dimensions")
    found = services().traffic.readers.of_span(
        site(),
        _span(DEFAULT_DAYS["day"]),
        services().clock.now(),
        request.args.get("compare", BEFORE),
        tuple(DIMENSIONS) if wanted is None else wanted.split(","),
    )
    return fresh_json(found)


@bp.get("/clicks")
@scope("read")
def clicks() -> Response:
    """Answer with the clicks of a span."""
    return fresh_json(services().traffic.clicks.of_span(site(), _span(DEFAULT_DAYS["day"])))


@bp.get("/articles/opening")
@scope("read")
def opening() -> Response:
    """Answer with the opening balance of an article."""
    article = request.args.get("article", "")
    found = services().traffic.opening_balances.get(site(), article)
    return with_revision(found, balance_revision(found.views))


@bp.put("/articles/opening")
@scope("write")
def set_opening() -> Response:
    """Set the opening balance of an article."""
    wanted = decode_body(request.get_data(cache=False), OpeningBalance)
    made = services().traffic.opening_balances.set(
        site(), wanted.article, wanted.views, who(), services().clock.now(), given_revision()
    )
    return with_revision(made, balance_revision(made.views))


def _span(days: int) -> Span:
    """Return the named span, or the one from `first` to `last`."""
    name, named = (
        request.args.get("span"),
        Span(*days_of_query(days)),
    )  # days that do not exist are refused
    if name is None:
        return named
    begin = today()
    if name == "all":
        begin = services().traffic.history.first_day(site(), services().clock.now())
    span = preset(name, today(), begin)
    if span is None:
        raise InvalidInputError(
            "span {span!r}: use one of {spans}.", span=name[:40], spans=", ".join(PRESETS)
        )
    return span


def days_of_query(days: int) -> tuple[date, date]:
    """Return the first and the last day that the query asks for; so many days if it does not."""
    last = _day("last") or today()
    return _day("first") or last - timedelta(days=days - 1), last


def _day(name: str) -> date | None:
    text = request.args.get(name)
    if text is None:
        return None
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(f"{name} {text[:40]!r}: write a day as 2026-11-23.") from None


_UNIT = Parameter("unit", "Default: day.", one_of(*RANGE_MAX_DAYS), required=False)
_ISO_DAY = {"type": "string", "format": "date", "pattern": r"^2[01]\d\d-\d\d-\d\d$"}
#: The parameters of a range of days.
FIRST = Parameter("first", "First day, in the site's zone.", _ISO_DAY, required=False)
LAST = Parameter("last", "Last day. Default: today.", _ISO_DAY, required=False)
_ARTICLE = Parameter("article", "Path with query, URL, or explicit key.", {"type": "string"})
_DIMENSIONS = Parameter(
    "dimensions",
    f"Default: all of {', '.join(DIMENSIONS)}.",
    {"type": "string", "pattern": "^[a-z_]+(,[a-z_]+)*$"},
    required=False,
)
_ORDER = Parameter(
    "order", "Default: views. `rising`: by what they gained.", one_of(*ORDERS), required=False
)
_NAMED = Parameter("span", "Instead of the days: a name.", one_of(*PRESETS), required=False)
_COMPARE = Parameter(
    "compare",
    "What stands beside it: `before` (default), `year`, `nothing`, or the first day of a span.",
    {"type": "string", "pattern": r"^(before|year|nothing|[12]\d{3}-\d\d-\d\d)$"},
    required=False,
)

OPERATIONS = (
    operation("get", "/counts", "manage_counts", "read", "Get the numbers of the site", SiteCounts),
    operation(
        "get",
        "/history",
        "manage_history",
        "read",
        "Get visits and views by hour (at most 45 days), day (1,100), week or month (3,660), each "
        "beside that of the span compared",
        Series,
        _UNIT,
        _NAMED,
        _COMPARE,
        FIRST,
        LAST,
        problems=(400,),
    ),
    operation(
        "get",
        "/ignored",
        "manage_ignored",
        "read",
        "Get what was not counted, or only in part, by reason; `share` is of all that arrived",
        IgnoredViews,
        FIRST,
        LAST,
        problems=(400,),
    ),
    operation(
        "get",
        "/articles",
        "manage_articles",
        "read",
        "Get the 30 articles of a span (default: 7 days) that were most viewed, or gained most; "
        "`before` is null where nothing is compared",
        ArticleList,
        _NAMED,
        _ORDER,
        _COMPARE,
        FIRST,
        LAST,
        problems=(400,),
    ),
    operation(
        "get",
        "/readers",
        "manage_readers",
        "read",
        "Get where visits came from and with what: sources, campaigns, entry articles, devices, "
        "browsers, systems, countries, languages, each by itself; at most 100 values of each, and "
        "`other`: all others and those that fewer than three visits have",
        ReaderCounts,
        _DIMENSIONS,
        _NAMED,
        _COMPARE,
        FIRST,
        LAST,
        problems=(400,),
    ),
    operation(
        "get",
        "/clicks",
        "manage_clicks",
        "read",
        "Get documents, hosts of outgoing links and named actions by their clicks in a span, of "
        "which the last 400 days are kept; at most 100 names of each, and `other`: the rest",
        ClickCounts,
        FIRST,
        LAST,
        problems=(400,),
    ),
    operation(
        "get",
        "/articles/opening",
        "manage_opening",
        "read",
        "Get the views that an article had before it came here",
        ArticleOpening,
        _ARTICLE,
        problems=(400,),
    ),
    operation(
        "put",
        "/articles/opening",
        "manage_set_opening",
        "write",
        "Set the views that an article had before it came here",
        ArticleOpening,
        IF_MATCH,
        body=OpeningBalance,
    ),
)

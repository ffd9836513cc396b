"""The numbers of a site: now, in the past, by article, and what was not counted."""

import re
from datetime import date, timedelta

import msgspec
from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError
from stats_service.models.history import Ignored, Part, Series, TopArticle
from stats_service.models.readers import DIMENSIONS, ReaderCounts
from stats_service.models.traffic import ArticleOpening, SiteCounts
from stats_service.services.traffic.history import RANGE_MAX_DAYS
from stats_service.services.traffic.opening_balances import balance_revision
from stats_service.services.traffic.spans import BEFORE, PRESETS, Span, preset
from stats_service.services.traffic.top_articles import LISTS
from stats_service.web.api.manage.access import operation, scope, site, today, who
from stats_service.web.api.manage.revisions import IF_MATCH, given_revision, with_revision
from stats_service.web.api.operation import Parameter, one_of
from stats_service.web.http.bodies import decode_body, fresh_json
from stats_service.web.http.context import services

bp = Blueprint("traffic", __name__)

#: Days of a range whose first day is not named: the last of them is today.
DEFAULT_DAYS = {"hour": 2, "day": 28, "week": 91, "month": 365}
_DAY = re.compile(r"20\d\d-\d\d-\d\d|21\d\d-\d\d-\d\d", re.ASCII)


class IgnoredViews(msgspec.Struct, frozen=True):
    """What was not counted in a range of days, both included."""

    first: date
    last: date
    ignored: list[Ignored]
    #: Views that count, but make no visit or are in no article's number.
    in_part: list[Part]
    #: What was seen beside that and tells of causes.
    signs: list[Part]
    #: Programs by the name of the list of crawlers that told them, the most first, at most 50;
    #: `other`: by the shape of what they say.
    programs: list[Part]


class ArticleList(msgspec.Struct, frozen=True):
    """The most viewed articles, the first first."""

    span: str
    articles: list[TopArticle]


class OpeningBalance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The views that an article had before it came here."""

    #: Path with query, URL, or explicit key.
    article: str
    #: 0 removes the balance.
    views: int


@bp.get("/counts")
@scope("read")
def counts() -> Response:
    """Answer with the numbers of the site, as they are now."""
    return fresh_json(services().traffic.views.counts(site(), services().clock.now()))


@bp.get("/history")
@scope("read")
def history() -> Response:
    """Answer with visits and views by hour, day, week or month, beside the span compared."""
    unit, now = request.args.get("unit", "day"), services().clock.now()
    compare = request.args.get("compare", BEFORE)
    span = _span(DEFAULT_DAYS.get(unit, 1))
    return fresh_json(services().traffic.history.series(site(), unit, span, now, compare))


@bp.get("/ignored")
@scope("read")
def ignored() -> Response:
    """Answer with what was not counted, and why."""
    first, last = _range(DEFAULT_DAYS["day"])
    if first > last:
        raise InvalidInputError(f"first {first}: is after the last day, {last}.")
    found = services().traffic.history.shortfall(site(), first, last)
    return fresh_json(
        IgnoredViews(
            first, last, [*found.ignored], [*found.parts], [*found.signs], [*found.programs]
        )
    )


@bp.get("/articles")
@scope("read")
def articles() -> Response:
    """Answer with the most viewed articles."""
    span = request.args.get("span", "7")
    found = services().traffic.top_articles.of_list(site(), span, services().clock.now())
    return fresh_json(ArticleList(span, found))


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
        wanted.split(",") if wanted else tuple(DIMENSIONS),
    )
    return fresh_json(found)


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
    """Return the span that has the name asked for, or that goes from `first` to `last`."""
    name, named = (
        request.args.get("span"),
        Span(*_range(days)),
    )  # days that there are not are refused
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


def _range(days: int) -> tuple[date, date]:
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
_FIRST = Parameter("first", "First day, in the site's zone.", _ISO_DAY, required=False)
_LAST = Parameter("last", "Last day. Default: today.", _ISO_DAY, required=False)
_ARTICLE = Parameter("article", "Path with query, URL, or explicit key.", {"type": "string"})
_LIST = Parameter("span", "Default: 7 days.", one_of(*LISTS), required=False)
_DIMENSIONS = Parameter(
    "dimensions",
    f"Default: all of {', '.join(DIMENSIONS)}.",
    {"type": "string", "pattern": "^[a-z_]+(,[a-z_]+)*$"},
    required=False,
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
        _FIRST,
        _LAST,
        problems=(400,),
    ),
    operation(
        "get",
        "/ignored",
        "manage_ignored",
        "read",
        "Get what was not counted, or only in part, by reason; `share` is of all that arrived",
        IgnoredViews,
        _FIRST,
        _LAST,
        problems=(400,),
    ),
    operation(
        "get",
        "/articles",
        "manage_articles",
        "read",
        "Get the 30 most viewed articles",
        ArticleList,
        _LIST,
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
        _FIRST,
        _LAST,
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

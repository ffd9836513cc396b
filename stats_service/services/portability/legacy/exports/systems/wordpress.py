"""WordPress plug-ins: WP Statistics, counters and stars in postmeta, WP-PostRatings, polls.

The columns are those that each plug-in installs, looked up in its source: WP Statistics 8.7 to
14.16 (`summary_totals` since 14.16), WP-PostRatings 2.0, WP-Polls 3.0, YOP Poll 6.5 and 7.0. The
other plug-ins' columns and keys are those of their dumps.
"""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from stats_service.services.portability.legacy.exports.cells import (
    BadCell,
    day,
    second,
    signed,
    whole,
)
from stats_service.services.portability.legacy.exports.events import POST
from stats_service.services.portability.legacy.exports.polls import Question
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)
from stats_service.services.portability.legacy.exports.systems.answers import answers
from stats_service.services.portability.legacy.exports.systems.averages import add_average

#: Default address of a WordPress post.
PATTERN = "/?p={id}"
#: Keys of postmeta with the views of a post, and the plug-in or theme that writes them.
VIEW_KEYS = {
    "views": "WP-PostViews",
    "post_views_count": "themes",
    "_post_views": "themes",
    "tie_views": "TieLabs",
    "wpb_post_views_count": "WPBeginner",
    "entry_views": "Entry Views",
}
#: Columns of `statistics_visitor` in the versions of WP Statistics: 8.7, 13.0, 13.2.4, 14.6, 14.7,
#: 14.11 and 14.12.6, each with those that it added.
_VISITOR = ("id", "last_counter", "referred", "agent", "platform", "version")
_VISITOR_13 = ("uastring", "ip", "location", "user_id", "hits", "honeypot")
_VISITOR_14 = (*_VISITOR, "device", "model", *_VISITOR_13)
_VISITOR_ADDED = (
    *("city", "region", "continent", "source_channel", "source_name"),
    *("first_page", "first_view", "last_page", "last_view"),
)
_VISITOR_ORDERS = (
    (*_VISITOR, "uastring", "ip", "location", "hits", "honeypot"),
    (*_VISITOR, *_VISITOR_13),
    *((*_VISITOR_14, *_VISITOR_ADDED[:added]) for added in (0, 1, 3, 5, 9)),
)
_INTEGER, _DAY, _TIME = r"\d+", r"\d{4}-\d\d-\d\d", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def _days(target: Target, columns: Columns) -> TakeRow:
    """`statistics_visit`: the "visits" in it are views."""
    when, views = columns["last_counter"], columns["visit"]
    tally = target.tally

    def take(row: list[str]) -> None:
        tally.add(day(row[when]), views=whole(row[views]))

    return take


def _totals(target: Target, columns: Columns) -> TakeRow:
    """`statistics_summary_totals`: up to version 14, a visitor of a day counts as one visit."""
    when, views = columns["date"], columns["views"]
    visitors = columns.first("sessions", "visitors")
    tally = target.tally

    def take(row: list[str]) -> None:
        tally.add(day(row[when]), views=whole(row[views]), visits=whole(row[visitors]))

    return take


def _visitors(target: Target, columns: Columns) -> TakeRow:
    """`statistics_visitor`: one row for each visitor and day, which counts as one visit."""
    when, trap = columns["last_counter"], columns.first("honeypot")
    tally = target.tally

    def take(row: list[str]) -> None:
        if trap >= 0 and row[trap] not in ("", "0"):
            tally.ignored["bot"] += 1
        else:
            tally.add(day(row[when]), visits=1)

    return take


def _pages(target: Target, columns: Columns) -> TakeRow:
    """`statistics_pages`: daily views of an address, without those of missing pages."""
    when, address, views = columns["date"], columns["uri"], columns["count"]
    kind = columns.first("type")
    tally, article = target.tally, target.source.article

    def take(row: list[str]) -> None:
        if kind >= 0 and row[kind] in ("404", "search"):
            tally.ignored["no-page"] += 1
        elif key := article(row[address]):
            tally.add_article(day(row[when]), key, whole(row[views]))
        else:
            tally.ignored["article-invalid"] += 1

    return take


def _postmeta(target: Target, columns: Columns) -> TakeRow:
    """`postmeta`: the total views of each post, and the stars of kk Star Ratings."""
    post, key, value = columns["post_id"], columns["meta_key"], columns["meta_value"]
    tally, shared = target.tally, target.shared
    views: dict[str, int] = {}
    casts, sums = shared.names("kk casts"), shared.names("kk ratings")

    def take(row: list[str]) -> None:
        name = row[key]
        if name in VIEW_KEYS:
            # Two plug-ins count the same readers; the higher count has run longer.
            views[row[post]] = max(views.get(row[post], 0), whole(row[value]))
        elif name in ("_kksr_casts", "_kksr_count_default"):
            casts[row[post]] = row[value]
        elif name in ("_kksr_ratings", "_kksr_ratings_default"):
            sums[row[post]] = row[value]
        else:
            tally.ignored["other-meta"] += 1

    def finish() -> None:
        for number, total in views.items():
            if not total:
                continue
            if article := _address(target, number):
                tally.add_article("", article, total)
                tally.add("", views=total)
            else:
                tally.ignored["article-invalid"] += 1
        for number, cast in casts.items():
            add_average(target, _address(target, number), cast, sums.get(number, ""))

    shared.later.append(finish)
    return take


def _ratings(target: Target, columns: Columns) -> TakeRow:
    """`ratings`: one row for each rating."""
    post, score = columns["rating_postid"], columns["rating_rating"]
    number, when = columns.first("rating_id"), columns.first("rating_timestamp")
    tally, scale, add = target.tally, target.source.site.rating_scale, target.events.add

    def take(row: list[str]) -> None:
        stars = signed(row[score])
        if stars < 0:  # a thumbs-down
            raise BadCell(row[score], f"a score from 1 to {scale}")
        if 1 <= stars <= scale:
            at = whole(row[when]) if when >= 0 else 0
            identity = row[number] if number >= 0 else f"{row[post]} {stars}"
            # The addresses of posts may be in another table.
            add(at, f"wp {identity}", view=False, article=POST + row[post], score=stars)
        else:
            tally.ignored["score-invalid"] += 1

    target.shared.resolve = lambda article: _address(target, article.removeprefix(POST))
    return take


def _post_views(target: Target, columns: Columns) -> TakeRow:
    """`post_views` of Post Views Counter: the daily views of a post (`type` 0)."""
    post, kind = columns["id"], columns["type"]
    when, views = columns["period"], columns["count"]
    found: Counter[tuple[str, str]] = Counter()
    tally = target.tally

    def take(row: list[str]) -> None:
        if row[kind] == "0":
            found[day(row[when]), row[post]] += whole(row[views])
        else:  # the same views by week, month and year
            tally.ignored["sum"] += 1

    def finish() -> None:
        for (date, number), total in found.items():
            tally.add(date, views=total)
            if article := _address(target, number):
                tally.add_article(date, article, total)
            else:
                tally.ignored["article-invalid"] += 1

    target.shared.later.append(finish)
    return take


def _address(target: Target, number: str) -> str:
    alias = target.shared.names("wp alias").get(number, "")
    return target.source.post(number, PATTERN, alias=alias)


def _posts(target: Target, columns: Columns) -> TakeRow:
    """`posts`: the alias of each post, for `--pattern "/{alias}/"`."""
    number, alias, kind = columns["id"], columns["post_name"], columns.first("post_type")
    names = target.shared.names("wp alias")

    def take(row: list[str]) -> None:
        if kind < 0 or row[kind] in ("post", "page"):
            names[row[number]] = row[alias]

    return take


def _wp_questions(target: Target, columns: Columns) -> TakeRow:
    """`pollsq`: the plug-in stores local time as if it were UTC."""
    places = [
        columns[name]
        for name in (
            "pollq_id",
            "pollq_question",
            "pollq_timestamp",
            "pollq_expiry",
            "pollq_multiple",
            "pollq_totalvoters",
        )
    ]

    def take(row: list[str]) -> None:
        number, text, begun, ended, most, voters = (row[place] for place in places)
        target.shared.polls.ask(
            Question(
                id=f"wp-{whole(number)}",
                text=text,
                begun=_local(whole(begun), target.zone),
                ended=_local(whole(ended), target.zone),
                most=max(1, whole(most)),
                voters=whole(voters),
            )
        )

    return take


def _local(seconds: int, zone: str) -> float:
    """Return the moment at which clocks in `zone` show what a UTC clock shows at `seconds`."""
    if not seconds:
        return 0.0
    shown = datetime.fromtimestamp(second(str(seconds)), UTC).replace(tzinfo=ZoneInfo(zone))
    return shown.timestamp()


def _local_time(text: str, zone: str) -> float:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()
    except ValueError:
        return 0.0


def _yop_elements(target: Target, columns: Columns) -> TakeRow:
    """`yoppoll_elements`: each question; a poll may have several."""
    number, text, kind = columns["id"], columns["etext"], columns["etype"]
    added = columns.first("added_date")

    def take(row: list[str]) -> None:
        if "question" in row[kind]:
            begun = _local_time(row[added], target.zone) if added >= 0 else 0.0
            question = Question(id=f"yop-{whole(row[number])}", text=row[text], begun=begun)
            target.shared.polls.ask(question)

    return take


SCHEMAS = (
    Schema(
        kind="wp-statistics",
        table="statistics_visit",
        needs=("last_counter", "visit"),
        bind=_days,
        orders=(("id", "last_visit", "last_counter", "visit"),),
        shapes={"id": _INTEGER, "last_visit": _TIME, "last_counter": _DAY, "visit": _INTEGER},
        brings=("site",),
        same="days",
    ),
    Schema(
        kind="wp-statistics",
        table="statistics_summary_totals",
        needs=("date", "visitors", "views"),
        without=("page", "uri", "resource_id", "resource_uri_id"),
        bind=_totals,
        orders=(("id", "date", "visitors", "views"),),
        shapes={"id": _INTEGER, "date": _DAY, "visitors": _INTEGER, "views": _INTEGER},
        brings=("site",),
        same="days",
    ),
    Schema(
        kind="wp-statistics",
        table="statistics_visitor",
        needs=("last_counter", "agent", "platform"),
        bind=_visitors,
        orders=_VISITOR_ORDERS,
        shapes={"id": _INTEGER, "last_counter": _DAY, "hits": r"\d*", "honeypot": r"\d*"},
        brings=("site",),
        same="days",
    ),
    Schema(
        kind="wp-statistics",
        table="statistics_pages",
        needs=("uri", "date", "count"),
        bind=_pages,
        orders=(("page_id", "uri", "type", "date", "count", "id"),),
        shapes={"page_id": _INTEGER, "date": _DAY, "count": _INTEGER},
        brings=("articles",),
    ),
    Schema(
        kind="wp-postviews",
        table="postmeta",
        needs=("post_id", "meta_key", "meta_value"),
        bind=_postmeta,
        orders=(("meta_id", "post_id", "meta_key", "meta_value"),),
        shapes={"meta_id": _INTEGER, "post_id": _INTEGER, "meta_key": r"[\w:.-]+"},
        undated=True,
        brings=("articles", "site"),
    ),
    Schema(
        kind="wp-postratings",
        table="ratings",
        needs=("rating_postid", "rating_rating"),
        bind=_ratings,
        orders=(
            (
                "rating_id",
                "rating_postid",
                "rating_posttitle",
                "rating_rating",
                "rating_timestamp",
                "rating_ip",
                "rating_host",
                "rating_username",
                "rating_userid",
            ),
        ),
        shapes={
            "rating_id": _INTEGER,
            "rating_postid": _INTEGER,
            "rating_rating": r"-?\d+",
            "rating_timestamp": r"\d{9,11}",
        },
        undated=True,
        brings=("ratings",),
    ),
    Schema(
        kind="post-views-counter",
        table="post_views",
        needs=("id", "type", "period", "count"),
        bind=_post_views,
        brings=("articles", "site"),
    ),
    Schema(
        kind="wordpress",
        table="posts",
        needs=("id", "post_name", "guid"),
        bind=_posts,
    ),
    Schema(
        kind="wp-polls",
        table="pollsq",
        needs=(
            *("pollq_id", "pollq_question", "pollq_timestamp", "pollq_expiry"),
            *("pollq_multiple", "pollq_totalvoters"),
        ),
        bind=_wp_questions,
        orders=(
            (
                "pollq_id",
                "pollq_question",
                "pollq_timestamp",
                "pollq_totalvotes",
                "pollq_active",
                "pollq_expiry",
                "pollq_multiple",
                "pollq_totalvoters",
            ),
        ),
        shapes={
            "pollq_id": _INTEGER,
            "pollq_timestamp": r"\d{9,11}",
            "pollq_totalvotes": _INTEGER,
            "pollq_totalvoters": _INTEGER,
        },
        brings=("polls",),
    ),
    Schema(
        kind="wp-polls",
        table="pollsa",
        needs=("polla_aid", "polla_qid", "polla_answers", "polla_votes"),
        bind=answers(
            "wp",
            number="polla_aid",
            question="polla_qid",
            text="polla_answers",
            votes="polla_votes",
        ),
        orders=(("polla_aid", "polla_qid", "polla_answers", "polla_votes"),),
        shapes={
            "polla_aid": _INTEGER,
            "polla_qid": _INTEGER,
            "polla_answers": r"(?s).*[^\d].*",
            "polla_votes": _INTEGER,
        },
        brings=("polls",),
    ),
    Schema(
        kind="yop-poll",
        table="yoppoll_elements",
        needs=("id", "poll_id", "etext", "etype"),
        bind=_yop_elements,
        brings=("polls",),
    ),
    Schema(
        kind="yop-poll",
        table="yoppoll_subelements",
        needs=("id", "poll_id", "element_id", "stext", "total_submits"),
        bind=answers(
            "yop", number="id", question="element_id", text="stext", votes="total_submits"
        ),
        brings=("polls",),
    ),
)

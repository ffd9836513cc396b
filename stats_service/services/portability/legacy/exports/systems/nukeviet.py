"""NukeViet 3 to 5: the counter, the hits of articles, the votings.

The columns are those of `install/action_mysql.php` and of the modules `news`, `page` and `voting`.
The counter counts visits: a reader counts once, until the cookie ends. It stores days only of the
current month; `last_update` of each row shows the month that the row is from.
"""

from stats_service.services.portability.legacy.exports.cells import hour_of, second, whole
from stats_service.services.portability.legacy.exports.polls import Question
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)
from stats_service.services.portability.legacy.exports.systems.answers import answers
from stats_service.services.portability.legacy.exports.systems.averages import add_average

#: Address of an article of the module `news` on a site with one language.
PATTERN = "/{module}/{category}/{alias}-{id}.html"
#: Address of a page of the module `page`.
PAGE_PATTERN = "/{module}/{alias}.html"
_INTEGER = r"\d+"


def _counter(target: Target, columns: Columns) -> TakeRow:
    """`counter`: the days of the last month as days, the rest without a date."""
    kind, value = columns["c_type"], columns["c_val"]
    count, updated = columns["c_count"], columns["last_update"]
    tally, zone = target.tally, target.zone
    days: dict[str, int] = {}
    total, last = 0, ""

    def take(row: list[str]) -> None:
        nonlocal total, last
        if row[kind] == "total" and row[value] == "hits":
            total = whole(row[count])
        elif row[kind] == "c_time" and row[value] == "last" and row[count] not in ("", "0"):
            last = hour_of(second(row[count]), zone).day
        elif row[kind] == "day" and whole(row[count]):
            when = hour_of(second(row[updated]), zone).day
            if when[8:].lstrip("0") == row[value].lstrip("0"):
                days[when] = whole(row[count])

    def finish() -> None:
        # Only rows of the last month belong to their day; older counts stay in the total.
        dated = {when: visits for when, visits in days.items() if when[:7] == last[:7]}
        for when, visits in dated.items():
            tally.add(when, visits=visits)
        if total > sum(dated.values()):
            tally.add("", visits=total - sum(dated.values()))

    target.shared.later.append(finish)
    return take


def _categories(target: Target, columns: Columns) -> TakeRow:
    """`…_cat`: the alias of each category."""
    number, alias = columns["catid"], columns["alias"]
    names, module = target.shared.names("nukeviet category"), _module(target.table, "cat")

    def take(row: list[str]) -> None:
        names[f"{module}/{row[number]}"] = row[alias]

    return take


def _rows(target: Target, columns: Columns) -> TakeRow:
    """`…_rows` of a module like `news`: the total hits of each article."""
    number, alias, hits = columns["id"], columns["alias"], columns["hitstotal"]
    category = columns.first("catid")
    stars, raters = columns.first("total_rating"), columns.first("click_rating")
    module = _module(target.table, "rows") or "news"
    found: list[tuple[str, str, str, int]] = []
    rated: list[tuple[int, str, str]] = []

    def take(row: list[str]) -> None:
        views = whole(row[hits])
        if raters >= 0 and row[raters] not in ("", "0"):
            rated.append((len(found), row[raters], row[stars]))
        elif not views:
            return
        found.append((row[number], row[alias], row[category] if category >= 0 else "", views))

    def finish() -> None:
        names = target.shared.names("nukeviet category")
        keys = [
            target.source.post(
                post,
                PATTERN,
                alias=name,
                module=module,
                category=names.get(f"{module}/{parent}", ""),
            )
            for post, name, parent, _ in found
        ]
        for key, (*_, views) in zip(keys, found, strict=True):
            _add_views(target, key, views)
        for place, clicks, total in rated:
            add_average(target, keys[place], clicks, total)

    target.shared.later.append(finish)
    return take


def _pages(target: Target, columns: Columns) -> TakeRow:
    """A table of the module `page`: the total hits of each page."""
    number, alias, hits = columns["id"], columns["alias"], columns["hitstotal"]
    module = _module(target.table, "") or "page"

    def take(row: list[str]) -> None:
        if views := whole(row[hits]):
            key = target.source.post(row[number], PAGE_PATTERN, alias=row[alias], module=module)
            _add_views(target, key, views)

    return take


def _add_views(target: Target, article: str, views: int) -> None:
    if not article:
        target.tally.ignored["article-invalid"] += 1
    elif views:
        target.tally.add_article("", article, views)
        target.tally.add("", views=views)


def _questions(target: Target, columns: Columns) -> TakeRow:
    number, text = columns["vid"], columns["question"]
    begun, ended = columns["publ_time"], columns["exp_time"]
    most = columns["acceptcm"]

    def take(row: list[str]) -> None:
        target.shared.polls.ask(
            Question(
                id=f"nv-{whole(row[number])}",
                text=row[text],
                begun=float(whole(row[begun])),
                ended=float(whole(row[ended])),
                most=max(1, whole(row[most])),
            )
        )

    return take


def _module(table: str, ending: str) -> str:
    """Return `news` of `nv4_vi_news_rows`."""
    parts = table.removesuffix(".csv").split("_")
    if ending and parts[-1:] == [ending]:
        parts.pop()
    # The prefix and the language come first: nv4, vi.
    return "_".join(parts[2:]) if len(parts) > 2 else ""


SCHEMAS = (
    Schema(
        kind="nukeviet",
        table="counter",
        needs=("c_type", "c_val", "last_update", "c_count"),
        bind=_counter,
        orders=tuple(
            ("c_type", "c_val", "last_update", "c_count", *languages)
            for languages in (("vi_count",), ("vi_count", "en_count"), ())
        ),
        shapes={"c_type": r"[a-z_]+", "last_update": _INTEGER, "c_count": _INTEGER},
        undated=True,
        rest=True,
        brings=("site",),
    ),
    Schema(
        kind="nukeviet",
        table="cat",
        needs=("catid", "parentid", "alias"),
        without=("hitstotal",),
        bind=_categories,
    ),
    Schema(
        kind="nukeviet",
        table="rows",
        needs=("id", "catid", "alias", "hitstotal", "publtime"),
        bind=_rows,
        undated=True,
        brings=("articles",),
    ),
    Schema(
        kind="nukeviet",
        table="page",
        needs=("id", "alias", "hitstotal", "hot_post"),
        bind=_pages,
        any_name=True,
        undated=True,
        brings=("articles",),
    ),
    Schema(
        kind="nukeviet",
        table="voting",
        needs=("vid", "question", "acceptcm", "publ_time", "exp_time"),
        bind=_questions,
        brings=("polls",),
    ),
    Schema(
        kind="nukeviet",
        table="voting_rows",
        needs=("id", "vid", "title", "hitstotal"),
        bind=answers("nv", number="id", question="vid", text="title", votes="hitstotal"),
        orders=(("id", "vid", "title", "url", "hitstotal"),),
        shapes={"id": _INTEGER, "vid": _INTEGER, "title": r"(?s).*\D.*", "hitstotal": _INTEGER},
        brings=("polls",),
    ),
)

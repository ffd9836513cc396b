"""Joomla 1.5 to 5: hits and ratings of articles, and counters that are extensions of Joomla.

The columns are those of `installation/sql/mysql/base.sql`; of VCNT by Kubik-Rubik (`vcnt`: one row
for each visitor with time and address, `vcnt_pc`: the number of deleted rows), Vinaora
(`vvcounter_logs`: hourly sums) and VVisit (`vvisitcounter`: one row for each visitor).
"""

from stats_service.services.portability.legacy.exports.cells import hour_of, second, whole
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)
from stats_service.services.portability.legacy.exports.systems.averages import add_average

#: Address of an article without a menu item and without URL rewriting.
PATTERN = "/index.php?option=com_content&view=article&id={id}"
_INTEGER = r"\d+"


def _content(target: Target, columns: Columns) -> TakeRow:
    """`content`: the total hits of each article."""
    number, alias, hits = columns["id"], columns["alias"], columns["hits"]
    category = columns.first("catid")
    found: list[tuple[str, str, str, int]] = []
    aliases = target.shared.names("joomla article")

    def take(row: list[str]) -> None:
        parent = row[category] if category >= 0 else ""
        aliases[row[number]] = f"{parent}\n{row[alias]}"
        if views := whole(row[hits]):
            found.append((row[number], row[alias], parent, views))

    def finish() -> None:
        for post, _, _, views in found:
            if article := _address(target, post):
                target.tally.add_article("", article, views)
                target.tally.add("", views=views)
            else:
                target.tally.ignored["article-invalid"] += 1

    target.shared.later.append(finish)
    return take


def _categories(target: Target, columns: Columns) -> TakeRow:
    """`categories`: the path of each category."""
    number, path = columns["id"], columns["path"]
    names = target.shared.names("joomla category")

    def take(row: list[str]) -> None:
        names[row[number]] = row[path]

    return take


def _ratings(target: Target, columns: Columns) -> TakeRow:
    """`content_rating`: number and sum of the ratings of an article."""
    post, total, number = columns["content_id"], columns["rating_sum"], columns["rating_count"]
    found: list[tuple[str, str, str]] = []

    def take(row: list[str]) -> None:
        whole(row[number]), whole(row[total])
        found.append((row[post], row[number], row[total]))

    def finish() -> None:
        for content, count, score in found:
            add_average(target, _address(target, content), count, score)

    target.shared.later.append(finish)
    return take


def _address(target: Target, number: str) -> str:
    parent, _, alias = target.shared.names("joomla article").get(number, "\n").partition("\n")
    category = target.shared.names("joomla category").get(parent, "")
    return target.source.post(number, PATTERN, alias=alias, category=category)


def _visitors(target: Target, columns: Columns) -> TakeRow:
    """`vcnt` and `vvisitcounter`: one row for each visitor, at `tm` in seconds since 1970."""
    when, reader, number = columns["tm"], columns["ip"], columns.first("id")
    add = target.events.add

    def take(row: list[str]) -> None:
        identity = f"joomla {row[number] if number >= 0 else ''}"
        add(second(row[when]), identity, view=False, visit=True, reader=row[reader])

    return take


def _cleaned(target: Target, columns: Columns) -> TakeRow:
    """`vcnt_pc`: the number of rows that were deleted from `vcnt`."""
    number, tally = columns["cnt"], target.tally

    def take(row: list[str]) -> None:
        tally.add("", visits=whole(row[number]))

    return take


def _logs(target: Target, columns: Columns) -> TakeRow:
    """`vvcounter_logs`: visits, without bots, of the hour that ends at `time`."""
    when, visits, bots = columns["time"], columns["visits"], columns["bots"]
    tally, zone = target.tally, target.zone

    def take(row: list[str]) -> None:
        found = hour_of(second(row[when]) - 1, zone)
        programs = whole(row[bots])
        tally.ignored["bot"] += programs
        readers = max(0, whole(row[visits]) - programs)
        tally.add(found.day, found.hour, visits=readers)

    return take


SCHEMAS = (
    Schema(
        kind="joomla",
        table="content",
        needs=("id", "title", "alias", "introtext", "hits"),
        bind=_content,
        undated=True,
        brings=("articles",),
    ),
    Schema(
        kind="joomla",
        table="content",
        needs=("id", "alias", "hits"),
        without=("introtext", "hitstotal", "extension"),
        bind=_content,
        undated=True,
        brings=("articles",),
    ),
    Schema(kind="joomla", table="categories", needs=("id", "path", "extension"), bind=_categories),
    Schema(
        kind="joomla",
        table="content_rating",
        needs=("content_id", "rating_sum", "rating_count"),
        bind=_ratings,
        orders=(("content_id", "rating_sum", "rating_count", "lastip"),),
        shapes={"content_id": _INTEGER, "rating_sum": _INTEGER, "rating_count": _INTEGER},
        undated=True,
        brings=("ratings",),
    ),
    Schema(
        kind="joomla",
        table="vcnt",
        needs=("tm", "ip"),
        bind=_visitors,
        orders=(("tm", "ip"), ("id", "tm", "ip")),
        shapes={"id": _INTEGER, "tm": r"\d{9,10}", "ip": r"[\da-fA-F.:]{3,45}"},
        brings=("site",),
    ),
    Schema(
        kind="joomla",
        table="vcnt_pc",
        needs=("cnt",),
        bind=_cleaned,
        undated=True,
        events=True,
        rest=True,
        brings=("site",),
    ),
    Schema(
        kind="joomla",
        table="vvcounter_logs",
        needs=("time", "visits", "guests", "bots"),
        bind=_logs,
        orders=(("time", "visits", "guests", "members", "bots"),),
        shapes={"time": r"\d{9,10}", "visits": _INTEGER, "bots": _INTEGER},
        brings=("site",),
    ),
)

"""GoatCounter: its CSV export with one row for each hit, and its JSON export with hourly sums.

The columns are those of `docs/export.csv` and `docs/json-export.markdown` in GoatCounter 2.7. The
sums contain neither visits nor the number of views by one visit: each is of sessions that saw a
page, so that what they say of browsers and countries is not of visits either, and is not told.
"""

from collections.abc import Callable

from stats_service.services.portability.legacy.exports.cells import instant, moment, whole
from stats_service.services.portability.legacy.exports.names import (
    browser_line,
    country_line,
    system_line,
)
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)
from stats_service.services.visitors.bots import is_bot
from stats_service.services.visitors.sources import source_named, word

#: How a referrer was told that is the address of a page, or an app; without one it is direct.
_ADDRESS = ("h", "o", "")
#: Combinations of cells that are remembered.
_REMEMBERED = 10_000


def _hits(target: Target, columns: Columns) -> TakeRow:
    """Versions 1 and 2: times in UTC; a visit is what a session does.

    `FirstVisit` says that the session sees the page for the first time, and so only of an export
    without sessions that a visit begins.
    """
    path, event, bot = columns.first("2path", "1path"), columns["event"], columns["bot"]
    first, when = columns["firstvisit"], columns["date"]
    # The full user agent is in `Browser` in version 1; newer versions leave it empty.
    agent = columns.first("useragent") if "2path" in columns else columns.first("browser")
    session, referrer = columns.first("session"), columns.first("referrer")
    tally, source, add = target.tally, target.source, target.events.add
    told = _told_by(target, columns, agent)

    def take(row: list[str]) -> None:
        if _true(row[event]):
            tally.ignored["event"] += 1
        elif row[bot] not in ("", "0") or (agent >= 0 and row[agent] and is_bot(row[agent])):
            tally.ignored["bot"] += 1
        else:
            article = source.article(row[path])
            if not article:
                tally.ignored["article-invalid"] += 1
            # Not the title, which is that of the page at the time of the export.
            identity = [row[place] for place in (path, session, referrer, first) if place >= 0]
            run = row[session] if session >= 0 and row[session].strip("0-") else ""
            add(
                instant(row[when]),
                "\0".join(identity),
                visit=not run and _true(row[first]),
                run=run,
                article=article,
                told=told(row),
            )

    return take


def _told_by(target: Target, columns: Columns, agent: int) -> Callable[[list[str]], int]:
    """Return what gives the number of what a row tells of its visit.

    A referrer is an address without its scheme (`h`, and `o` for apps), the name of a group (`g`),
    or what a link said of itself (`c`), of which nobody knows the page before.
    """
    told, number_of = target.told, target.events.number_of
    if told.is_off:
        return lambda _: 0
    path, referrer = columns.first("2path", "1path"), columns.first("referrer")
    scheme, location = columns.first("referrer scheme"), columns.first("location")
    browser, system = columns.first("browser"), columns.first("system")
    wanted = [n for n in (referrer, scheme, agent, browser, system, location) if n >= 0]
    known: dict[tuple[str, ...], int] = {}

    def number(row: list[str]) -> int:
        query = row[path].partition("?")[2]
        key = (query, *[row[place] for place in wanted])
        found = known.get(key)
        if found is None:
            how = row[scheme] if scheme >= 0 else "h"
            ref = row[referrer] if referrer >= 0 else ""
            country = country_line(row[location]) if location >= 0 else ""
            if agent >= 0 and row[agent]:
                text = told.by_request(ref if how in _ADDRESS else "", query, row[agent])
                lines = [*text.split("\n"), country]
            else:
                name, _, version = row[browser].rpartition(" ") if browser >= 0 else ("", "", "")
                line = browser_line(name, version) or browser_line(row[browser])
                text = told.by_names(ref if how in _ADDRESS else "", query, line)
                lines = [
                    *text.split("\n"),
                    system_line(row[system] if system >= 0 else ""),
                    country,
                ]
            if how in ("c", "g"):
                lines = [one for one in lines if not one.startswith("s")]
            if how == "c" and ref:
                lines = [*(one for one in lines if not one.startswith("k")), "k" + word(ref)]
            elif how == "g" and ref:
                lines.append(f"s{source_named(ref)}")
            found = number_of("\n".join(one for one in lines if one and told.wants(one)))
            if len(known) >= _REMEMBERED:
                known.clear()
            known[key] = found
        return found

    return number


def _paths(target: Target, columns: Columns) -> TakeRow:
    """`paths.jsonl`: the address of each page; events are left out."""
    number, path, event = columns["id"], columns["path"], columns.first("event")
    names = target.shared.names("goatcounter path")

    def take(row: list[str]) -> None:
        if event < 0 or not _true(row[event]):
            names[row[number]] = row[path]

    return take


def _sums(target: Target, columns: Columns) -> TakeRow:
    """`hit_stats.jsonl`: number of visits with the page, by hour, page and source."""
    when, page, count = columns["hour"], columns["path_id"], columns["count"]
    tally, source, zone = target.tally, target.source, target.zone
    found: dict[tuple[str, str, str], int] = {}

    def take(row: list[str]) -> None:
        hour = moment(row[when], zone)
        key = (*hour, row[page])
        found[key] = found.get(key, 0) + whole(row[count])

    def finish() -> None:
        names = target.shared.names("goatcounter path")
        for (day, hour, number), views in found.items():
            path = names.get(number)
            if path is None:
                tally.ignored["event"] += views
                continue
            tally.add(day, hour, views=views)
            if article := source.article(path):
                tally.add_article(day, article, views)
            else:
                tally.ignored["article-invalid"] += 1

    target.shared.later.append(finish)
    return take


def _true(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "t")


SCHEMAS = (
    *(
        Schema(
            kind="goatcounter",
            table="hits",
            needs=(path, "event", "bot", "firstvisit", "date"),
            bind=_hits,
            brings=("site", "articles"),
        )
        for path in ("2path", "1path")
    ),
    Schema(kind="goatcounter", table="paths", needs=("id", "path", "title"), bind=_paths),
    Schema(
        kind="goatcounter",
        table="hit_stats",
        needs=("hour", "path_id", "count"),
        bind=_sums,
        brings=("site", "articles"),
    ),
    *(
        Schema(kind="goatcounter", table=table, needs=("id",), bind=None)
        for table in (
            *("browser_stats", "browsers", "campaign_stats", "language_stats", "languages"),
            *("location_stats", "locations", "refs", "size_stats", "system_stats", "systems"),
        )
    ),
    Schema(kind="goatcounter", table="info", needs=("export_version", "created_for"), bind=None),
)

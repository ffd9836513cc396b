"""GoatCounter: its CSV export with one row for each hit, and its JSON export with hourly sums.

The columns are those of `docs/export.csv` and `docs/json-export.markdown` in GoatCounter 2.7. The
sums contain neither visits nor the number of views by one visit.
"""

from stats_service.services.portability.legacy.exports.cells import instant, moment, whole
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)
from stats_service.services.visitors.bots import is_bot


def _hits(target: Target, columns: Columns) -> TakeRow:
    """Versions 1 and 2: times in UTC; `FirstVisit` marks the start of a visit."""
    path, event, bot = columns.first("2path", "1path"), columns["event"], columns["bot"]
    first, when = columns["firstvisit"], columns["date"]
    # The full user agent is in `Browser` in version 1; newer versions leave it empty.
    agent = columns.first("useragent") if "2path" in columns else columns.first("browser")
    session, referrer = columns.first("session"), columns.first("referrer")
    tally, source, add = target.tally, target.source, target.events.add

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
            visit = _true(row[first])
            add(instant(row[when]), "\0".join(identity), visit=visit, article=article)

    return take


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

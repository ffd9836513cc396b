"""DNN (DotNetNuke) up to 9.1: the table `SiteLog`, one row for each page view.

The columns are those of `DotNetNuke.Schema.SqlDataProvider`. Later versions have no such log; for
them, import the logs of IIS.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from stats_service.services.portability.legacy.exports.cells import BadCell, day
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)
from stats_service.services.visitors.bots import is_bot


def _site_log(target: Target, columns: Columns) -> TakeRow:
    """`SiteLog`: times of the server, read as times of the site."""
    when, url, agent = columns["datetime"], columns["url"], columns.first("useragent")
    number, reader = columns.first("sitelogid"), columns.first("userhostaddress", "userhostname")
    tally, source, add = target.tally, target.source, target.events.add
    zone = ZoneInfo(target.zone)

    def take(row: list[str]) -> None:
        if agent >= 0 and row[agent] and is_bot(row[agent]):
            tally.ignored["bot"] += 1
            return
        try:
            moment = datetime.fromisoformat(row[when].strip()).replace(tzinfo=zone)
        except ValueError as error:
            raise BadCell(row[when], "a time such as 2014-11-23 09:30:00") from error
        day(row[when].strip())
        article = source.article(row[url])
        if not article:
            tally.ignored["article-invalid"] += 1
        add(
            moment.timestamp(),
            f"dnn {row[number] if number >= 0 else row[url]}",
            reader=row[reader] if reader >= 0 else "",
            article=article,
        )

    return take


SCHEMAS = (
    Schema(
        kind="dnn",
        table="sitelog",
        needs=("datetime", "portalid", "url", "useragent"),
        bind=_site_log,
        brings=("site", "articles"),
    ),
)

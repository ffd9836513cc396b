"""DNN (DotNetNuke) up to 9.1: the table `SiteLog`, one row for each page view.

The columns are those of `DotNetNuke.Schema.SqlDataProvider`. Later versions have no such log; for
them, import the logs of IIS.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from stats_service.services.portability.legacy.exports.cells import BadCell, day, hour_of
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
    tally, source = target.tally, target.source
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
        found = hour_of(moment.timestamp(), target.zone)
        tally.add(found.day, found.hour, views=1)
        if article := source.article(row[url]):
            tally.add_article(found.day, article)
        else:
            tally.ignored["article-invalid"] += 1

    return take


SCHEMAS = (
    Schema(
        kind="dnn",
        table="sitelog",
        needs=("datetime", "portalid", "url", "useragent"),
        bind=_site_log,
        events=True,
        brings=("site", "articles"),
    ),
)

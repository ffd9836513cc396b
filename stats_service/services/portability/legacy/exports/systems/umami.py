"""Umami: `website_event`, one row for each event, from PostgreSQL, MySQL, or its cloud export."""

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.exports.cells import moment
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)


def _events(target: Target, columns: Columns) -> TakeRow:
    """An `event_type` 1 without a name is a view; a new `visit_id` is a visit; times are UTC."""
    path, query = columns["url_path"], columns.first("url_query")
    kind, name = columns["event_type"], columns.first("event_name")
    when, event = columns["created_at"], columns.first("event_id")
    host, website = columns.first("hostname"), columns.first("website_id")
    runs = columns.first("visit_id", "session_id")
    tally, source, zone = target.tally, target.source, target.zone
    seen = target.shared.seen("umami events")
    visits = Runs()
    websites: set[str] = set()

    def take(row: list[str]) -> None:
        if row[kind] != "1" or (name >= 0 and row[name]):
            tally.ignored["event"] += 1
            return
        if host >= 0 and row[host]:
            if not source.is_own_host(row[host]):
                tally.ignored["host"] += 1
                return
        elif website >= 0 and row[website] not in websites:
            websites.add(row[website])
            if len(websites) > 1:
                raise InvalidInputError(
                    "The file has events of several websites that do not say their host: export "
                    "those of one website_id alone. They are {websites}.",
                    websites=", ".join(sorted(websites)),
                )
        found = moment(row[when], zone)
        if event >= 0 and row[event] and not seen.add(row[event]):
            tally.ignored["repeated"] += 1
            return
        new = visits.begin(row[runs], row[when][:10]) if runs >= 0 else False
        tally.add(found.day, found.hour, views=1, visits=int(new))
        address = row[path]
        if query >= 0 and row[query]:
            address += "?" + row[query].removeprefix("?")
        if article := source.article(address):
            tally.add_article(found.day, article)
        else:
            tally.ignored["article-invalid"] += 1

    return take


class Runs:
    """The visit ids of the current day and the day before."""

    def __init__(self) -> None:
        self._day = ""
        self._seen: set[str] = set()
        self._before: set[str] = set()

    def begin(self, number: str, day: str) -> bool:
        """Return whether a row is the first one of its visit; ids of earlier days are dropped."""
        if not number:
            return False
        if day > self._day:
            self._day, self._before, self._seen = day, self._seen, set()
        if number in self._seen or number in self._before:
            return False
        self._seen.add(number)
        return True


SCHEMAS = (
    Schema(
        kind="umami",
        table="website_event",
        needs=("url_path", "event_type", "created_at"),
        bind=_events,
        events=True,
        brings=("site", "articles"),
    ),
)

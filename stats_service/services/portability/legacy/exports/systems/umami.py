"""Umami: `website_event`, one row for each event, from PostgreSQL, MySQL, or its cloud export."""

from collections.abc import Callable

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.exports.cells import instant
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)


def _events(target: Target, columns: Columns) -> TakeRow:
    """An `event_type` 1 without a name is a view; a new `visit_id` is a visit; times are UTC.

    Before there was one, a visit was what a session did within an hour, as Umami has filled the
    column itself since.
    """
    path, query = columns["url_path"], columns.first("url_query")
    kind, name = columns["event_type"], columns.first("event_name")
    when, event = columns["created_at"], columns.first("event_id")
    is_own = _own_rows(target, columns)
    visit, session = columns.first("visit_id"), columns.first("session_id")
    tally, source, add = target.tally, target.source, target.events.add
    seen = target.shared.seen("umami events")

    def take(row: list[str]) -> None:
        if row[kind] != "1" or (name >= 0 and row[name]):
            tally.ignored["event"] += 1
            return
        if not is_own(row):
            tally.ignored["host"] += 1
            return
        at = instant(row[when])
        identity = row[event] if event >= 0 else ""
        if identity and not seen.add(identity):
            tally.ignored["repeated"] += 1
            return
        run = row[visit] if visit >= 0 else ""
        if not run and session >= 0 and row[session]:
            run = f"{row[session]} {at // 3600}"
        address = row[path]
        if query >= 0 and row[query]:
            address += "?" + row[query].removeprefix("?")
        article = source.article(address)
        if not article:
            tally.ignored["article-invalid"] += 1
        add(at, f"umami {identity or f'{run} {address}'}", run=run, article=article)

    return take


def _own_rows(target: Target, columns: Columns) -> Callable[[list[str]], bool]:
    """Return what tells whether a row is of the site's own hosts."""
    host, website = columns.first("hostname"), columns.first("website_id")
    websites: set[str] = set()

    def is_own(row: list[str]) -> bool:
        if host >= 0 and row[host]:
            return target.source.is_own_host(row[host])
        if website >= 0 and row[website] not in websites:
            websites.add(row[website])
            if len(websites) > 1:
                raise InvalidInputError(
                    "The file has events of several websites that do not say their host: export "
                    "those of one website_id alone. They are {websites}.",
                    websites=", ".join(sorted(websites)),
                )
        return True

    return is_own


SCHEMAS = (
    Schema(
        kind="umami",
        table="website_event",
        needs=("url_path", "event_type", "created_at"),
        bind=_events,
        brings=("site", "articles"),
    ),
)

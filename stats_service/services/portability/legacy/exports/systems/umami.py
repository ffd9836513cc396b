"""Umami: `website_event`, one row for each event, from PostgreSQL, MySQL, or its cloud export.

What a visit tells stands in each row of the cloud's export; in the database, browser, system,
device, language and country stand in `session`, the referrer and the campaign with the event.
"""

from collections.abc import Callable
from operator import itemgetter
from urllib.parse import quote_plus

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.exports.cells import instant
from stats_service.services.portability.legacy.exports.names import (
    browser_line,
    country_line,
    device_line,
    system_line,
)
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)
from stats_service.services.visitors.clients import language_line

#: Columns of what a session tells, each with what makes a line of it.
_SESSION: dict[str, Callable[[str], str]] = {
    "device": device_line,
    "browser": browser_line,
    "os": system_line,
    "language": lambda text: language_line(text).rstrip("\n"),
    "country": country_line,
}
#: Parameters of a campaign, and of clicks, which newer versions take out of the query.
_TAKEN_OUT = (
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
    *("gclid", "fbclid", "ttclid", "twclid"),
)
#: Combinations of cells that are remembered.
_REMEMBERED = 10_000


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
    told = _told_by(target, columns)

    def take(row: list[str]) -> None:
        if row[kind] != "1" or (name >= 0 and row[name]):
            tally.ignored["event"] += 1
            return
        if not is_own(row):
            tally.ignored["host"] += 1
            return
        at = instant(row[when])
        identity = row[event] if event >= 0 else ""
        run = row[visit] if visit >= 0 else ""
        if not run and session >= 0 and row[session]:
            run = f"{row[session]} {at // 3600}"
        address = row[path]
        if query >= 0 and row[query]:
            address += "?" + row[query].removeprefix("?")
        article = source.article(address)
        if not article:
            tally.ignored["article-invalid"] += 1
        add(
            at,
            f"umami {identity or f'{run} {address}'}",
            run=run,
            article=article,
            told=told(row),
            once=bool(identity),
        )

    return take


def _told_by(target: Target, columns: Columns) -> Callable[[list[str]], int]:
    """Return what gives the number of what a row tells of its visit."""
    told, number_of = target.told, target.events.number_of
    if told.is_off:
        return lambda _: 0
    session = columns.first("session_id")
    query, referrer = columns.first("url_query"), columns.first("referrer_domain")
    taken_out = [(name, columns[name]) for name in _TAKEN_OUT if name in columns]
    lines = [(line, columns[name]) for name, line in _SESSION.items() if name in columns]
    wanted = [place for place in (query, referrer) if place >= 0]
    wanted += [place for _, place in (*taken_out, *lines)]
    # Of two places at least, the cells are a tuple; the kind of a view is always the same.
    cells = itemgetter(columns["event_type"], columns["event_type"], *wanted)
    sessions = target.shared.sessions
    known: dict[tuple[object, str], int] = {}

    def number(row: list[str]) -> int:
        of_session = sessions.get(hash(row[session]), "") if sessions and session >= 0 else ""
        key = (cells(row), of_session)
        found = known.get(key)
        if found is None:
            text = row[query].removeprefix("?") if query >= 0 else ""
            for name, place in taken_out:
                if row[place] and f"{name}=" not in text:
                    text += f"&{name}={quote_plus(row[place])}"
            found = number_of(
                told.by_names(
                    row[referrer] if referrer >= 0 else "",
                    text,
                    *(line(row[place]) for line, place in lines),
                    *of_session.split("\n"),
                )
            )
            if len(known) >= _REMEMBERED:
                known.clear()
            known[key] = found
        return found

    return number


def _sessions(target: Target, columns: Columns) -> TakeRow:
    """`session`: what a session tells; dumps have it before its events."""
    session = columns["session_id"]
    lines = [(line, columns[name]) for name, line in _SESSION.items() if name in columns]
    sessions = target.shared.sessions
    texts: dict[str, str] = {}

    def take(row: list[str]) -> None:
        text = "\n".join(filter(None, [line(row[place]) for line, place in lines]))
        # Many sessions tell the same, which is in memory once.
        sessions[hash(row[session])] = texts.setdefault(text, text)

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
    Schema(
        kind="umami",
        table="session",
        needs=("session_id", "browser", "os", "device"),
        without=("url_path", "event_type"),
        bind=_sessions,
    ),
)

"""The definition of a table in an archive."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from stats_service.models.portability.archive import Row
from stats_service.store.keys import SiteKeys
from stats_service.store.portability.archive.reader import SiteReader
from stats_service.store.portability.archive.writer import SiteWriter


@dataclass(frozen=True, slots=True)
class Scope:
    """What views and ballots may change while an export begins."""

    #: Today and its neighbours.
    days: Sequence[str]
    #: Every poll.
    polls: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its rows, and how they are exported and imported."""

    row: type[Row]
    read: Callable[[SiteReader], Iterator[Row]]
    write: Callable[[SiteWriter, Any], None]
    #: The keys that views and ballots change; they are read from a copy.
    changing: Callable[[SiteKeys, Scope], list[str]] = lambda _keys, _scope: []


def end_of(day: str, days: int) -> int:
    """Return when data that is kept for `days` after `day` expires, in seconds since 1970."""
    last = date.fromisoformat(day) + timedelta(days=days + 1)
    return int(datetime(last.year, last.month, last.day, tzinfo=UTC).timestamp())

"""The description of a known table, and the handling of its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.exports.events import Events
from stats_service.services.portability.legacy.exports.polls import FoundPolls
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.tally import Tally
from stats_service.services.portability.legacy.told import Told

#: Handles the cells of one row; raises `BadCell`.
TakeRow = Callable[[list[str]], None]


class Columns:
    """The positions of a table's columns."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._places = {name: place for place, name in reversed(list(enumerate(names)))}

    def __contains__(self, name: str) -> bool:
        """Return whether the table has a column of that name."""
        return name in self._places

    def __getitem__(self, name: str) -> int:
        """Return the position of a required column.

        Raises:
            InvalidInputError: the column is missing.
        """
        if name not in self._places:
            raise InvalidInputError(
                "A table has the columns {columns!r}, and no {name}.",
                columns=", ".join(self.names)[:200],
                name=name,
            )
        return self._places[name]

    def first(self, *names: str) -> int:
        """Return the position of the first of these columns that exists; -1: none does."""
        return next((self._places[name] for name in names if name in self._places), -1)


@dataclass(slots=True)
class Shared:
    """What the tables of one command share."""

    source: Source
    polls: FoundPolls
    #: By kind: addresses, categories and other names that one table has and another one needs.
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    _told: Told | None = None
    #: Calls that wait until every table is read, in the order of the tables.
    later: list[Callable[[], None]] = field(default_factory=list)
    #: What sessions of one table tell, by the hash of their names, for the events of another.
    sessions: dict[int, str] = field(default_factory=dict)
    #: Gives the key of an article by what stands in its events, when every table is read.
    resolve: Callable[[str], str] = str

    @property
    def told(self) -> Told:
        """Says what visits tell of themselves."""
        if self._told is None:
            self._told = Told(self.source.site)
        return self._told

    def names(self, what: str) -> dict[str, str]:
        """Return the names of one kind, to look up or to add to."""
        return self.known.setdefault(what, {})


@dataclass(frozen=True, slots=True)
class Target:
    """The destination of the rows of one table."""

    shared: Shared
    tally: Tally
    #: Name of the table without the installation's prefix.
    table: str
    #: Of the file.
    events: Events

    @property
    def source(self) -> Source:
        """What the person states about the files."""
        return self.shared.source

    @property
    def told(self) -> Told:
        """Says what visits tell of themselves."""
        return self.shared.told

    def tell(self, day: str, line: str, visits: int) -> None:
        """Add visits of a day that tell a line; an empty line tells nothing."""
        if line and visits and self.shared.told.wants(line):
            self.tally.tell(day, line, visits)

    @property
    def zone(self) -> str:
        """Time zone (IANA) of the site."""
        return self.source.site.timezone


Bind = Callable[[Target, Columns], TakeRow]


@dataclass(frozen=True, slots=True)
class Schema:
    """A known table."""

    #: The system that wrote it: `umami`, `wp-statistics`…
    kind: str
    #: End of the table's name in a dump, and often of the file's name.
    table: str
    #: Columns that the table must have.
    needs: tuple[str, ...]
    #: None: the table is known, but not imported.
    bind: Bind | None
    #: Columns that the table must not have.
    without: tuple[str, ...] = ()
    #: All columns in the system's order, for files without a heading: one for each version with
    #: other columns.
    orders: tuple[tuple[str, ...], ...] = ()
    #: Regular expressions for some columns, by which a row without a heading is recognised.
    shapes: Mapping[str, str] = field(default_factory=dict)
    #: Tables of several files go on, one in another. Else of a number that two have the larger is
    #: taken. Rows that each are an event (`Events`) are told apart one by one.
    events: bool = False
    #: What has no date is what the days of the file do not have of a total.
    rest: bool = False
    #: The numbers have no dates.
    undated: bool = False
    #: Its numbers: `site`, `articles`, `ratings`, `polls`, `readers` (what the visits of another
    #: table tell); empty: names that other tables need.
    brings: tuple[str, ...] = ()
    #: Sites may name the table as they like.
    any_name: bool = False
    #: Tables of one system with the same value here have the same numbers.
    same: str = ""

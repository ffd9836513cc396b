"""What a table looks like that is known, and what is done with its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.exports.events import Events
from stats_service.services.portability.legacy.exports.polls import FoundPolls
from stats_service.services.portability.legacy.exports.seen import SeenNames
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.tally import Tally

#: Takes the cells of one row; raises `BadCell`.
TakeRow = Callable[[list[str]], None]


class Columns:
    """Where the columns of a table are."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self._places = {name: place for place, name in reversed(list(enumerate(names)))}

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a column of a name."""
        return name in self._places

    def __getitem__(self, name: str) -> int:
        """Return the place of a column that there must be.

        Raises:
            InvalidInputError: there is none.
        """
        if name not in self._places:
            raise InvalidInputError(
                "A table has the columns {columns!r}, and no {name}.",
                columns=", ".join(self.names)[:200],
                name=name,
            )
        return self._places[name]

    def first(self, *names: str) -> int:
        """Return the place of the first column of these that there is; -1: of none."""
        return next((self._places[name] for name in names if name in self._places), -1)


@dataclass(slots=True)
class Shared:
    """What the tables of one command know of each other."""

    source: Source
    polls: FoundPolls
    #: By name: addresses, categories… that one table has and another needs.
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    _seen: dict[str, SeenNames] = field(default_factory=dict)
    #: What has to wait until every table is read; in the order of the tables.
    later: list[Callable[[], None]] = field(default_factory=list)
    #: Gives the key of an article by what stands in its events, when every table is read.
    resolve: Callable[[str], str] = str

    def names(self, what: str) -> dict[str, str]:
        """Return what is known of a kind, to look up in or to add to."""
        return self.known.setdefault(what, {})

    def seen(self, what: str) -> SeenNames:
        """Return the names of a kind that came so far."""
        return self._seen.setdefault(what, SeenNames())


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows of one table go."""

    shared: Shared
    tally: Tally
    #: Of the table, without what the installation puts in front.
    table: str
    #: Of the file.
    events: Events

    @property
    def source(self) -> Source:
        """What somebody said beside the files."""
        return self.shared.source

    @property
    def zone(self) -> str:
        """Zone (IANA) of the site."""
        return self.source.site.timezone


Bind = Callable[[Target, Columns], TakeRow]


@dataclass(frozen=True, slots=True)
class Schema:
    """A table that is known."""

    #: What wrote it: `umami`, `wp-statistics`…
    kind: str
    #: How its name ends, in a dump and often in a file's name.
    table: str
    #: Columns without which it is another table.
    needs: tuple[str, ...]
    #: None: it is known, and nothing of it is brought in.
    bind: Bind | None
    #: Columns that only another table has.
    without: tuple[str, ...] = ()
    #: All its columns in the order of its system, for files without a heading: one set for each
    #: version that has others.
    orders: tuple[tuple[str, ...], ...] = ()
    #: Regular expression for each of some columns, by which a row without a heading is known.
    shapes: Mapping[str, str] = field(default_factory=dict)
    #: Tables of several files go on, one in another. Else of a number that two have the larger is
    #: taken. Rows that each are an event (`Events`) are told apart one by one.
    events: bool = False
    #: What has no date is what the days of the file do not have of a total.
    rest: bool = False
    #: It knows no days.
    undated: bool = False
    #: Which numbers it brings: `site`, `articles`, `ratings`, `polls`; empty: what others need.
    brings: tuple[str, ...] = ()
    #: A site may give the table any name.
    any_name: bool = False
    #: Tables of one system with the same word here have the same numbers.
    same: str = ""

"""Where visits came from and with what: sums by dimension, never a row about a visit."""

from datetime import date
from typing import NamedTuple

import msgspec


class Dimension(NamedTuple):
    """One property of a visit that is counted by itself."""

    name: str
    #: Begins its fields in Redis, and its lines of `ViewCommand.traits`.
    letter: str
    #: The switch of a site that it belongs to.
    group: str


#: Every dimension, by name.
DIMENSIONS = {
    name: Dimension(name, letter, group)
    for name, letter, group in (
        ("source", "s", "source"),
        ("campaign", "k", "campaign"),
        ("campaign_source", "u", "campaign"),
        ("campaign_medium", "m", "campaign"),
        ("campaign_content", "n", "campaign"),
        ("campaign_term", "t", "campaign"),
        ("click", "g", "campaign"),
        ("entry", "e", "entry"),
        ("device", "d", "device"),
        ("browser", "b", "browser"),
        ("browser_version", "v", "browser"),
        ("system", "o", "system"),
        ("country", "c", "country"),
        ("language", "l", "language"),
    )
}
LETTERS = {dimension.letter: dimension.name for dimension in DIMENSIONS.values()}
#: What a site can switch off, and open to everybody.
GROUPS = tuple(dict.fromkeys(dimension.group for dimension in DIMENSIONS.values()))
#: Stands for all groups in `Site.readers_off`.
ALL_GROUPS = "all"

#: Source of the visits that began with an article, of the most entered articles of a day: the one
#: place where two properties of a visit stand together. It is no dimension of its own; its values
#: are an article's key, `PAIR_MARK` and a source.
ENTRY_SOURCE = Dimension("entry_source", "f", "entry")
PAIR_MARK = "\t"

#: A source that is no name of a site: the reader came from none, or from a program for mail, or
#: from a page that exists to be seen in statistics, or from one that only a network inside reaches.
DIRECT, MAIL, SPAM, INTERNAL = "@direct", "@mail", "@spam", "@internal"
#: From so many visits of a span on a value is shown by name.
SHOWN_FROM = 3
#: From so many visits of a day on a version of a browser is shown, and kept.
VERSION_FROM = 50


class Value(msgspec.Struct, frozen=True):
    """One value of a dimension in a span, beside the span before."""

    #: As it is counted: a name, a host, a code, a word of a campaign, an article's key.
    value: str
    visits: int
    #: Visits in the span before; None: nothing is compared, or too few visits had it.
    before: int | None = None


class ValueChange(msgspec.Struct, frozen=True):
    """A value that a span, or the one compared with it, shows by name."""

    value: str
    #: None: fewer than three visits had it, which is too few to say.
    visits: int | None
    before: int | None

    @property
    def gain(self) -> int:
        """How many visits more than before; what is too few to say counts as none."""
        return (self.visits or 0) - (self.before or 0)


class DimensionCounts(msgspec.Struct, frozen=True):
    """One dimension of a span."""

    dimension: str
    #: The most visits first.
    values: tuple[Value, ...]
    #: Visits under values that are not shown by name.
    other: int
    #: Of the span before; None: nothing is compared, or nothing was told there.
    other_before: int | None
    #: Visits that told it: the sum of all of these.
    told: int
    told_before: int | None


class ReaderCounts(msgspec.Struct, frozen=True):
    """Dimensions of a span, and how many visits it had."""

    first: date
    last: date
    first_before: date | None
    last_before: date | None
    #: Visits that began in the span, whether they told anything or not.
    visits: int
    #: None: nothing is compared.
    visits_before: int | None
    dimensions: tuple[DimensionCounts, ...]
    #: Days of the span whose sums are no longer kept by day, and are in no month that is whole.
    gone: int = 0

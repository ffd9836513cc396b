"""What other counters counted, on its way into a site's numbers."""

from collections.abc import Mapping

import msgspec

#: Articles that one script call adds at most; some 5 ms of Redis.
PART_ARTICLES = 2000
#: Days that are named as growing.
GROWING_TOLD = 31
#: Views of a log from which on one single address behind all of them is told.
ONE_ADDRESS_VIEWS = 100
#: Different addresses that are told apart before it is only said that there are many.
ADDRESSES_TOLD = 1000


class DayPart(msgspec.Struct, frozen=True, kw_only=True, tag="d", omit_defaults=True):
    """Something to add to one day, in one step."""

    #: ISO date in the site's zone.
    day: str
    views: int = 0
    visits: int = 0
    #: By hour (`09`): views and visits; their sums need not be those of the day.
    hours: Mapping[str, tuple[int, int]] = {}
    #: Views by article key, at most `PART_ARTICLES`.
    articles: Mapping[str, int] = {}


class OpeningPart(msgspec.Struct, frozen=True, kw_only=True, tag="o", omit_defaults=True):
    """Something to add to the opening balances, in one step."""

    #: Of the site.
    views: int = 0
    visits: int = 0
    #: Views by article key, at most `PART_ARTICLES`.
    articles: Mapping[str, int] = {}
    #: Ratings by score, from 1, by article key.
    ratings: Mapping[str, tuple[int, ...]] = {}


class Largest(msgspec.Struct, frozen=True, kw_only=True):
    """The largest numbers of a site so far."""

    views: int
    visits: int
    #: Of an article: views counted here, and its opening balance.
    article_views: int
    article_opening: int


class ImportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What one command, or one upload, brought in; or one that was cut off has begun with."""

    #: Of its first file.
    name: str
    #: What wrote it: `access-log`, `goatcounter`…
    kind: str
    #: Seconds since 1970.
    at: float
    #: What it added.
    views: int
    visits: int
    first_day: str = ""
    last_day: str = ""
    #: Digest of what was to be added; a repetition after a break must add the same.
    plan: str = ""
    complete: bool = False
    #: Short name by which it is taken out again; empty: it is of a time that kept no parts.
    id: str = ""
    #: Names of all its files, and the digests of what was in them.
    files: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    #: It went to the opening balances.
    opening: bool = False
    #: Zone of the site at that time, to whose days it was added.
    timezone: str = ""
    #: Field of the log by which readers were known, as in `formats.options.LogOptions`.
    reader: str = ""
    #: First and last day of UTC of which there are lines, or flips; none: as the days above say.
    line_days: tuple[int, int] | None = None
    #: It is being taken out.
    leaving: bool = False

    @property
    def undoable(self) -> bool:
        """Tell whether what it added is known part by part."""
        return bool(self.id)


class BadRow(msgspec.Struct, frozen=True):
    """A row that is left out, for one of its cells cannot be read."""

    line: int
    #: Empty: the row has not the columns of the others.
    column: str
    text: str
    #: What should stand there.
    wanted: str


class FileSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What one of the files of an import holds."""

    name: str
    #: How it is written: `combined`, `w3c`…, or the kind of an export.
    format: str
    digest: str = ""
    #: Lines or rows read.
    lines: int = 0
    #: What it adds to the files before it and to what is there.
    views: int = 0
    visits: int = 0
    #: Views in it that are there already, or in a file before it.
    known_views: int = 0
    #: Days of its views, in the site's zone.
    first_day: str = ""
    last_day: str = ""
    #: Lines that add no view, by reason.
    ignored: Mapping[str, int] = {}
    #: The most frequent endings and hosts of what is left out.
    endings: Mapping[str, int] = {}
    hosts: Mapping[str, int] = {}
    #: The first rows of a table that cannot be read.
    bad_rows: tuple[BadRow, ...] = ()
    #: Different addresses of readers, at most `ADDRESSES_TOLD`.
    addresses: int = 0


class PollOutcome(msgspec.Struct, frozen=True):
    """What became, or would become, of one poll."""

    text: str
    #: It is not there yet.
    new: bool


class Growth(msgspec.Struct, frozen=True):
    """A day that had numbers of imports before, and gets more."""

    day: str
    before: int
    more: int


class SpanGrowth(msgspec.Struct, frozen=True):
    """What a day, a month or a year has, and what it gets more."""

    #: `2026-11-23`, `2026-11` or `2026`.
    name: str
    there: int
    more: int


class LegacySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What the files of one command hold, and what became of them."""

    name: str
    kind: str
    digest: str
    #: Lines or rows read.
    lines: int
    views: int
    visits: int
    articles: int
    days: int
    first_day: str
    last_day: str
    ratings: int = 0
    #: Lines that add no view, by reason.
    ignored: Mapping[str, int] = {}
    #: Views on days that were counted live already, which are left out.
    overlapping: int = 0
    #: Everything in it was imported before, so that nothing was added.
    known: bool = False
    #: Views in it that an earlier import brought.
    known_views: int = 0
    #: Days that an earlier import brought and that get more; the first `GROWING_TOLD`.
    growing: tuple[Growth, ...] = ()
    growing_days: int = 0
    #: Views of these days that an import of another kind brought, by kind.
    others: Mapping[str, int] = {}
    files: tuple[FileSummary, ...] = ()
    #: By which it is taken out again; empty: nothing was added.
    id: str = ""
    #: Views by day, month or year, for a chart; visits, where the files know no views.
    spans: tuple[SpanGrowth, ...] = ()
    #: Polls that are in the files.
    polls: tuple[PollOutcome, ...] = ()

    @property
    def adds(self) -> bool:
        """Tell whether there is anything in it to add."""
        numbers = self.views or self.visits or self.articles or self.ratings
        return bool((not self.known and numbers) or any(poll.new for poll in self.polls))

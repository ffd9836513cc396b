"""Numbers of other counters, on their way into a site."""

from collections.abc import Mapping

import msgspec

#: Most articles that one script call adds; some 5 ms of Redis.
PART_ARTICLES = 2000
#: Number of articles that a summary names.
ARTICLES_TOLD = 10
#: Number of articles of which a file's own spelling is remembered, to be told.
ADDRESSES_KNOWN = 20_000
#: Number of growing days that a summary names.
GROWING_TOLD = 31
#: Number of views in a log from which a single address behind all of them is reported.
ONE_ADDRESS_VIEWS = 100
#: Number of addresses that are told apart; beyond it, only "many" is reported.
ADDRESSES_TOLD = 1000


class DayPart(msgspec.Struct, frozen=True, kw_only=True, tag="d", omit_defaults=True):
    """A part to add to one day, in one step."""

    #: ISO date in the site's zone.
    day: str
    views: int = 0
    visits: int = 0
    #: Views and visits by hour (`09`); their sums may differ from those of the day.
    hours: Mapping[str, tuple[int, int]] = {}
    #: Views by article key, at most `PART_ARTICLES`.
    articles: Mapping[str, int] = {}
    #: What visits told: visits by line, a letter of `models.traffic.readers.DIMENSIONS` and a
    #: value; the letter alone: under no value that is kept. An article has its key.
    readers: Mapping[str, int] = {}


class MonthPart(msgspec.Struct, frozen=True, kw_only=True, tag="m", omit_defaults=True):
    """What visits told in a month that an import brings: the sum of its parts of days.

    It is added where the month is no longer kept by day, and noted alone elsewhere.
    """

    #: `2026-11`.
    month: str
    #: As in `DayPart`.
    readers: Mapping[str, int] = {}


class OpeningPart(msgspec.Struct, frozen=True, kw_only=True, tag="o", omit_defaults=True):
    """A part to add to the opening balances, in one step."""

    #: Of the site.
    views: int = 0
    visits: int = 0
    #: Views by article key, at most `PART_ARTICLES`.
    articles: Mapping[str, int] = {}
    #: Ratings by score, from 1, by article key.
    ratings: Mapping[str, tuple[int, ...]] = {}


#: What an import adds in one step.
Part = DayPart | MonthPart | OpeningPart


class Largest(msgspec.Struct, frozen=True, kw_only=True):
    """The largest numbers of a site."""

    views: int
    visits: int
    #: Views of an article counted here, and an article's opening balance.
    article_views: int
    article_opening: int


class ImportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What one command or upload has imported, or began to import before it was interrupted."""

    #: Name of the first file.
    name: str
    #: The system that wrote it: `access-log`, `goatcounter`…
    kind: str
    #: Seconds since 1970.
    at: float
    #: The added numbers.
    views: int
    visits: int
    first_day: str = ""
    last_day: str = ""
    #: Digest of what is to be added; a repetition after an interruption must add the same.
    plan: str = ""
    complete: bool = False
    #: Id of the import, for its undo; empty: an old version, which recorded no parts, made it.
    id: str = ""
    #: Names of all files, and digests of their contents.
    files: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    #: Whether it went to the opening balances.
    opening: bool = False
    #: Time zone of the site at the import, which defined the days.
    timezone: str = ""
    #: Field of the log that identified readers, as in `formats.options.LogOptions`.
    reader: str = ""
    #: First and last day of UTC of which there are lines, or flips; none: as the days above say.
    line_days: tuple[int, int] | None = None
    #: Whether it is being undone.
    leaving: bool = False

    @property
    def undoable(self) -> bool:
        """Whether the parts of the import are recorded."""
        return bool(self.id)


class BadRow(msgspec.Struct, frozen=True):
    """A row that was left out because a cell cannot be parsed."""

    line: int
    #: Empty: the row has a different number of columns.
    column: str
    text: str
    #: The expected kind of value.
    wanted: str


class FileSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of one file of an import."""

    name: str
    #: Format (`combined`, `w3c`…), or the system of an export.
    format: str
    digest: str = ""
    #: Number of lines or rows read.
    lines: int = 0
    #: What the file adds to the files before it and to existing numbers.
    views: int = 0
    visits: int = 0
    #: Views in the file that exist already, or are in a file before it.
    known_views: int = 0
    #: Days of the views, in the site's zone.
    first_day: str = ""
    last_day: str = ""
    #: Lines without a view, by reason.
    ignored: Mapping[str, int] = {}
    #: The most frequent endings and hosts of the lines that were left out.
    endings: Mapping[str, int] = {}
    hosts: Mapping[str, int] = {}
    #: The first rows that cannot be parsed.
    bad_rows: tuple[BadRow, ...] = ()
    #: Number of different addresses of readers, at most `ADDRESSES_TOLD`.
    addresses: int = 0


class PollOutcome(msgspec.Struct, frozen=True):
    """What happened, or would happen, to one poll."""

    text: str
    #: Whether it is new.
    new: bool


class Growth(msgspec.Struct, frozen=True):
    """A day with imported numbers that gets more."""

    day: str
    before: int
    more: int


class SpanGrowth(msgspec.Struct, frozen=True):
    """The numbers of a day, a month or a year, and what is added to them."""

    #: `2026-11-23`, `2026-11` or `2026`.
    name: str
    there: int
    more: int


class ArticleViews(msgspec.Struct, frozen=True):
    """An article of a file, with the views that are added to it."""

    #: Key under which it is counted here.
    key: str
    views: int
    #: How the files write it, if that is not the key.
    address: str = ""


class LegacySummary(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of the files of one command, and the outcome."""

    name: str
    kind: str
    digest: str
    #: Number of lines or rows read.
    lines: int
    views: int
    visits: int
    articles: int
    days: int
    first_day: str
    last_day: str
    ratings: int = 0
    #: Visits that tell something of themselves, by dimension.
    readers: Mapping[str, int] = {}
    #: Lines without a view, by reason.
    ignored: Mapping[str, int] = {}
    #: Views on days that were counted live, which are left out.
    overlapping: int = 0
    #: Everything was imported before, so nothing was added.
    known: bool = False
    #: Views that an earlier import added.
    known_views: int = 0
    #: Days of earlier imports that get more; the first `GROWING_TOLD`.
    growing: tuple[Growth, ...] = ()
    growing_days: int = 0
    #: Views of these days that imports of other systems added, by system.
    others: Mapping[str, int] = {}
    files: tuple[FileSummary, ...] = ()
    #: Id of the import, for its undo; empty: nothing was added.
    id: str = ""
    #: Views by day, month or year, for a chart; visits if the files contain no views.
    spans: tuple[SpanGrowth, ...] = ()
    #: Polls in the files.
    polls: tuple[PollOutcome, ...] = ()
    #: The articles that get most views.
    most_viewed: tuple[ArticleViews, ...] = ()

    @property
    def adds(self) -> bool:
        """Return whether there is anything to add."""
        numbers = self.views or self.visits or self.articles or self.ratings or self.readers
        return bool((not self.known and numbers) or any(poll.new for poll in self.polls))

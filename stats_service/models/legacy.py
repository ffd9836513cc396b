"""What other counters counted, on its way into a site's numbers."""

from collections.abc import Mapping

import msgspec

#: Articles that one script call adds at most; some 5 ms of Redis.
PART_ARTICLES = 2000


class DayPart(msgspec.Struct, frozen=True, kw_only=True):
    """Something to add to one day, in one step."""

    #: ISO date in the site's zone.
    day: str
    views: int = 0
    visits: int = 0
    #: By hour (`09`): views and visits; their sums need not be those of the day.
    hours: Mapping[str, tuple[int, int]] = {}
    #: Views by article key, at most `PART_ARTICLES`.
    articles: Mapping[str, int] = {}


class OpeningPart(msgspec.Struct, frozen=True, kw_only=True):
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
    """A file that was imported, or that an import which was cut off has begun with."""

    name: str
    #: What wrote it: `access-log`, `goatcounter`…
    kind: str
    #: Seconds since 1970.
    at: float
    views: int
    visits: int
    first_day: str = ""
    last_day: str = ""
    #: Digest of what was to be added; a repetition after a break must add the same.
    plan: str = ""
    complete: bool = False


class LegacySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds, and what became of it."""

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
    #: The file was imported before, so that nothing was added.
    known: bool = False

    @property
    def adds(self) -> bool:
        """Tell whether there is anything in it to add."""
        return bool(not self.known and (self.views or self.visits or self.articles or self.ratings))

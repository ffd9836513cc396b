"""What was counted in the past: cards, series and lists for people who read the numbers."""

from datetime import date

import msgspec


class Pair(msgspec.Struct, frozen=True):
    """Visits and views of one span."""

    visits: int = 0
    views: int = 0

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(self.visits + other.visits, self.views + other.views)

    def of(self, metric: str) -> int:
        """Return one of the two: `visits` or `views`."""
        return self.visits if metric == "visits" else self.views


class Card(msgspec.Struct, frozen=True):
    """One calendar span up to now, and as much of the span before it."""

    #: `today`, `yesterday`, `week`, `month`, `year`
    span: str
    now: Pair
    before: Pair

    def change(self, metric: str) -> float | None:
        """Return the change as a share of 1; None if there was nothing before."""
        return share_of_change(self.now.of(metric), self.before.of(metric))


class Point(msgspec.Struct, frozen=True):
    """One hour, day, week or month of a series, and its counterpart in the span compared."""

    #: `2026-11-23T09`, `2026-11-23`, `2026-W48` or `2026-11`
    name: str
    now: Pair
    before: Pair
    #: Estimate of the day's readers; of days alone.
    readers: int = 0


class Series(msgspec.Struct, frozen=True):
    """A span of days by hour, day, week or month, beside the one that it is compared with."""

    #: `hour`, `day`, `week` or `month`
    unit: str
    first: date
    last: date
    points: tuple[Point, ...]
    #: Sum of the span compared, up to the same moment if this one is not over. It may have days
    #: without a counterpart among the points.
    total_before: Pair = Pair()
    #: The span compared; None: there is none.
    first_before: date | None = None
    last_before: date | None = None
    #: How many points have begun if the last of these is not over yet, else None.
    begun: int | None = None

    @property
    def total(self) -> Pair:
        """The sum over the span."""
        return sum((point.now for point in self.points), Pair())

    def change(self, metric: str) -> float | None:
        """Return the change as a share of 1; None if there was nothing before."""
        return share_of_change(self.total.of(metric), self.total_before.of(metric))


def share_of_change(now: int, before: int) -> float | None:
    """Return the growth from `before` to `now` as a share of 1; None if there was nothing."""
    return (now - before) / before if before else None


class Ignored(msgspec.Struct, frozen=True):
    """Views that were not counted, for one reason."""

    reason: str
    n: int
    #: Of all views that arrived, counted or not; a share of 1.
    share: float


#: What makes a number smaller than what happened, though the view counts:
#: `private`: no visit, as the reader sends GPC or DNT;
#: `identity-cap`: no visit, as too many new readers came from one address, and of these
#: `identity-cap-48`: from one /48;
#: `article-cap`: no article, as there was no room for a new one;
#: `article-network`: no article, as the reader's network had named too many;
#: `article-gone`: views of articles that gave way to new ones;
#: `readers-cap`: no name of what a visit told, as a day keeps no more of them.
SHORTFALLS = (
    "private",
    "identity-cap",
    "identity-cap-48",
    "article-cap",
    "article-network",
    "article-gone",
    "readers-cap",
)
#: What is counted beside them, and tells of their causes: of the views refused for `ceiling`, those
#: of one /48; addresses, in each half hour, beyond their `identity-cap`; `Visitor.hint`.
SIGNS = ("ceiling-48", "identity-addresses", "proxy-more", "proxy-local", "proxy-private")


class Part(msgspec.Struct, frozen=True):
    """Views that were counted only in part, for one reason of `SHORTFALLS`, or a sign."""

    reason: str
    n: int


#: Before the name of the list by which a program was told, in the hash of what was not counted.
PROGRAM_SIGN = "bot-"


class Shortfall(msgspec.Struct, frozen=True):
    """What of a range was not counted, or only in part."""

    ignored: tuple[Ignored, ...]
    #: In the order of `SHORTFALLS`.
    parts: tuple[Part, ...]
    #: In the order of `SIGNS`.
    signs: tuple[Part, ...]
    #: Programs by the name of the list that told them, the most first.
    programs: tuple[Part, ...] = ()

    def part(self, reason: str) -> int:
        """Return how many views fell short for one reason, or how often a sign was seen."""
        return sum(part.n for part in (*self.parts, *self.signs) if part.reason == reason)

    @property
    def private(self) -> int:
        """Views counted without a visit, as the reader sends GPC or DNT."""
        return self.part("private")

    @property
    def unnamed(self) -> int:
        """Views that are in no article's number."""
        return sum(part.n for part in self.parts if part.reason.startswith("article-"))


class TopArticle(msgspec.Struct, frozen=True):
    """One article in a list of the most viewed."""

    key: str
    views: int
    #: Views in the span before; what is rising is ordered by the difference.
    before: int = 0


class StoredHistory(msgspec.Struct, frozen=True):
    """What Redis holds of a site's past; a name that is missing stands for 0."""

    #: Fields of `counts`, e.g. `visits:2026-11-23`.
    counts: dict[str, int]
    #: By day: `visits:09`.
    hours: dict[str, dict[str, int]]
    #: Fields of `ignored`, e.g. `bot:2026-11-23`.
    ignored: dict[str, int]

    def pair(self, span: str) -> Pair:
        """Return what was counted in a day, week, month or year."""
        return Pair(self.counts.get(f"visits:{span}", 0), self.counts.get(f"views:{span}", 0))

    def hour(self, day: str, hour: int) -> Pair:
        """Return what was counted in an hour of a day."""
        hours = self.hours.get(day, {})
        return Pair(hours.get(f"visits:{hour:02d}", 0), hours.get(f"views:{hour:02d}", 0))


class DayHistory(msgspec.Struct, frozen=True):
    """One day of a past that is written as a whole: a demo's, or an import's."""

    day: date
    #: Visits and views by hour, 24 of them.
    hours: tuple[Pair, ...]
    #: Views by article.
    articles: dict[str, int] = {}
    #: Views not counted, by reason.
    ignored: dict[str, int] = {}
    #: Of the views, those of readers who send GPC or DNT.
    private: int = 0

"""Numbers of the past: cards, series and lists."""

from datetime import date

import msgspec


class Pair(msgspec.Struct, frozen=True):
    """Visits and views of one span."""

    visits: int = 0
    views: int = 0

    def __add__(self, other: "Pair") -> "Pair":
        return Pair(self.visits + other.visits, self.views + other.views)

    def of(self, metric: str) -> int:
        """Return `visits` or `views`."""
        return self.visits if metric == "visits" else self.views


class Card(msgspec.Struct, frozen=True):
    """A calendar span up to now, beside the same part of the span before."""

    #: `today`, `yesterday`, `week`, `month`, `year`
    span: str
    now: Pair
    #: None: the site was not counting yet when the span before began.
    before: Pair | None

    def change(self, metric: str) -> float | None:
        """Return the change as a share of 1; None if there was nothing before."""
        if self.before is None:
            return None
        return share_of_change(self.now.of(metric), self.before.of(metric))


class Point(msgspec.Struct, frozen=True):
    """One hour, day, week or month of a series, and the same in the compared span."""

    #: `2026-11-23T09`, `2026-11-23`, `2026-W48` or `2026-11`
    name: str
    now: Pair
    #: None: nothing stands beside it, as the other month is shorter, nothing is compared, the site
    #: was not counting yet, or the hours of that day are not kept any more.
    before: Pair | None = None
    #: Estimate of the day's readers; None: there is none, as of all but days.
    readers: int | None = None


class Series(msgspec.Struct, frozen=True):
    """A span by hour, day, week or month, beside the compared span."""

    #: `hour`, `day`, `week` or `month`
    unit: str
    first: date
    last: date
    points: tuple[Point, ...]
    #: Sum of the span compared, up to the same moment if this one is not over. It may have days
    #: without a counterpart among the points. None: there is no such span, or the site was not
    #: counting yet on its first day.
    total_before: Pair | None = None
    #: The span compared; None: there is none.
    first_before: date | None = None
    last_before: date | None = None
    #: Number of points that have begun, if the last of them is not over yet; else None.
    begun: int | None = None

    @property
    def total(self) -> Pair:
        """The sum over the span."""
        return sum((point.now for point in self.points), Pair())

    @property
    def is_compared(self) -> bool:
        """Whether anything stands beside a point."""
        return any(point.before is not None for point in self.points)

    def change(self, metric: str) -> float | None:
        """Return the change as a share of 1; None if there was nothing before."""
        if self.total_before is None:
            return None
        return share_of_change(self.total.of(metric), self.total_before.of(metric))


def share_of_change(now: int, before: int) -> float | None:
    """Return the growth from `before` to `now` as a share of 1; None if there was nothing."""
    return (now - before) / before if before else None


class Ignored(msgspec.Struct, frozen=True):
    """Views that were not counted, for one reason."""

    reason: str
    n: int
    #: Share of all views that arrived, counted or not; 1 is all.
    share: float


#: Reasons why a number is smaller than what happened, although the view counts:
#: `private`: no visit, because the reader sends GPC or DNT;
#: `identity-cap`: no visit, because too many new readers came from one address, and of these
#: `identity-cap-48`: from one /48;
#: `article-cap`: no article, because there was no room for a new one;
#: `article-network`: no article, because the reader's network had named too many;
#: `article-gone`: views of articles that made room for new ones;
#: `readers-cap`: no name of what a visit told, because a day keeps no more of them.
SHORTFALLS = (
    "private",
    "identity-cap",
    "identity-cap-48",
    "article-cap",
    "article-network",
    "article-gone",
    "readers-cap",
)
#: Signs that are counted beside them and point to causes: of the views refused for `ceiling`, those
#: of one /48; addresses, in each half hour, beyond their `identity-cap`; `Visitor.hint`.
SIGNS = ("ceiling-48", "identity-addresses", "proxy-more", "proxy-local", "proxy-private")


class Part(msgspec.Struct, frozen=True):
    """Views that were counted only in part, for one reason of `SHORTFALLS`; or a sign."""

    reason: str
    n: int


#: Prefix of kinds of bots in the hash of views that were not counted.
PROGRAM_SIGN = "bot-"


#: Before the name of a host that is not the site's, there; `hosts` says how many a day has.
HOST_SIGN = "host-"


class Shortfall(msgspec.Struct, frozen=True):
    """Views in a range that were not counted, or only in part."""

    ignored: tuple[Ignored, ...]
    #: In the order of `SHORTFALLS`.
    parts: tuple[Part, ...]
    #: In the order of `SIGNS`.
    signs: tuple[Part, ...]
    #: Views of bots by kind, most first.
    programs: tuple[Part, ...] = ()
    #: Hosts that were not the site's, as far as they have a name, the most views first.
    hosts: tuple[Part, ...] = ()

    def part(self, reason: str) -> int:
        """Return the number of views for one reason, or the number of occurrences of a sign."""
        return sum(part.n for part in (*self.parts, *self.signs) if part.reason == reason)

    @property
    def private(self) -> int:
        """Views without a visit, because the reader sends GPC or DNT."""
        return self.part("private")

    @property
    def unnamed(self) -> int:
        """Views that no article's number contains."""
        return sum(part.n for part in self.parts if part.reason.startswith("article-"))


class TopArticle(msgspec.Struct, frozen=True):
    """One article in a list of the most viewed."""

    key: str
    views: int
    #: Views in the span compared; what is rising is ordered by the difference. None: there is none.
    before: int | None = None
    #: What the article is called; empty: that is not known.
    title: str = ""

    @property
    def gain(self) -> int:
        """How many views more than before."""
        return self.views - (self.before or 0)


class ComparedArticles(msgspec.Struct, frozen=True):
    """Articles of a span beside another one."""

    #: The most viewed.
    most: tuple[TopArticle, ...]
    #: Those that gained most, and those that lost most; the latter may have no view any more.
    risen: tuple[TopArticle, ...]
    fallen: tuple[TopArticle, ...]
    #: Whether there was anything to compare with.
    is_compared: bool


class ArticlePage(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one article in a span, and of all time."""

    key: str
    #: Views of all time, the opening balance included, and that alone.
    total: int
    opening: int
    hidden: bool
    #: Keys that stand for this article since they were merged into it, or renamed.
    others: tuple[str, ...]
    #: Views by day, week or month, in `Pair.views`.
    series: Series
    #: Visits of the span that began with the article, and of the span compared; None: fewer than
    #: `models.traffic.readers.SHOWN_FROM`, or nothing is compared.
    entries: int | None
    entries_before: int | None
    #: Of `entries` by their source, the most first, each from `SHOWN_FROM` visits on; the rest has
    #: others, or was not kept.
    sources: tuple[tuple[str, int], ...] = ()
    #: Days of the span whose views by article are not kept any more.
    gone: int = 0


class StoredHistory(msgspec.Struct, frozen=True):
    """The history of a site in Redis; a missing name stands for 0."""

    #: Fields of `counts`, e.g. `visits:2026-11-23`.
    counts: dict[str, int]
    #: By day: `visits:09`.
    hours: dict[str, dict[str, int]]
    #: Fields of `ignored`, e.g. `bot:2026-11-23`.
    ignored: dict[str, int]

    def pair(self, span: str) -> Pair:
        """Return visits and views of a day, week, month or year."""
        return Pair(self.counts.get(f"visits:{span}", 0), self.counts.get(f"views:{span}", 0))

    def hour(self, day: str, hour: int) -> Pair:
        """Return visits and views of an hour."""
        hours = self.hours.get(day, {})
        return Pair(hours.get(f"visits:{hour:02d}", 0), hours.get(f"views:{hour:02d}", 0))


class DayHistory(msgspec.Struct, frozen=True):
    """One day of a history that is written as a whole: of a demo, or of an import."""

    day: date
    #: Visits and views by hour, 24 pairs.
    hours: tuple[Pair, ...]
    #: Views by article.
    articles: dict[str, int] = {}
    #: Views not counted, by reason.
    ignored: dict[str, int] = {}
    #: Views of readers who send GPC or DNT.
    private: int = 0
    #: Visits by dimension (`models.traffic.readers`) and value, a browser with its version as one
    #: value.
    told: dict[str, dict[str, int]] = {}

"""Views going in, and the numbers coming back."""

import msgspec


class Record(msgspec.Struct, frozen=True):
    """The busiest day so far."""

    n: int
    #: ISO date in the site's zone.
    day: str


class Peak(msgspec.Struct, frozen=True):
    """The most visitors online at one time."""

    n: int
    #: ISO time with the offset of the site's zone.
    at: str


class Totals(msgspec.Struct, frozen=True):
    """Visits, or views, of a site by calendar span in the site's own zone."""

    #: Everything ever counted, plus `opening`.
    total: int
    today: int
    yesterday: int
    #: Since Monday.
    week: int
    month: int
    year: int
    #: What the site had before it came here; part of `total` and of nothing else.
    opening: int
    record: Record | None


class SiteCounts(msgspec.Struct, frozen=True):
    """Every number of a site that a widget can show."""

    #: Which of the two is the site's headline: `visits` or `views`.
    headline: str
    visits: Totals
    views: Totals
    #: Distinct visitors seen in the last 5 minutes, the bound included.
    online: int
    peak: Peak | None


class RatingTally(msgspec.Struct, frozen=True):
    """How an article was rated."""

    count: int
    #: Mean score, rounded to two decimals; 0 without ratings.
    average: float
    #: Highest possible score.
    scale: int
    #: Number of ratings by score, from 1 to `scale`.
    counts: tuple[int, ...]


class ArticleCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The numbers of one article."""

    #: The canonical key under which the article is counted.
    key: str
    #: Views since ever, its opening balance included.
    views: int
    today: int
    rating: RatingTally | None = None

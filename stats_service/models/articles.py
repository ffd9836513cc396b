"""What is known of one article."""

import msgspec

from stats_service.models.history import Series


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
    #: `models.readers.SHOWN_FROM`, or nothing is compared.
    entries: int | None
    entries_before: int | None
    #: Of `entries` by their source, the most first, each from `SHOWN_FROM` visits on; the rest has
    #: others, or was not kept.
    sources: tuple[tuple[str, int], ...] = ()
    #: Days of the span whose views by article are not kept any more.
    gone: int = 0

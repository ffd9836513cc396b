"""What happens on a site now: sums of the last half hour, never a row about a reader."""

import msgspec

#: Minutes whose readers online are shown.
MINUTES = 30
#: Spans of `store.keys.NOW_SLOT_SECONDS` that are summed, the one under way among them.
SLOTS = 6


class NowSums(msgspec.Struct, array_like=True):
    """What one process has counted of one site in one span.

    Names are what the fields of a day are called: an article's key or its digest, a source, a code
    of a country. An empty name has what no name was kept for.
    """

    #: Views by article.
    articles: dict[str, int]
    #: Visits that began by source, and by country.
    sources: dict[str, int]
    countries: dict[str, int]
    #: Visits that began.
    visits: int = 0


class StoredNow(msgspec.Struct, frozen=True):
    """What the store has of a site's last half hour."""

    sums: NowSums
    #: Visitors online when each of the last `MINUTES` minutes began, the oldest first; None: nobody
    #: has written it down.
    minutes: tuple[int | None, ...]
    online: int


class NowValue(msgspec.Struct, frozen=True):
    """One article, source or country."""

    value: str
    n: int


class NowList(msgspec.Struct, frozen=True):
    """Values by name, the most frequent first, and all others together."""

    values: tuple[NowValue, ...]
    other: int
    total: int


class MinuteOnline(msgspec.Struct, frozen=True):
    """How many visitors were online when a minute began."""

    #: Seconds since 1970.
    at: float
    online: int | None


class NowCounts(msgspec.Struct, frozen=True):
    """What happens on a site now."""

    #: This moment, and since when views and visits are summed, in seconds since 1970.
    at: float
    since: float
    online: int
    minutes: tuple[MinuteOnline, ...]
    #: Visits that began.
    visits: int
    articles: NowList
    sources: NowList
    countries: NowList

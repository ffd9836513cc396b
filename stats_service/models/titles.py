"""What articles are called, and lists of articles by their titles."""

import msgspec

from stats_service.models.traffic.views import RatingTally

#: Longest title, in characters.
TITLE_MAX = 200
#: Most titles that are kept of a site, or as many as it keeps articles by name if these are fewer.
TITLES_MAX = 5_000
#: Where a title came from: the article's own page, the site's feed, an administrator.
PAGE, FEED, ADMIN = "page", "feed", "admin"


class Title(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of an article's title; stored as one JSON document."""

    #: Empty: the title is not known (yet).
    text: str = ""
    #: `PAGE`, `FEED` or `ADMIN`.
    source: str = PAGE
    #: When the text was read or set, in seconds since 1970; 0: never.
    at: int = 0
    #: Why the page told no title when it was read last, by a code of `TROUBLES`; empty: it did.
    trouble: str = ""
    #: Failures in a row, and the time before which the page is not read again, in seconds.
    failures: int = 0
    next_at: int = 0


#: Why a page tells no title: it could not be read, or its title is that of every page.
TROUBLES = (
    "away",
    "status",
    "missing",
    "robots",
    "elsewhere",
    "no-page",
    "no-title",
    "same",
    "echo",
    "charset",
    "refused",
)


class TitleReading(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How reading the titles of a site goes; stored as one JSON document."""

    #: When pages were read last, in seconds since 1970; 0: never.
    at: int = 0
    #: Why nothing could be read then, as a template with its values; empty: it went well.
    message: str = ""
    values: dict[str, int | float | str] = {}
    #: Failures in a row, and the time before which nothing is read, in seconds.
    failures: int = 0
    next_at: int = 0
    #: Titles that are no article's, and when they were learnt: of the front page, and of a page
    #: that does not exist.
    front: str = ""
    missing: str = ""
    learnt: int = 0
    #: The same of the feed: when it was read last, how many titles it had, and what went wrong.
    feed_at: int = 0
    feed_titles: int = 0
    feed_message: str = ""
    feed_values: dict[str, int | float | str] = {}


class TitleCounts(msgspec.Struct, frozen=True):
    """How many articles of a site have a title, and how many have none for which reason."""

    known: int
    troubles: dict[str, int]


#: How a list may be ordered: by views, by ratings, by views gained against the span before.
VIEWS, RATING, RISING = "views", "rating", "rising"
ORDERS = (VIEWS, RATING, RISING)
#: Days of a span that a list may be about, today among them; 0: of all time.
SPANS = {"day": 1, "week": 7, "month": 30, "all": 0}
#: Articles of a list, and how many a list has if nobody says it.
LISTED_MAX, LISTED_USUAL = 50, 5
#: Prefixes of paths that a list is about, or leaves out, and their length in characters.
PREFIXES_MAX, PREFIX_LENGTH = 10, 200


class TopQuery(msgspec.Struct, frozen=True):
    """Which list is wanted."""

    by: str = VIEWS
    span: str = "week"
    limit: int = LISTED_USUAL
    #: Prefixes of keys: articles of these alone; none: of all.
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class ListedArticle(msgspec.Struct, frozen=True, omit_defaults=True):
    """An article of a list, on one of the site's hosts."""

    #: The canonical key under which the article is counted: its path on the site.
    key: str
    #: Plain text, as the article's page or an administrator says it.
    title: str
    url: str
    #: Views in the span.
    views: int | None = None
    #: Of a list of what is rising: how many views more than in the span before.
    gain: int | None = None
    rating: RatingTally | None = None


class TopList(msgspec.Struct, frozen=True):
    """A list of articles, the first one first."""

    by: str
    span: str
    articles: tuple[ListedArticle, ...]

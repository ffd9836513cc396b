"""Lists of a site's articles for the portal's own pages, for readers of feeds, and for programs."""

import msgspec

from stats_service.models.traffic import RatingTally

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

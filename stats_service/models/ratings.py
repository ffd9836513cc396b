"""Ratings of articles."""

import msgspec

from stats_service.models.traffic.views import RatingTally

#: Length of the id of held ratings; `rate_article.lua` has the same.
GROUP_LENGTH = 12


class RatingQuery(msgspec.Struct, frozen=True):
    """A rating, as the script on a page sends it."""

    #: As in a page view: path with query, URL, or explicit key.
    article: str
    #: From 1 to the site's scale; 0 withdraws the rating.
    score: int
    voter: str


class RatedArticle(msgspec.Struct, frozen=True):
    """An article with its ratings."""

    #: The canonical key under which the article is counted.
    key: str
    rating: RatingTally


class RatingAnswer(msgspec.Struct, frozen=True):
    """The answer to a rating that was recorded."""

    #: `counted`, `held` (until an administrator decides), `changed`, `unchanged` (the same score
    #: again), or `withdrawn`.
    outcome: str
    #: 0 after it was withdrawn.
    score: int
    #: ISO time in the site's zone until which the score may be changed or withdrawn; empty after it
    #: was withdrawn.
    until: str
    article: RatedArticle


class RankedArticle(msgspec.Struct, frozen=True):
    """One of the best rated articles."""

    key: str
    #: Bayesian average, rounded to two decimals.
    weighted: float
    rating: RatingTally


class TopRated(msgspec.Struct, frozen=True):
    """The best rated articles of a site, and the parameters of the ranking."""

    articles: tuple[RankedArticle, ...]
    #: Mean score of all ratings of the site; 0 without ratings.
    mean: float
    #: Weight of that mean in the ranking, in ratings.
    weight: int
    #: Least number of ratings of a listed article.
    min: int


class Ratings(msgspec.Struct, frozen=True):
    """The ratings of articles, by the names in the request."""

    ratings: dict[str, RatedArticle]


class RatingCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A rating to be recorded, without identities."""

    article: str
    score: int
    #: 8-byte pseudonym of the voter for this article only.
    rater: bytes
    #: Merged keys of the article that had ratings, with the voter's pseudonym for each.
    merged: tuple[tuple[str, bytes], ...] = ()
    #: 8-byte pseudonyms of the address and, for IPv6, of the /48; empty where unknown.
    address: bytes = b""
    ipv6_48: bytes = b""


class RatingResult(msgspec.Struct, frozen=True):
    """The outcome of a `RatingCommand`."""

    #: `counted`, `held`, `changed`, `unchanged`, `withdrawn`; `fixed`, `unknown`, `ceiling`.
    outcome: str
    #: Number of ratings by score, from 1; empty without ratings.
    counts: tuple[int, ...]
    #: When the voter first rated the article, in seconds; 0 if not known any more.
    first: float


class RatingSlot(msgspec.Struct, frozen=True):
    """The ratings of an article that were first given in the same ten minutes."""

    article: str
    #: Seconds since 1970.
    begin: int
    #: Number of ratings by score, from 1.
    counts: tuple[int, ...]
    #: The decision that took them out, or empty.
    voided: str = ""


class RatingSpan(msgspec.Struct, frozen=True):
    """Many ratings of an article in a short time."""

    article: str
    #: Seconds since 1970, in whole slots; the end is exclusive.
    begin: int
    end: int
    rating: RatingTally


class VoidedRatings(msgspec.Struct, frozen=True, kw_only=True):
    """Ratings of an article that an administrator took out by one decision, or that are held."""

    #: 8 hexadecimal digits for a decision, 12 for ratings that were held first.
    id: str
    article: str
    #: Number of ratings by score, from 1.
    counts: tuple[int, ...]
    #: Seconds since 1970; 0: every rating of the article.
    begin: int
    end: int

    @property
    def is_group(self) -> bool:
        """Whether they were held before the decision."""
        return len(self.id) == GROUP_LENGTH

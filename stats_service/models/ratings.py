"""Ratings of articles."""

import msgspec

from stats_service.models.traffic import RatingTally

#: Length of the id of ratings that are held; `rate_article.lua` has the same.
GROUP_LENGTH = 12


class RatingQuery(msgspec.Struct, frozen=True):
    """What the script on a page sends to rate an article."""

    #: As in a page view: path with query, URL, or explicit key.
    article: str
    #: From 1 to the site's scale; 0 takes the rating back.
    score: int
    voter: str


class RatedArticle(msgspec.Struct, frozen=True):
    """An article with its ratings."""

    #: The canonical key under which the article is counted.
    key: str
    rating: RatingTally


class RatingAnswer(msgspec.Struct, frozen=True):
    """A rating is in."""

    #: `counted`, `held` (apart, until an administrator decides), `changed`, `unchanged` (the same
    #: score again), or `withdrawn`.
    outcome: str
    #: 0 once it is withdrawn.
    score: int
    #: ISO time in the site's zone up to which the score may be changed or withdrawn; empty once it
    #: is withdrawn.
    until: str
    article: RatedArticle


class RankedArticle(msgspec.Struct, frozen=True):
    """An article among the best rated."""

    key: str
    #: Bayesian average, rounded to two decimals.
    weighted: float
    rating: RatingTally


class TopRated(msgspec.Struct, frozen=True):
    """The best rated articles of a site, and how they were ranked."""

    articles: tuple[RankedArticle, ...]
    #: Mean score of all ratings of the site; 0 without ratings.
    mean: float
    #: How many ratings of that mean each article begins with.
    weight: int
    #: Fewest ratings that an article needs to be listed.
    min: int


class Ratings(msgspec.Struct, frozen=True):
    """The ratings of the articles asked for, by the text that named them."""

    ratings: dict[str, RatedArticle]


class RatingCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A rating to be recorded, free of identities."""

    article: str
    score: int
    #: 8 bytes that stand for the voter at this article alone.
    rater: bytes
    #: Keys that were merged into the article and had ratings, with what stands for the voter there.
    merged: tuple[tuple[str, bytes], ...] = ()
    #: 8-byte pseudonyms of the address and, for IPv6, of its /48; empty where unknown.
    address: bytes = b""
    ipv6_48: bytes = b""


class RatingResult(msgspec.Struct, frozen=True):
    """What became of a `RatingCommand`."""

    #: `counted`, `held`, `changed`, `unchanged`, `withdrawn`; `fixed`, `unknown`, `ceiling`.
    outcome: str
    #: Number of ratings by score, from 1; empty without ratings.
    counts: tuple[int, ...]
    #: When the voter first rated the article, in seconds; 0 if that is not known any more.
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
    """Ratings of an article that came close together."""

    article: str
    #: Seconds since 1970, in whole slots; the end is not part of it.
    begin: int
    end: int
    rating: RatingTally


class VoidedRatings(msgspec.Struct, frozen=True, kw_only=True):
    """Ratings of an article that an administrator took out by one decision, or that are held."""

    #: 8 hexadecimal digits of a decision, 12 of ratings that were held first.
    id: str
    article: str
    #: Number of ratings by score, from 1.
    counts: tuple[int, ...]
    #: Seconds since 1970; 0: every rating of the article.
    begin: int
    end: int

    @property
    def is_group(self) -> bool:
        """Whether they were held before somebody decided."""
        return len(self.id) == GROUP_LENGTH

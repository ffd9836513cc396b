"""Changes of a site's articles: merged, renamed, deleted, hidden."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

#: What may be done to articles.
VERBS = ("merge", "rename", "delete", "hide", "show")


class ArticleRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which articles are changed, and how: one by its key, or all that a rule names."""

    #: One of `VERBS`.
    do: str
    #: One article: path with query, URL, or explicit key.
    key: str = ""
    #: Every article whose key begins with it.
    prefix: str = ""
    #: Every article whose key has this query parameter; `merge` leaves it out of the key.
    parameter: str = ""
    #: `merge` and `rename`: the key that gets the numbers; with `prefix`: what takes its place.
    into: str = ""


class ArticleMove(msgspec.Struct, frozen=True):
    """What becomes of one article."""

    article: str
    #: Which article gets its numbers; `(other)` if it is deleted, itself if it is hidden or shown.
    into: str
    #: Views without balances: of the article, and of the other before and after.
    views: int = 0
    before: int = 0
    after: int = 0


class ChangePreview(msgspec.Struct, frozen=True):
    """What a rule would do."""

    rule: ArticleRule
    #: How many articles it names, their views together, and how many get these.
    articles: int
    views: int
    targets: int
    #: Views of all articles of the site, which no change alters.
    total: int
    #: Some of the articles, the most viewed first.
    moves: tuple[ArticleMove, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was made."""

    id: str
    #: Seconds since 1970, and who.
    at: float
    who: str
    rule: ArticleRule


class DoneChange(msgspec.Struct, frozen=True):
    """A change with what it has done so far."""

    change: Change
    articles: int
    views: int
    #: How many of the articles are as they were before it.
    back: int
    #: How many can still be brought back.
    kept: int


class ChangeStep(msgspec.Struct, frozen=True):
    """What one step of a change, or of taking it back, did."""

    id: str
    #: Articles changed now, and their views; how many are still to come.
    articles: int
    views: int
    left: int
    #: Articles that stay as they are, because what they were merged into was changed again.
    blocked: int = 0


class ParameterFinding(msgspec.Struct, frozen=True):
    """A query parameter that is perhaps not as the site wants it."""

    name: str
    #: `splits`: it seems to make many articles of one; `merges`: it is dropped, and seems to tell
    #: articles apart.
    kind: str
    #: Keys of the two days that have it; 0 where that is not known.
    articles: int = 0
    #: One of them.
    example: str = ""


@dataclass(frozen=True)
class Aliases:
    """Which keys stand for other articles, and which articles no list shows."""

    #: Grows with every change.
    revision: int = 0
    #: Key -> the article that it stands for, however often that was merged on.
    targets: Mapping[str, str] = field(default_factory=dict)
    #: Article -> the keys merged into it that had ratings.
    rated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

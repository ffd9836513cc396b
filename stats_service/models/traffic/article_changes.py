"""Changes of a site's articles: merge, rename, delete, hide."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

#: The kinds of changes.
VERBS = ("merge", "rename", "delete", "hide", "show")


class ArticleRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The articles to change, and how: one article by its key, or all that match a rule."""

    #: One of `VERBS`.
    do: str
    #: One article: path with query, URL, or explicit key.
    key: str = ""
    #: Every article whose key has this prefix.
    prefix: str = ""
    #: Every article whose key has this query parameter; `merge` removes it from the key.
    parameter: str = ""
    #: `merge` and `rename`: the key that gets the numbers; with `prefix`: the new prefix.
    into: str = ""


class ArticleMove(msgspec.Struct, frozen=True):
    """The effect of a change on one article."""

    article: str
    #: The article that gets the numbers; `(other)` for deleted ones, itself for hidden or shown
    #: ones.
    into: str
    #: Views without balances: of the article, and of the other one before and after.
    views: int = 0
    before: int = 0
    after: int = 0


class ChangePreview(msgspec.Struct, frozen=True):
    """The effect that a rule would have."""

    rule: ArticleRule
    #: Number of articles, sum of their views, and number of articles that get them.
    articles: int
    views: int
    targets: int
    #: Views of all articles of the site, which no change alters.
    total: int
    #: Some of the articles, most viewed first.
    moves: tuple[ArticleMove, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was made."""

    id: str
    #: Seconds since 1970, and the author.
    at: float
    who: str
    rule: ArticleRule


class DoneChange(msgspec.Struct, frozen=True):
    """A change with its effects so far."""

    change: Change
    articles: int
    views: int
    #: Number of articles that are as they were before.
    back: int
    #: Number of articles that can still be restored.
    kept: int


class ChangeStep(msgspec.Struct, frozen=True):
    """The effect of one step of a change, or of undoing one."""

    id: str
    #: Number of articles changed in this step, their views, and the number still to be changed.
    articles: int
    views: int
    left: int
    #: Articles that stay as they are, because the article they were merged into has changed since.
    blocked: int = 0


class ParameterFinding(msgspec.Struct, frozen=True):
    """A query parameter whose setting may be wrong."""

    name: str
    #: `splits`: it seems to make many articles of one; `merges`: it is dropped, but seems to tell
    #: articles apart.
    kind: str
    #: Numbers of keys with it on the two days; 0 where unknown.
    articles: int = 0
    #: One of these keys.
    example: str = ""


@dataclass(frozen=True)
class Aliases:
    """Keys that stand for other articles, and articles that lists hide."""

    #: Grows with every change.
    revision: int = 0
    #: Key -> its article, after any number of merges.
    targets: Mapping[str, str] = field(default_factory=dict)
    #: Article -> merged keys that had ratings.
    rated: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

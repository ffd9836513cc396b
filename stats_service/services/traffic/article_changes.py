"""Articles merged, renamed, deleted and hidden: one, or all that a rule names.

What was counted stays counted: a merged article's numbers are the other's, a deleted one's are
among those of all that have no name, so that no sum of the site, of a day or of a month changes.
Each change is some at a time, can be made again where it was cut off, is in the log, and can be
taken back for thirty days.
"""

import heapq
import re
import secrets
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import islice
from typing import TypeVar

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.audit import AuditEntry, Author
from stats_service.models.sites import Site
from stats_service.models.traffic.article_changes import (
    VERBS,
    ArticleMove,
    ArticleRule,
    Change,
    ChangePreview,
    ChangeStep,
    DoneChange,
)
from stats_service.models.traffic.views import OTHER_ARTICLES
from stats_service.services.accounts.audit import entry_of
from stats_service.services.articles.keys import (
    canonical_article,
    may_be_key,
    without_parameter,
)
from stats_service.services.periods import day_of
from stats_service.store.keys import ARTICLE_DAYS_KEPT
from stats_service.store.traffic.article_changes import (
    ALIASES_MAX,
    CHANGES_KEPT,
    KEPT_SECONDS,
    STEP,
    ArticleChangeStore,
    Move,
    TooManyAliases,
)

#: Most articles that one call changes; whoever has more calls again.
CALL_MAX = 2_000
#: Days for which a change can be taken back.
KEPT_DAYS = KEPT_SECONDS // 86_400
#: Articles that a preview shows.
SHOWN = 20
#: How a change is named in the log.
ENTRIES = {
    "merge": "articles.merged",
    "rename": "articles.renamed",
    "delete": "articles.deleted",
    "hide": "articles.hidden",
    "show": "articles.shown",
}
Thing = TypeVar("Thing")
_ID = re.compile(r"[0-9a-f]{16}")


class ArticleChanges:
    """What an administrator does with the articles of a site."""

    def __init__(self, store: ArticleChangeStore) -> None:
        self._store = store

    def preview(self, site: Site, rule: ArticleRule) -> ChangePreview:
        """Return what a rule would do; errors as `apply`."""
        rule = self._checked(site, rule)
        articles = views = 0
        shown: list[tuple[int, Move]] = []
        targets = set[str]()
        for moves in _batches(self._moves(site, rule), 500):
            found = self._store.views(site.slug, [move.article for move in moves])
            articles, views = articles + len(moves), views + sum(found)
            targets.update(move.into for move in moves)
            shown = heapq.nlargest(
                SHOWN, [*shown, *zip(found, moves, strict=True)], key=lambda pair: pair[0]
            )
        before = self._store.views(site.slug, [move.into for _, move in shown])
        # What is hidden or shown keeps its views; the others' go to another.
        same = rule.do in ("hide", "show")
        sums = dict(zip((move.into for _, move in shown), before, strict=True))
        for n, move in shown:
            sums[move.into] += 0 if same else n
        return ChangePreview(
            rule,
            articles,
            views,
            len(targets),
            self._store.total(site.slug),
            tuple(
                ArticleMove(move.article, move.into, n, had, sums[move.into])
                for (n, move), had in zip(shown, before, strict=True)
            ),
        )

    def apply(self, site: Site, rule: ArticleRule, by: Author, change: str = "") -> ChangeStep:
        """Change the articles that a rule names, `CALL_MAX` at most.

        Args:
            site: the site.
            rule: which, and how.
            by: who changes them, and when.
            change: id of the change that this goes on with; empty: a new one.

        Raises:
            InvalidInputError: the rule names nothing, or cannot be meant.
            ConflictError: the new name is taken, or too many keys would stand for others.
            UnknownSiteError: there is no such site any more.
        """
        if change and not _ID.fullmatch(change):
            raise InvalidInputError(
                "change {change!r}: there is no such change.", change=change[:40]
            )
        rule = self._checked(site, rule)
        made = Change(id=change or secrets.token_hex(8), at=by.at, who=by.who, rule=rule)
        spans = self._spans(site, by.at)
        moves, left = self._some(site, rule)
        entry: AuditEntry | None = entry_of(
            by,
            ENTRIES[rule.do],
            rule.key or rule.prefix or rule.parameter,
            after=_told(rule, len(moves)),
        )
        articles = views = 0
        for step in _batches(moves, STEP):
            if rule.do in ("hide", "show"):
                keys = [move.article for move in step]
                hidden = rule.do == "hide"
                done = self._store.hide(site, keys, made, entry, hidden=hidden), 0
            else:
                done = self._move(site, step, spans, made, entry)
            articles, views = articles + done[0], views + done[1]
            entry = None if done[0] else entry
        self._forget_oldest(site)
        return ChangeStep(made.id, articles, views, left)

    def _move(
        self,
        site: Site,
        step: list[Move],
        spans: list[str],
        made: Change,
        entry: AuditEntry | None,
    ) -> tuple[int, int]:
        try:
            return self._store.move(site, step, spans, made, entry)
        except TooManyAliases:
            raise ConflictError(
                "More than {aliases_max} keys would stand for other articles. Leave the parameter "
                "out of keys in the settings first (`-name` among the parameters): what no page "
                "sends any more needs no such place.",
                aliases_max=ALIASES_MAX,
            ) from None

    def take_back(self, site: Site, change: str, by: Author) -> ChangeStep:
        """Bring back what a change has moved, `CALL_MAX` articles at most.

        Views that were counted since then stay where they were counted.

        Raises:
            NotFoundError: there is no such change, or it is more than thirty days ago.
        """
        found = next((one for one in self.changes(site) if one.change.id == change), None)
        if found is None or not found.kept:
            raise NotFoundError(
                "The change {change!r} cannot be taken back: there is none, it is taken back "
                "already, or thirty days are over.",
                change=change[:40],
            )
        rule, spans = found.change.rule, self._spans(site, by.at)
        keys = self._store.moved(site.slug, change, CALL_MAX)
        entry: AuditEntry | None = entry_of(
            by,
            "articles.taken-back",
            rule.key or rule.prefix or rule.parameter,
            before=_told(rule, len(keys)),
        )
        articles = blocked = 0
        for step in _batches(keys, STEP):
            if rule.do in ("hide", "show"):
                shown = self._store.hide(
                    site, step, found.change, entry, hidden=rule.do == "show", back=True
                )
                back = shown, 0
            else:
                back = self._store.move_back(site, step, spans, change, entry)
            articles, blocked = articles + back[0], blocked + back[1]
            entry = None if back[0] else entry
        return ChangeStep(change, articles, 0, max(0, found.kept - len(keys)), blocked)

    def changes(self, site: Site) -> list[DoneChange]:
        """Return the latest changes, the newest first."""
        return self._store.changes(site.slug)

    def _some(self, site: Site, rule: ArticleRule) -> tuple[list[Move], int]:
        """Return what becomes of `CALL_MAX` articles that a rule names, and how many more it is."""
        moves: list[Move] = []
        left = 0
        for move in self._moves(site, rule):
            if len(moves) < CALL_MAX:
                moves.append(move)
            else:
                left += 1
        return moves, left

    def _moves(self, site: Site, rule: ArticleRule) -> Iterator[Move]:
        """Give what becomes of each article that a rule names."""
        hidden = self._store.hidden(site.slug) if rule.do in ("hide", "show") else frozenset()
        for key in self._keys(site, rule):
            into = _target(rule, key)
            if rule.do in ("hide", "show"):
                if (key in hidden) != (rule.do == "hide"):
                    yield Move(key, key, alias=False)
            elif into != key:
                yield Move(key, into, alias=rule.do != "delete" and _still_comes(site, key))

    def _keys(self, site: Site, rule: ArticleRule) -> Iterator[str]:
        if rule.key:
            if self._store.known(site.slug, rule.key):
                yield rule.key
            return
        seen = set[str]()
        for key in self._store.keys(site.slug, rule.prefix):
            if key != OTHER_ARTICLES and key not in seen:
                seen.add(key)
                yield key

    def _checked(self, site: Site, rule: ArticleRule) -> ArticleRule:
        """Return a rule with its keys as they are counted; errors as `apply`."""
        name = _check_form(rule)
        if name == "prefix":
            if rule.do == "rename":
                raise InvalidInputError("prefix: to give many articles new keys, merge them.")
            if rule.do == "merge" and rule.into.startswith(rule.prefix):
                raise InvalidInputError(
                    "into {into!r}: begins with the prefix itself, so that the same rule would "
                    "move the articles again and again.",
                    into=rule.into[:80],
                )
            return rule
        key = self._key(site, rule.key) if rule.key else ""
        into = canonical_article(rule.into, site.article_parameters) if rule.into else ""
        if key and key == into:
            raise InvalidInputError("into {into!r}: is the same article.", into=into)
        if rule.do == "rename" and self._store.known(site.slug, into):
            raise ConflictError(
                "There is an article {into!r} already. Merge the two, or choose another key.",
                into=into,
            )
        return ArticleRule(rule.do, key, rule.prefix, rule.parameter, into)

    def _key(self, site: Site, text: str) -> str:
        """Return the key of an article that is there: as it stands, or as its page sends it."""
        if text != OTHER_ARTICLES and self._store.known(site.slug, text):
            return text
        key = canonical_article(text, site.article_parameters)
        if not self._store.known(site.slug, key):
            raise InvalidInputError(
                "{key!r}: there is no such article. Its key is on the page of articles.", key=key
            )
        return key

    def _spans(self, site: Site, now: float) -> list[str]:
        today = date.fromisoformat(day_of(now, site.timezone))
        around = [(today + timedelta(days=n)).isoformat() for n in (-1, 0, 1)]
        oldest = (today - timedelta(days=ARTICLE_DAYS_KEPT + 1)).isoformat()
        return self._store.spans(site.slug, oldest, around)

    def _forget_oldest(self, site: Site) -> None:
        old = self._store.changes(site.slug)[CHANGES_KEPT:]
        self._store.forget_changes(site.slug, [one.change.id for one in old])


def _check_form(rule: ArticleRule) -> str:
    """Return by which field a rule names articles; InvalidInputError if it says too much."""
    if rule.do not in VERBS:
        raise InvalidInputError(
            "do {do!r}: use one of {verbs}.", do=rule.do[:40], verbs=", ".join(VERBS)
        )
    named = [name for name in ("key", "prefix", "parameter") if getattr(rule, name)]
    if len(named) != 1:
        raise InvalidInputError("Name articles by one of key, prefix and parameter.")
    (name,) = named
    if name == "parameter" and rule.do != "merge":
        raise InvalidInputError(
            "parameter: articles are merged by it; to {do} them, name a prefix.", do=rule.do
        )
    wants_into = rule.do in ("merge", "rename") and name != "parameter"
    if wants_into and not rule.into:
        raise InvalidInputError("into: say which article gets the numbers.")
    if rule.into and not wants_into:
        raise InvalidInputError("into: nothing is moved to another article by this.")
    for text in (rule.key, rule.prefix, rule.into):
        if text and not may_be_key(text):
            raise InvalidInputError("{text!r}: is no key of an article.", text=text[:80])
    return name


def _told(rule: ArticleRule, articles: int) -> dict[str, object]:
    """Return what the log says of a change, beside what it names articles by."""
    details: dict[str, object] = {"do": rule.do, "articles": articles}
    by = "prefix" if rule.prefix else "parameter" if rule.parameter else ""
    return details | ({"by": by} if by else {}) | ({"into": rule.into} if rule.into else {})


def _batches(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    rest = iter(things)
    while batch := list(islice(rest, size)):
        yield batch


def _target(rule: ArticleRule, key: str) -> str:
    """Return which article gets the numbers of `key`."""
    if rule.do == "delete":
        return OTHER_ARTICLES
    if rule.do in ("hide", "show"):
        return key
    if rule.parameter:
        return without_parameter(key, rule.parameter)
    if rule.prefix:
        into = rule.into + key[len(rule.prefix) :]
        return into if may_be_key(into) and into != OTHER_ARTICLES else key
    return rule.into


def _still_comes(site: Site, key: str) -> bool:
    """Tell whether a page may still be counted under a key."""
    try:
        return canonical_article(key, site.article_parameters) == key
    except InvalidInputError:
        return False

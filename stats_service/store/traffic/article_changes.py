"""Articles that are merged, renamed, deleted or hidden: some at a time, each step whole.

A step is one script: what it moves is moved everywhere, and what was cut off is done by the same
call again.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from stats_service.errors import UnknownSiteError
from stats_service.models.audit import AuditEntry
from stats_service.models.sites import Site
from stats_service.models.traffic.article_changes import Change, DoneChange
from stats_service.store.accounts.audit import packed_entry
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

MOVE_ARTICLES = load_script("accounts/audit_entry", "traffic/move_articles")
MOVE_BACK = load_script("accounts/audit_entry", "traffic/move_back")
HIDE_ARTICLES = load_script("accounts/audit_entry", "traffic/hide_articles")

#: Articles changed in one step: some milliseconds of Redis where 400 days are kept.
STEP = 50
#: Seconds for which a change can be taken back.
KEPT_SECONDS = 30 * 86_400
#: Keys of a site that may stand for other articles.
ALIASES_MAX = 10_000
#: Latest changes that are listed.
CHANGES_KEPT = 100

_DAY, _MONTH = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), re.compile(r"[0-9]{4}-[0-9]{2}")
_NO_SITE, _TOO_MANY = -1, -2
_change = msgspec.json.Decoder(Change)


class TooManyAliases(Exception):  # noqa: N818 - an answer of the store, which the service explains
    """More keys would stand for other articles than a site may have."""


class Move(NamedTuple):
    """What becomes of an article."""

    article: str
    into: str
    #: Whether later views of the key count for `into`.
    alias: bool


class ArticleChangeStore:
    """The articles of every site of one installation, as an administrator changes them."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def keys(self, slug: str, prefix: str = "") -> Iterator[str]:
        """Give the keys that begin with `prefix` and have views or a balance, some twice."""
        names = SiteKeys(self._prefix, slug)
        match = escaped(prefix) + "*" if prefix else None
        with store_errors():
            for member, _ in self._client.zscan_iter(names.articles, match, count=1000):
                yield text_of(member)
            for member, _ in self._client.hscan_iter(names.opening, match, count=1000):
                yield text_of(member)

    def views(self, slug: str, articles: Sequence[str]) -> list[int]:
        """Return the views of articles of all time, without balances, in their order."""
        if not articles:
            return []
        with store_errors():
            found = self._client.zmscore(SiteKeys(self._prefix, slug).articles, list(articles))
        return [int(views or 0) for views in found]

    def hidden(self, slug: str) -> frozenset[str]:
        """Return the articles that no list shows."""
        with store_errors():
            found = self._client.smembers(SiteKeys(self._prefix, slug).hidden)
        return frozenset(map(text_of, found))

    def total(self, slug: str) -> int:
        """Return the views of all articles, those without a name among them."""
        key = SiteKeys(self._prefix, slug).counts
        with store_errors():
            return int(self._client.hget(key, "views") or 0)

    def spans(self, slug: str, oldest: str, around: Sequence[str]) -> list[str]:
        """Return the days and months whose articles may be kept.

        Args:
            slug: the site.
            oldest: day before which those of days are gone.
            around: days on which views may be counted just now.
        """
        key, found = SiteKeys(self._prefix, slug).counts, set(around)
        with store_errors():
            for field, _ in self._client.hscan_iter(key, "views:*", count=1000):
                span = text_of(field).removeprefix("views:")
                if _MONTH.fullmatch(span) or (_DAY.fullmatch(span) and span >= oldest):
                    found.add(span)
            found |= self._imported_spans(slug, oldest, max(around), found)
        return sorted(found)

    def _imported_spans(self, slug: str, oldest: str, last: str, known: set[str]) -> set[str]:
        """Return days of which only articles were imported, and their months."""
        names, first = SiteKeys(self._prefix, slug), date.fromisoformat(oldest)
        number = (date.fromisoformat(last) - first).days + 1
        days = [(first + timedelta(days=n)).isoformat() for n in range(number)]
        days = [day for day in days if day not in known]
        with self._client.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.exists(names.day_articles(day))
            there = pipe.execute() if days else []
        found = {day for day, exists in zip(days, there, strict=True) if exists}
        return found | {day[:7] for day in found}

    def known(self, slug: str, article: str) -> bool:
        """Tell whether an article has views, a balance or ratings."""
        names = SiteKeys(self._prefix, slug)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            pipe.zscore(names.articles, article)
            pipe.hexists(names.opening, article)
            pipe.hexists(names.ratings, article)
            return any(found is not None and found is not False for found in pipe.execute())

    def move(
        self,
        site: Site,
        moves: Sequence[Move],
        spans: Sequence[str],
        change: Change,
        entry: AuditEntry | None,
    ) -> tuple[int, int]:
        """Give what was counted for articles to others; at most `STEP` of them.

        Args:
            site: the site.
            moves: what becomes of each; one that is no article (any more) is left out.
            spans: every day and month that may have articles.
            change: of which this is a step.
            entry: of the log; None: an earlier step has recorded it.

        Returns:
            How many articles were moved, and their views.

        Raises:
            UnknownSiteError: the site was erased meanwhile.
            TooManyAliases: nothing was changed.
        """
        args = (
            msgspec.msgpack.encode([list(move) for move in moves]),
            msgspec.msgpack.encode(list(spans)),
            change.id,
            msgspec.json.encode(change),
            KEPT_SECONDS,
            packed_entry(entry),
            ALIASES_MAX,
        )
        with store_errors():
            reply = MOVE_ARTICLES.run(self._client, self._keys(site, spans, change.id), args)
        if reply[0] == _TOO_MANY:
            raise TooManyAliases
        return self._pair(site, reply)

    def move_back(
        self,
        site: Site,
        articles: Sequence[str],
        spans: Sequence[str],
        change: str,
        entry: AuditEntry | None,
    ) -> tuple[int, int]:
        """Take back what a change moved; return how many are back, and how many cannot be."""
        args = (
            msgspec.msgpack.encode(list(articles)),
            msgspec.msgpack.encode(list(spans)),
            change,
            packed_entry(entry),
        )
        with store_errors():
            reply = MOVE_BACK.run(self._client, self._keys(site, spans, change), args)
        return self._pair(site, reply)

    def hide(
        self,
        site: Site,
        articles: Sequence[str],
        change: Change,
        entry: AuditEntry | None,
        *,
        hidden: bool,
        back: bool = False,
    ) -> int:
        """Hide articles from lists, or show them again; return how many were changed.

        `back`: it is a change that is taken back.
        """
        names = SiteKeys(self._prefix, site.slug)
        keys = (
            names.alive(site.birth),
            names.hidden,
            names.aliases,
            names.moved(change.id),
            names.changes,
            names.audit,
        )
        args = (
            "SADD" if hidden else "SREM",
            change.id,
            "" if back else msgspec.json.encode(change),
            KEPT_SECONDS,
            packed_entry(entry),
            *articles,
        )
        with store_errors():
            changed = int(HIDE_ARTICLES.run(self._client, keys, args))
        if changed == _NO_SITE:
            raise UnknownSiteError(site.slug)
        return changed

    def changes(self, slug: str) -> list[DoneChange]:
        """Return the latest changes, the newest first."""
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            stored = {
                text_of(field): text_of(value)
                for field, value in self._client.hgetall(names.changes).items()
            }
            documents = [_change.decode(text) for field, text in stored.items() if ":" not in field]
            found = sorted(documents, key=lambda change: -change.at)
            with self._client.pipeline(transaction=False) as pipe:
                for change in found:
                    pipe.hlen(names.moved(change.id))
                kept = pipe.execute()
        return [
            DoneChange(
                change,
                int(stored.get(f"{change.id}:articles", 0)),
                int(stored.get(f"{change.id}:views", 0)),
                int(stored.get(f"{change.id}:back", 0)),
                number,
            )
            for change, number in zip(found, kept, strict=True)
        ]

    def moved(self, slug: str, change: str, limit: int) -> list[str]:
        """Return some of the articles that a change moved and that are not back."""
        found: list[str] = []
        with store_errors():
            for field, _ in self._client.hscan_iter(SiteKeys(self._prefix, slug).moved(change)):
                found.append(text_of(field))
                if len(found) >= limit:
                    break
        return found

    def forget_changes(self, slug: str, changes: Iterable[str]) -> None:
        """Forget changes, which cannot be taken back then."""
        names = SiteKeys(self._prefix, slug)
        fields = [
            field
            for one in changes
            for field in (one, *(f"{one}:{n}" for n in ("articles", "views", "back")))
        ]
        with store_errors():
            if fields:
                self._client.hdel(names.changes, *fields)

    def _keys(self, site: Site, spans: Sequence[str], change: str) -> list[str]:
        names = SiteKeys(self._prefix, site.slug)
        day_length = len("2026-03-05")
        return [
            names.alive(site.birth),
            names.articles,
            names.opening,
            names.ratings,
            names.aliases,
            names.names,
            names.hidden,
            names.ratings_voided,
            names.moved(change),
            names.changes,
            names.audit,
            names.titles,
            *(
                names.day_articles(span) if len(span) == day_length else names.month_articles(span)
                for span in spans
            ),
        ]

    @staticmethod
    def _pair(site: Site, reply: list[int]) -> tuple[int, int]:
        if reply[0] == _NO_SITE:
            raise UnknownSiteError(site.slug)
        return int(reply[0]), int(reply[1])


def escaped(text: str) -> str:
    """Return a text as it stands in a pattern of Redis."""
    return "".join(f"\\{char}" if char in "*?[]\\^" else char for char in text)

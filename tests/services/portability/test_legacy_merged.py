"""Imports follow the changes of articles: a key counts for the article that it stands for now."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import redis

from stats_service.errors import InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.models.traffic.article_changes import ArticleRule
from stats_service.services.container import Services
from stats_service.services.traffic.spans import Span
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.overlapping_logs import Row, everything, in_file
from tests.support.pages import BROWSER

OLD, NEW, OTHER = "/tin/cu", "/tin/moi", "(other)"
LONG = "/tin/" + "rat-dai-" * 30
KEYS = (OLD, NEW, "/tin/ba", LONG)
DAY = "2026-02-17"
NOW = FakeClock().now()
Bring = Callable[..., LegacySummary]
pytestmark = pytest.mark.usefixtures("site")


def rows(old: str = OLD, new: str = NEW) -> list[Row]:
    """Return three views of an article, and two of another, on one day."""
    begin = 1771300000
    return [
        *((begin + n, "192.0.2.1", BROWSER, old) for n in range(3)),
        *((begin + n, "192.0.2.2", BROWSER, new) for n in range(2)),
    ]


#: Opening balances and ratings of the two.
TABLES = {
    "views.csv": f"article,views\n{OLD},30\n{NEW},20\n",
    "ratings.csv": f"article,score,count\n{OLD},5,3\n{NEW},4,2\n",
}


def change(services: Services, at: float, **rule: str) -> str:
    """Change articles; return the id of the change."""
    site = services.sites.sites.get("kimson")
    done = services.traffic.article_changes.apply(site, ArticleRule(**rule), Author("lan", at))
    assert done.articles
    return done.id


def merge(services: Services, at: float, old: str = OLD, new: str = NEW) -> str:
    """Merge an article into another."""
    return change(services, at, do="merge", key=old, into=new)


def take_back(services: Services, change_id: str, at: float) -> None:
    """Take a change back."""
    site = services.sites.sites.get("kimson")
    services.traffic.article_changes.take_back(site, change_id, Author("lan", at))


def articles(client: redis.Redis, key: str) -> dict[str, int]:
    """Return the views of articles."""
    return {str(name): int(n) for name, n in client.zrange(key, 0, -1, withscores=True)}


def numbers(client: redis.Redis, keys: SiteKeys) -> dict[str, Any]:
    """Return all numbers of the site, and nothing that is known of imports and changes."""
    found = everything(client, keys)
    return {name: value for name, value in found.items() if not name.startswith(NOTES)}


#: What is known of changes, and months, which the next tick makes again.
NOTES = ("legacy", "aliases", "moved", "changes", "months", "names")


def view_and_merge(services: Services, client: redis.Redis, keys: SiteKeys, old: str = OLD) -> None:
    """Give an article views of another time, and merge it."""
    client.zadd(keys.articles, {old: 7})
    merge(services, NOW - 100, old)


def test_an_old_key_counts_for_the_article_that_it_was_merged_into(
    bring: Bring, services: Services, redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """In all, of the day, and in the preview; a chain of merges is followed; undo is exact."""
    view_and_merge(services, redis_client, keys)
    merge(services, NOW - 90, NEW, "/tin/ba")
    before = everything(redis_client, keys)

    look = bring(in_file(rows()), dry_run=True)
    assert [(one.key, one.views) for one in look.most_viewed] == [("/tin/ba", 5)]
    assert look.articles == 1
    done = bring(in_file(rows()))

    assert articles(redis_client, keys.articles) == {"/tin/ba": 12}
    assert articles(redis_client, keys.day_articles(DAY)) == {"/tin/ba": 5}
    assert bring(in_file(rows())).known
    services.portability.legacy.undo("kimson", done.id, NOW)
    assert everything(redis_client, keys) == before


def test_the_preview_says_how_the_file_names_a_merged_article(
    bring: Bring, services: Services, redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """Unless the file names the other itself."""
    view_and_merge(services, redis_client, keys)

    (one,) = bring(in_file(rows(new=OLD)), dry_run=True).most_viewed
    assert (one.key, one.views, one.address) == (NEW, 5, OLD)
    (one,) = bring(in_file(rows()), dry_run=True).most_viewed
    assert (one.key, one.views, one.address) == (NEW, 5, "")


def test_a_visit_that_began_at_an_old_key_is_one_of_the_other(
    bring: Bring, services: Services, redis_client: redis.Redis, keys: SiteKeys, site: Site
) -> None:
    """Imported before the merge or after it."""
    visits = [(1771300000 + n, f"192.0.2.{n}", BROWSER, OLD) for n in range(8)]
    bring(in_file(visits[:4]))
    merge(services, NOW + 10)
    bring(in_file(visits[4:]))

    span = Span(date.fromisoformat(DAY), date.fromisoformat(DAY))
    (entries,) = services.traffic.readers.of_span(site, span, NOW, dimensions=["entry"]).dimensions
    assert [(one.value, one.visits) for one in entries.values] == [(NEW, 8)]
    assert articles(redis_client, keys.articles) == {NEW: 8}


def test_balances_and_ratings_of_an_old_key_follow(
    bring_files: Bring,
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
    site: Site,
) -> None:
    """And are taken out again, exactly."""
    view_and_merge(services, redis_client, keys)
    before, settings = numbers(redis_client, keys), redis_client.get(keys.site)

    look = bring_files(TABLES, dry_run=True)
    assert [(one.key, one.views) for one in look.most_viewed] == [(NEW, 50)]
    done = bring_files(TABLES)

    assert redis_client.hgetall(keys.opening) == {NEW: "50"}
    assert redis_client.hgetall(keys.ratings) == {NEW: "0,0,0,2,3"}
    assert bring_files(TABLES).known
    services.portability.legacy.undo(site.slug, done.id, NOW)
    assert numbers(redis_client, keys) == before
    assert redis_client.get(keys.site) == settings


@pytest.mark.parametrize("old", [OLD, LONG])
@pytest.mark.parametrize("new", [NEW, LONG + "2"])
@pytest.mark.parametrize("undone_first", [True, False])
def test_a_merge_between_import_and_undo_leaves_both_exact(
    bring: Bring,
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
    old: str,
    new: str,
    undone_first: bool,
) -> None:
    """The other loses what was imported, and the merge taken back gives the rest, or nothing."""
    redis_client.zadd(keys.articles, {old: 7, new: 5, OTHER: 40})
    redis_client.zadd(keys.day_articles(DAY), {OTHER: 40})
    before = numbers(redis_client, keys)
    done = bring(in_file(rows(old, new)))
    merged = merge(services, NOW + 10, old, new)
    merged_again = merge(services, NOW + 20, new, "/tin/ba")

    if undone_first:
        services.portability.legacy.undo("kimson", done.id, NOW + 30)
        assert articles(redis_client, keys.articles) == {"/tin/ba": 12, OTHER: 40}
        assert articles(redis_client, keys.day_articles(DAY)) == {OTHER: 40}
    take_back(services, merged_again, NOW + 40)
    take_back(services, merged, NOW + 50)
    if not undone_first:
        services.portability.legacy.undo("kimson", done.id, NOW + 60)

    assert numbers(redis_client, keys) == before


@pytest.mark.parametrize("verb", ["merge", "delete"])
def test_balances_and_ratings_merged_or_deleted_since_are_undone_exactly(
    bring_files: Bring, services: Services, redis_client: redis.Redis, keys: SiteKeys, verb: str
) -> None:
    """The change that is taken back afterwards brings none of them back."""
    redis_client.zadd(keys.articles, {OLD: 7})
    redis_client.hset(keys.opening, OLD, "4")
    redis_client.hset(keys.ratings, OLD, "1,0,0,0,1")
    before = numbers(redis_client, keys)
    done = bring_files(TABLES)
    into = {"into": NEW} if verb == "merge" else {}
    changed = change(services, NOW + 10, do=verb, key=OLD, **into)

    services.portability.legacy.undo("kimson", done.id, NOW + 20)
    take_back(services, changed, NOW + 30)

    assert numbers(redis_client, keys) == before


def test_views_deleted_since_are_undone_exactly(
    bring: Bring, services: Services, redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """They come out of those without a name, once."""
    redis_client.zadd(keys.articles, {OLD: 7, OTHER: 40})
    redis_client.zadd(keys.day_articles(DAY), {OTHER: 40})
    before = numbers(redis_client, keys)
    done = bring(in_file(rows()))
    deleted = change(services, NOW + 10, do="delete", key=OLD)
    redis_client.zadd(keys.articles, {OLD: 9})  # is read again

    services.portability.legacy.undo("kimson", done.id, NOW + 20)
    assert articles(redis_client, keys.articles) == {OLD: 9, OTHER: 47}
    redis_client.zrem(keys.articles, OLD)
    take_back(services, deleted, NOW + 30)

    assert numbers(redis_client, keys) == before


def test_a_merge_taken_back_after_the_import_leaves_what_was_imported_with_the_other(
    bring: Bring, services: Services, redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """As it leaves live views; the undo takes it from there, and the file is still known."""
    redis_client.zadd(keys.articles, {OLD: 7})
    merged = merge(services, NOW - 100)
    done = bring(in_file(rows()))
    take_back(services, merged, NOW + 10)

    assert articles(redis_client, keys.articles) == {OLD: 7, NEW: 5}
    assert bring(in_file(rows())).known
    services.portability.legacy.undo("kimson", done.id, NOW + 20)
    assert articles(redis_client, keys.articles) == {OLD: 7}


@pytest.mark.parametrize(
    "files", [{"days.csv": "date,article,views\n17/02/2026,/tin/cu,3\n"}, TABLES]
)
def test_a_table_that_was_imported_before_the_merge_is_known(
    bring_files: Bring,
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
    files: dict[str, str],
) -> None:
    """Parts keep the keys of the files."""
    bring_files(files)
    merge(services, NOW + 10)
    before = numbers(redis_client, keys)

    assert bring_files(files).known
    assert numbers(redis_client, keys) == before


def test_a_merge_moves_a_day_of_which_only_articles_were_imported(
    bring_files: Bring, services: Services, redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """The site has no views of the day by which it could be found."""
    bring_files({"days.csv": f"date,article,views\n{DAY},{OLD},3\n"})
    merge(services, NOW + 10)

    assert articles(redis_client, keys.day_articles(DAY)) == {NEW: 3}


def test_a_deletion_taken_back_leaves_ratings_that_came_since(
    bring_files: Bring, services: Services, redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """They are added to those that come back."""
    redis_client.hset(keys.ratings, OLD, "1,0,0,0,1")
    deleted = change(services, NOW - 10, do="delete", key=OLD)
    bring_files({"ratings.csv": TABLES["ratings.csv"]})

    take_back(services, deleted, NOW + 10)

    assert redis_client.hget(keys.ratings, OLD) == "1,0,0,0,4"


class Story:
    """Imports, changes of articles and what undoes them, drawn in any order."""

    def __init__(self, services: Services, bring_files: Bring, seed: int) -> None:
        self._services, self._bring_files = services, bring_files
        self._drawn, self._now = random.Random(seed), NOW
        self._imports: list[str] = []
        self._changes: list[str] = []

    def tell(self) -> None:
        """Do twelve things, then undo all that is left."""
        for _ in range(12):
            self._now += 10
            step = self._drawn.random()
            if step < 0.4:
                self._bring()
            elif step < 0.7:
                self._change()
            else:
                self._undo()
        while self._imports or self._changes:
            self._now += 10
            self._undo()

    def _bring(self) -> None:
        views = {key: self._drawn.randint(1, 50) for key in self._drawn.sample(KEYS, 2)}
        heading, row = self._drawn.choice(
            [
                ("date,article,views", DAY + ",{},{}"),
                ("article,views", "{},{}"),
                ("article,score,count", "{},5,{}"),
            ]
        )
        lines = [heading, *(row.format(key, number) for key, number in views.items())]
        summary = self._bring_files({"a.csv": "\n".join(lines) + "\n"}, self._now)
        if summary.id:
            self._imports.append(summary.id)

    def _change(self) -> None:
        key, into = self._drawn.sample(KEYS, 2)
        rule = {"do": "merge", "into": into} if self._drawn.random() < 0.7 else {"do": "delete"}
        with suppress(InvalidInputError):  # nobody has it just now
            self._changes.append(change(self._services, self._now, key=key, **rule))

    def _undo(self) -> None:
        if self._changes and (not self._imports or self._drawn.random() < 0.5):
            take_back(self._services, self._changes.pop(), self._now)
        elif self._imports:
            gone = self._imports.pop(self._drawn.randrange(len(self._imports)))
            self._services.portability.legacy.undo("kimson", gone, self._now)


@pytest.mark.parametrize("seed", range(40))
def test_all_undone_in_any_order_leaves_what_was_there(
    bring_files: Bring, services: Services, redis_client: redis.Redis, keys: SiteKeys, seed: int
) -> None:
    """Days, all time, balances and ratings; changes are taken back from the latest on."""
    redis_client.zadd(keys.articles, dict(zip(KEYS, (7, 5, 3, 2), strict=True)) | {OTHER: 4000})
    redis_client.zadd(keys.day_articles(DAY), {OTHER: 4000, KEYS[1]: 1})
    for key in KEYS[:2]:
        redis_client.hset(keys.opening, key, "9")
        redis_client.hset(keys.ratings, key, "1,0,0,0,2")
    before = numbers(redis_client, keys)

    Story(services, bring_files, seed).tell()

    assert numbers(redis_client, keys) == before


def test_an_archive_carries_for_which_article_a_key_counted(
    bring: Bring,
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
    tmp_path: Path,
) -> None:
    """The restored site undoes the import exactly."""
    view_and_merge(services, redis_client, keys)
    done = bring(in_file(rows()))
    path = tmp_path / "kimson.jsonl"
    path.write_bytes(b"".join(services.portability.archives.lines("kimson", NOW)))
    services.sites.erasure.erase("kimson", "an", NOW)

    services.portability.archives.restore(path, NOW)
    services.portability.legacy.undo("kimson", done.id, NOW)

    assert articles(redis_client, keys.articles) == {NEW: 7}

"""Imports are taken out again: exactly, also when cut off, and what cannot be is said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from stats_service.errors import ConflictError, NotFoundError, StoreUnavailableError
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.work import Plan
from stats_service.store.keys import SiteKeys
from stats_service.store.portability.legacy import LegacyStore
from tests.support.clock import FakeClock
from tests.support.filled import fill
from tests.support.overlapping_logs import everything, in_file, independent_count, some_rows, stored
from tests.support.pages import BROWSER


@pytest.mark.parametrize("live", [False, True])
def test_an_import_is_taken_out_exactly(
    bring: Callable[..., LegacySummary],
    services: Services,
    site: Site,
    clock: FakeClock,
    redis_client: redis.Redis,
    keys: SiteKeys,
    live: bool,
) -> None:
    """Totals, days, records, articles, hours; beside live views and another import."""
    if live:
        fill(services, clock, site, days=2)
    rows = some_rows(3)
    bring(in_file(rows[:100]))
    before = everything(redis_client, keys)

    more = bring(in_file(rows[80:]), names=("access.log.2",))
    assert more.views == 300
    assert everything(redis_client, keys) != before
    gone = services.portability.legacy.undo("kimson", "access.log.2", clock.now())

    assert gone.views == 300
    assert everything(redis_client, keys) == before
    assert bring(in_file(rows)).views == 300


def test_what_was_taken_out_comes_in_again(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """The first of two goes; the whole file then brings just that again."""
    rows = some_rows(4)
    first = bring(in_file(rows[:200]))
    bring(in_file(rows))

    services.portability.legacy.undo("kimson", first.id[:6], FakeClock().now())
    assert stored(redis_client, keys)["counts"]["views"] == 200
    again = bring(in_file(rows))

    assert again.views == 200
    assert stored(redis_client, keys) == independent_count(rows)


@pytest.mark.parametrize("after", range(0, 9, 2))
def test_an_undo_that_is_cut_off_goes_on(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
) -> None:
    """Each part goes once; nothing else comes in before it is over."""
    rows = [(1771300000 + 86_400 * day, "192.0.2.1", BROWSER, f"/{day}") for day in range(9)]
    bring(in_file(rows))
    undo_day, done = LegacyStore.undo_day, iter(range(100))

    def broken(self: LegacyStore, *arguments: Any) -> None:
        if next(done) == after:
            raise StoreUnavailableError("Redis is gone")
        undo_day(self, *arguments)

    monkeypatch.setattr(LegacyStore, "undo_day", broken)
    (file,) = services.portability.legacy.files("kimson")
    with pytest.raises(StoreUnavailableError):
        services.portability.legacy.undo("kimson", file.id, FakeClock().now())
    with pytest.raises(ConflictError, match="cut off"):
        bring(in_file([(1771300000, "192.0.2.7", BROWSER, "/x")]))
    monkeypatch.undo()
    services.portability.legacy.undo("kimson", file.id, FakeClock().now())

    assert everything(redis_client, keys) == {}


def test_articles_that_found_no_room_are_taken_out_of_the_others(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
    tmp_path: Path,
) -> None:
    """Also if one of them is kept by name meanwhile."""
    site = services.sites.sites.edit("kimson", article_cap=2)
    path = tmp_path / "a.log"
    path.write_text(in_file([(1771300000 + n, "192.0.2.1", BROWSER, f"/{n}") for n in range(5)]))
    services.portability.legacy.run(Source(site), [path], Plan(kind="access-log"), 1.8e9)
    assert redis_client.zscore(keys.articles, "(other)") == 3
    redis_client.zadd(keys.articles, {"/4": 7})
    redis_client.zadd(keys.articles, {"(other)": 2}, incr=True)

    services.portability.legacy.undo("kimson", "a.log", 1.8e9)

    assert dict(redis_client.zrange(keys.articles, 0, -1, withscores=True)) == {
        "/4": 7,
        "(other)": 2,
    }


@pytest.mark.parametrize("name", ["nothing", "a.log"])
def test_what_cannot_be_taken_out_is_said(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
    name: str,
) -> None:
    """No such import, several of the name, or one of a version that kept no parts."""
    undo = services.portability.legacy.undo
    for number in range(2):
        bring(in_file(some_rows(number)), names=("a.log",))

    with pytest.raises((NotFoundError, ConflictError), match=name):
        undo("kimson", name, 1.8e9)

    redis_client.delete(keys.legacy)
    old = b'{"name":"a.log","kind":"access-log","at":1.0,"views":1,"visits":1,"complete":true}'
    redis_client.hset(keys.legacy, "0a1b" * 16, old)
    with pytest.raises((NotFoundError, ConflictError), match=name):
        undo("kimson", name, 1.8e9)

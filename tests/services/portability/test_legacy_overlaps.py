"""Nothing comes in twice: logs that overlap, in any order, beside other counters and live views."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_service.errors import ConflictError
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.marks import Mark, pack_marks
from stats_service.store.keys import IMPORT_READERS_SECONDS, SiteKeys
from stats_service.store.portability.legacy import LegacyStore
from tests.support.clock import FakeClock
from tests.support.filled import fill
from tests.support.overlapping_logs import (
    everything,
    in_file,
    independent_count,
    some_rows,
    stored,
)
from tests.support.pages import BROWSER


def test_a_log_that_has_grown_gives_the_numbers_of_the_whole(
    bring: Callable[..., LegacySummary], redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """The first part on Monday, all of it on Friday, under another name."""
    rows = some_rows()

    first = bring(in_file(rows[:250]), names=("access.log",))
    whole = bring(in_file(rows), names=("access.log.1",))

    assert stored(redis_client, keys) == independent_count(rows)
    assert (first.views, whole.views, whole.known_views) == (250, 150, 250)
    assert bring(in_file(rows)).known


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_split_into_overlapping_files_gives_the_numbers_of_the_whole(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
    data: st.DataObject,
) -> None:
    """In any order, over any number of commands."""
    # Some hours about midnight, in UTC or in Vietnam, with many visits that a cut goes through.
    begin = data.draw(st.sampled_from((1771280000, 1771340000)))
    rows = some_rows(data.draw(st.integers(0, 5)), 120, begin, 15_000)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(rows) - 1), max_size=4)))
    edges = [0, *cuts, len(rows)]
    pieces = [
        rows[max(0, begin - data.draw(st.integers(0, 30))) : end] for begin, end in pairwise(edges)
    ]
    for key in redis_client.scan_iter(keys.pattern):
        if not key.rpartition("}:")[2].startswith(("site", "founded")):
            redis_client.delete(key)

    together: list[str] = []
    for piece in data.draw(st.permutations(pieces)):
        together.append(in_file(piece))
        if data.draw(st.booleans()):
            bring(*together)
            together = []
    if together:
        bring(*together)

    assert stored(redis_client, keys) == independent_count(rows)
    some = services.portability.legacy.files("kimson")
    for file in data.draw(st.lists(st.sampled_from(some), unique_by=lambda one: one.id)):
        services.portability.legacy.undo("kimson", file.id, FakeClock().now())
    bring(in_file(rows))
    assert stored(redis_client, keys) == independent_count(rows)
    for file in data.draw(st.permutations(services.portability.legacy.files("kimson"))):
        services.portability.legacy.undo("kimson", file.id, FakeClock().now())
    assert everything(redis_client, keys) == {}


@pytest.mark.parametrize("lines_apart", [1, 40])
def test_when_readers_are_forgotten_an_overlap_still_tells(
    bring: Callable[..., LegacySummary], redis_client: redis.Redis, keys: SiteKeys, lines_apart: int
) -> None:
    """After two days the lines alone are known: what overlaps for half an hour stays exact."""
    rows = some_rows()
    bring(in_file(rows[:250]))
    assert 0 < redis_client.ttl(keys.import_salt) <= IMPORT_READERS_SECONDS
    for key in redis_client.scan_iter(keys.pattern):
        if key.endswith((":readers", ":salt")):
            assert 0 < redis_client.ttl(key) <= IMPORT_READERS_SECONDS
            redis_client.delete(key)

    bring(in_file(rows[250 - lines_apart :]))

    expected, found = independent_count(rows), stored(redis_client, keys)
    assert found["articles"] == expected["articles"]
    assert found["counts"]["views"] == expected["counts"]["views"]
    if lines_apart == 40:
        assert found == expected


def test_readers_of_two_servers_are_not_taken_for_one(
    bring: Callable[..., LegacySummary], redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """Behind a balancer two ask for the same page, with the same browser, in the same second."""
    rows = [(1771300000, f"192.0.2.{n}", BROWSER, "/") for n in range(4)]

    bring(in_file(rows[:2]))
    bring(in_file(rows[2:]))

    assert stored(redis_client, keys) == independent_count(rows)


def test_all_files_of_a_command_or_none(
    bring: Callable[..., LegacySummary], redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """The one that cannot be read is named."""
    with pytest.raises(Exception, match=r"second\.log is no access log"):
        bring(in_file(some_rows()), "no,log\n1,2\n", names=("first.log", "second.log"))

    assert everything(redis_client, keys) == {}


def test_the_dry_run_says_which_days_would_grow(
    bring: Callable[..., LegacySummary], redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """And by what; nothing is written, not even a salt."""
    rows = some_rows()
    bring(in_file(rows[:250]))
    before = sorted(redis_client.scan_iter(keys.pattern))
    wanted = independent_count(rows)["counts"]

    found = bring(in_file(rows), dry_run=True)

    there = independent_count(rows[:250])["counts"]
    days = [
        d for d in ("2026-02-17", "2026-02-18") if wanted[f"views:{d}"] > there.get(f"views:{d}", 0)
    ]
    assert [(g.day, g.before + g.more) for g in found.growing if g.before] == [
        (day, wanted[f"views:{day}"]) for day in days if f"views:{day}" in there
    ]
    assert sorted(redis_client.scan_iter(keys.pattern)) == before


def test_a_test_view_does_not_make_a_day_live(
    bring: Callable[..., LegacySummary], services: Services, site: Site, clock: FakeClock
) -> None:
    """The day is named, or the day before which files count."""
    fill(services, clock, site, days=1)  # on 4 March
    day = datetime(2026, 3, 4, 3, tzinfo=UTC).timestamp()
    rows = [(int(day) + 86_400 * n, "192.0.2.1", BROWSER, "/") for n in range(3)]

    assert bring(in_file(rows), dry_run=True).overlapping == 3
    assert bring(in_file(rows), dry_run=True, before="2026-03-05").views == 1
    assert bring(in_file(rows), tests=("2026-03-04",)).views == 3


def test_two_imports_at_once_do_not_both_come_in(
    bring: Callable[..., LegacySummary],
    services: Services,
    site: Site,
    redis_client: redis.Redis,
    keys: SiteKeys,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second was worked out without the first: it is refused, and adds nothing."""
    begin = LegacyStore.begin
    rows = some_rows()

    def late(self: LegacyStore, *arguments: Any) -> None:
        monkeypatch.setattr(LegacyStore, "begin", begin)
        bring(in_file(rows))
        begin(self, *arguments)

    monkeypatch.setattr(LegacyStore, "begin", late)
    with pytest.raises(ConflictError, match="came in while"):
        bring(in_file(rows[:200]))

    assert stored(redis_client, keys) == independent_count(rows)


def test_a_line_costs_some_bytes() -> None:
    """A million views leave some five megabytes behind, whatever they ask for."""
    drawn = random.Random(1)
    seconds = sorted(drawn.randrange(86_400) for _ in range(20_000))
    marks = [Mark(second, drawn.getrandbits(31), 0) for second in seconds]

    assert len(pack_marks(marks)) < 5.5 * len(marks)

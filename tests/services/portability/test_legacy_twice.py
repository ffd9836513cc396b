"""Nothing comes in twice, everything can be taken out again: logs that overlap, in any order."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_service.config import Settings
from stats_service.errors import ConflictError, NotFoundError, StoreUnavailableError
from stats_service.models.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.imports import Plan
from stats_service.services.portability.legacy.marks import Mark, pack_marks
from stats_service.store.keys import IMPORT_READERS_SECONDS, SiteKeys
from stats_service.store.portability.legacy import LegacyStore
from tests.support.clock import FakeClock
from tests.support.filled import fill
from tests.support.pages import BROWSER

AGENTS = (BROWSER, BROWSER.replace("Chrome/", "Chrome/9"))
VIETNAM = timedelta(hours=7)

#: Seconds since 1970, address, agent, path.
Row = tuple[int, str, str, str]


def text_of(row: Row) -> str:
    """Return a row as Apache writes it."""
    moment = datetime.fromtimestamp(row[0], UTC) + VIETNAM
    return (
        f'{row[1]} - - [{moment:%d/%b/%Y:%H:%M:%S} +0700] "GET {row[3]} HTTP/1.1" 200 5 "-" '
        f'"{row[2]}"\n'
    )


def independent_count(rows: list[Row]) -> dict[str, dict[str, int]]:
    """Count by hand: views, visits by day and hour, articles by day; nothing of the service's."""
    counts: Counter[str] = Counter()
    hours: Counter[str] = Counter()
    articles: Counter[str] = Counter()
    last: dict[tuple[str, str], int] = {}
    for at, address, agent, path in sorted(rows):
        local = datetime.fromtimestamp(at, UTC) + VIETNAM
        visit = at - last.get((address, agent), 0) >= 1800
        last[address, agent] = at
        for metric in ["views"] + ["visits"] * visit:
            counts[metric] += 1
            counts[f"{metric}:{local:%Y-%m-%d}"] += 1
            hours[f"{local:%Y-%m-%d} {metric}:{local:%H}"] += 1
        articles[path] += 1
        articles[f"{local:%Y-%m-%d} {path}"] += 1
    return {"counts": dict(counts), "hours": dict(hours), "articles": dict(articles)}


def stored(client: redis.Redis, keys: SiteKeys) -> dict[str, dict[str, int]]:
    """Return the same as it stands in Redis."""
    counts = {
        name: int(value)
        for name, value in client.hgetall(keys.counts).items()
        if name in ("views", "visits") or (len(name) > 15 and "record" not in name)
    }
    days = sorted({name.partition(":")[2] for name in counts if ":" in name})
    hours, articles = (
        {},
        {a: int(n) for a, n in client.zrange(keys.articles, 0, -1, withscores=True)},
    )
    for day in days:
        hours |= {f"{day} {f}": int(n) for f, n in client.hgetall(keys.hours(day)).items()}
        found = client.zrange(keys.day_articles(day), 0, -1, withscores=True)
        articles |= {f"{day} {article}": int(n) for article, n in found}
    return {"counts": counts, "hours": hours, "articles": articles}


def everything(client: redis.Redis, keys: SiteKeys) -> dict[str, Any]:
    """Return all that is kept of the site's numbers, expiries left aside."""
    found: dict[str, Any] = {}
    raw = redis.Redis(
        connection_pool=redis.ConnectionPool(
            client.connection_pool.connection_class,
            **client.connection_pool.connection_kwargs | {"decode_responses": False},
        )
    )
    for key in raw.scan_iter(keys.pattern):
        name = key.decode().partition("}:")[2]
        if name.startswith("legacy:salt") or name == "audit":
            continue
        if raw.type(key) == b"hash":
            found[name] = raw.hgetall(key)
            found[name].pop(b"imports", None)
        elif raw.type(key) == b"zset":
            found[name] = dict(raw.zrange(key, 0, -1, withscores=True))
    raw.close()
    return {name: value for name, value in found.items() if value}


@pytest.fixture
def keys(settings: Settings) -> SiteKeys:
    """Give the names of the site's keys."""
    return SiteKeys(settings.key_prefix, "kimson")


@pytest.fixture
def bring(services: Services, site: Site, tmp_path: Path) -> Callable[..., LegacySummary]:
    """Give what imports texts as files of one command."""
    numbers = iter(range(10**6))

    def import_them(*texts: str, names: tuple[str, ...] = (), **options: Any) -> LegacySummary:
        paths = []
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        for number, text in enumerate(texts):
            path = folder / (names[number] if names else f"{next(numbers)}.log")
            path.write_text(text)
            paths.append(path)
        plan = Plan(kind=options.pop("kind", "access-log"), **options)
        return services.portability.legacy.run(Source(site), paths, plan, FakeClock().now())

    return import_them


def some_rows(
    seed: int = 1, number: int = 400, begin: int = 1771300000, seconds: int = 100_000
) -> list[Row]:
    """Return readers who come, go on and come again, sorted by time; from 17 February 2026 on."""
    drawn = random.Random(seed)
    rows = [
        (
            begin + drawn.randrange(0, seconds, 7),
            f"192.0.2.{drawn.randrange(12)}",
            drawn.choice(AGENTS),
            f"/tin/{drawn.randrange(9)}",
        )
        for _ in range(number)
    ]
    return sorted(rows)


def in_file(rows: list[Row]) -> str:
    """Return a log."""
    return "".join(map(text_of, rows))


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


EXPORT = "date,visits,pageviews\n2026-02-16,3,7\n2026-02-17,1,{views}\n"


def test_an_export_that_has_grown_adds_what_is_new(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """Its last day was not over at the first export."""
    first = bring(EXPORT.format(views=2), kind="plausible-visitors")
    second = bring(EXPORT.format(views=9) + "2026-02-18,1,1\n", kind="plausible-visitors")

    assert (first.views, second.views, second.known_views) == (9, 8, 9)
    assert [(g.day, g.before, g.more) for g in second.growing] == [("2026-02-17", 2, 7)]
    assert redis_client.hget(keys.counts, "views") == "17"
    services.portability.legacy.undo("kimson", second.id, FakeClock().now())
    assert redis_client.hget(keys.counts, "views") == "9"
    assert redis_client.hget(keys.counts, "record:views") == "7"


def test_two_exports_of_one_command_that_overlap(
    bring: Callable[..., LegacySummary], redis_client: redis.Redis, keys: SiteKeys
) -> None:
    """A day that both have counts once."""
    both = bring(
        EXPORT.format(views=2),
        EXPORT.format(views=9) + "2026-02-18,1,1\n",
        kind="plausible-visitors",
    )

    assert (both.views, both.visits, both.days) == (17, 5, 3)
    assert redis_client.hget(keys.counts, "views") == "17"


def test_balances_of_articles_that_have_grown(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """What has no dates: the difference is added, and taken out again."""
    head = "meta_id,post_id,meta_key,meta_value\n"
    bring(f"{head}1,5,views,366\n", kind="wp-postviews")
    more = bring(f"{head}1,5,views,400\n2,6,views,4\n", kind="wp-postviews")

    assert (more.views, services.sites.sites.get("kimson").opening_views) == (38, 404)
    assert redis_client.hgetall(keys.opening) == {"/?p=5": "400", "/?p=6": "4"}
    services.portability.legacy.undo("kimson", more.id, FakeClock().now())
    assert redis_client.hgetall(keys.opening) == {"/?p=5": "366"}
    assert services.sites.sites.get("kimson").opening_views == 366


def test_ratings_come_once_and_go_again(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """The same table again adds nothing, a longer one what is new."""
    head = "rating_id,rating_postid,rating_rating\n"
    redis_client.hset(keys.ratings, "/?p=5", "0,1,0,0,3")
    bring(f"{head}1,5,5\n2,5,2\n", kind="wp-postratings")
    more = bring(f"{head}1,5,5\n2,5,2\n3,5,5\n", kind="wp-postratings")

    assert more.ratings == 1
    assert redis_client.hget(keys.ratings, "/?p=5") == "0,2,0,0,5"
    for file in services.portability.legacy.files("kimson"):
        services.portability.legacy.undo("kimson", file.id, FakeClock().now())
    assert redis_client.hget(keys.ratings, "/?p=5") == "0,1,0,0,3"


def test_days_that_another_counter_brought_are_not_added_again(
    bring: Callable[..., LegacySummary],
) -> None:
    """The same readers are in both; unless somebody says that they are others."""
    rows = some_rows()
    bring(EXPORT.format(views=2), kind="plausible-visitors")

    with pytest.raises(ConflictError, match="plausible-visitors"):
        bring(in_file(rows), dry_run=True)

    assert bring(in_file(rows), beside=True).views == 400


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

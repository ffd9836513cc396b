"""Events of exports: cut, overlapping, in any order, they give the numbers of the whole."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.work import Plan
from stats_service.store.keys import SiteKeys
from tests.services.portability.exports.test_systems import JOOMLA, NUKEVIET
from tests.support.clock import FakeClock
from tests.support.overlapping_logs import everything, stored

VIETNAM = timedelta(hours=7)
#: 23:20 in Vietnam, 16:20 in UTC; the events go on over midnight.
BEGIN = 1771345200


class Event(NamedTuple):
    """A view, in the visit `visit`."""

    number: int
    at: int
    visit: int
    path: str
    begins: bool


def some_events(seed: int, number: int = 80) -> list[Event]:
    """Return events of visits that last some minutes, sorted by time."""
    drawn = random.Random(seed)
    starts = {visit: BEGIN + drawn.randrange(9000) for visit in range(number // 3)}
    times = sorted(
        (starts[visit] + drawn.randrange(1500), visit)
        for visit in (drawn.randrange(len(starts)) for _ in range(number))
    )
    begun: set[int] = set()
    events = []
    for n, (at, visit) in enumerate(times, 1):
        events.append(Event(n, at, visit, f"/tin/{drawn.randrange(7)}", visit not in begun))
        begun.add(visit)
    return events


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def umami(events: list[Event]) -> str:
    """Umami's cloud export."""
    return "website_id,session_id,visit_id,event_id,hostname,url_path,event_type,created_at\n" + (
        "".join(
            f"w,s{e.visit},v{e.visit},e{e.number},kimson.example.vn,{e.path},1,"
            f"{_utc(e.at):%Y-%m-%d %H:%M:%S}\n"
            for e in events
        )
    )


def goatcounter(events: list[Event]) -> str:
    """GoatCounter's CSV, which may begin at any hit."""
    return (
        "2Path,Title,Event,UserAgent,Browser,System,Session,Bot,Referrer,Referrer scheme,"
        "Screen size,Location,FirstVisit,Date\n"
    ) + "".join(
        f"{e.path},,false,,Firefox 1,Linux,s{e.visit:x},0,,,,VN,"
        f"{str(e.begins).lower()},{_utc(e.at):%Y-%m-%dT%H:%M:%SZ}\n"
        for e in events
    )


def dnn(events: list[Event]) -> str:
    """DNN's table, with times of the server."""
    return "SiteLogId,DateTime,PortalId,UserHostAddress,Url,UserAgent\n" + "".join(
        f"{e.number},{_utc(e.at) + VIETNAM:%Y-%m-%d %H:%M:%S},0,192.0.2.{e.visit},{e.path},"
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\n"
        for e in events
    )


def vcnt(events: list[Event]) -> str:
    """Joomla's VCNT, without an id: the same second may have two visitors."""
    return "tm,ip\n" + "".join(f"{e.at // 600 * 600},192.0.2.{e.number}\n" for e in events)


#: How each is written, and what it knows: views and articles, visits.
FORMATS: dict[str, tuple[Callable[[list[Event]], str], bool, bool]] = {
    "website_event.csv": (umami, True, True),
    "goatcounter.csv": (goatcounter, True, True),
    "SiteLog.csv": (dnn, True, False),
    "jos_vcnt.csv": (vcnt, False, True),
}


def independent_count(name: str, events: list[Event]) -> dict[str, dict[str, int]]:
    """Count by hand: views, visits by day and hour, articles by day."""
    _, views, visits = FORMATS[name]
    counts: Counter[str] = Counter()
    hours: Counter[str] = Counter()
    articles: Counter[str] = Counter()
    for event in events:
        at = event.at if views else event.at // 600 * 600
        local = _utc(at) + VIETNAM
        visit = visits and (event.begins or not views)
        for metric in ["views"] * views + ["visits"] * visit:
            counts[metric] += 1
            counts[f"{metric}:{local:%Y-%m-%d}"] += 1
            hours[f"{local:%Y-%m-%d} {metric}:{local:%H}"] += 1
        if views:
            articles[event.path] += 1
            articles[f"{local:%Y-%m-%d} {event.path}"] += 1
    return {"counts": dict(counts), "hours": dict(hours), "articles": dict(articles)}


@pytest.fixture
def bring(services: Services, site: Site, tmp_path: Path) -> Callable[..., LegacySummary]:
    """Give what imports texts as files of one command, all of one name."""
    numbers = iter(range(10**6))

    def import_them(name: str, *texts: str, **options: Any) -> LegacySummary:
        paths = []
        for text in texts:
            folder = tmp_path / str(next(numbers))
            folder.mkdir()
            paths.append(folder / name)
            paths[-1].write_text(text)
        now = FakeClock().now()
        current = services.sites.sites.get(site.slug)
        plan = Plan(keep_opening=True, **options)
        return services.portability.legacy.run(Source(current), paths, plan, now)

    return import_them


@pytest.mark.parametrize("name", FORMATS)
@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_split_of_events_gives_the_numbers_of_the_whole(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
    name: str,
    data: st.DataObject,
) -> None:
    """Overlapping files, in any order, in one or several commands; and out again exactly."""
    write = FORMATS[name][0]
    events = some_events(data.draw(st.integers(0, 9)))
    expected = independent_count(name, events)
    pieces: list[list[Event]] = [[] for _ in range(data.draw(st.integers(2, 4)))]
    cut = data.draw(st.booleans())
    drawn = random.Random(data.draw(st.integers(0, 99)))
    for place, event in enumerate(events):
        # Either cut by time, or dealt out at random; some events stand in two files.
        first = place * len(pieces) // len(events) if cut else drawn.randrange(len(pieces))
        again = {drawn.randrange(len(pieces))} if drawn.random() < 0.2 else set()
        for one in {first} | again:
            pieces[one].append(event)
    for key in redis_client.scan_iter(keys.pattern):
        if not key.rpartition("}:")[2].startswith(("site", "founded")):
            redis_client.delete(key)

    together: list[str] = []
    for piece in data.draw(st.permutations([piece for piece in pieces if piece])):
        together.append(write(piece))
        if data.draw(st.booleans()):
            bring(name, *together)
            together = []
    if together:
        bring(name, *together)

    assert stored(redis_client, keys) == expected
    assert bring(name, write(events)).known
    some = services.portability.legacy.files("kimson")
    for file in data.draw(st.lists(st.sampled_from(some), unique_by=lambda one: one.id)):
        services.portability.legacy.undo("kimson", file.id, FakeClock().now())
    bring(name, write(events))
    assert stored(redis_client, keys) == expected
    for file in data.draw(st.permutations(services.portability.legacy.files("kimson"))):
        services.portability.legacy.undo("kimson", file.id, FakeClock().now())
    assert everything(redis_client, keys) == {}


def test_an_hour_that_two_exports_share_is_whole(
    bring: Callable[..., LegacySummary],
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """The smallest: one event each, in one hour, brought in by two commands."""
    events = some_events(1)[:2]

    bring("website_event.csv", umami(events[:1]))
    second = bring("website_event.csv", umami(events[1:]))

    assert (second.views, second.known_views) == (1, 0)
    assert stored(redis_client, keys) == independent_count("website_event.csv", events)


def test_ratings_that_two_exports_share_are_all_counted_once(
    bring: Callable[..., LegacySummary],
    services: Services,
    redis_client: redis.Redis,
    keys: SiteKeys,
) -> None:
    """Rows of WP-PostRatings 1 to 6 and 4 to 9, of one post."""
    head = (
        "rating_id,rating_postid,rating_posttitle,rating_rating,rating_timestamp,rating_ip,"
        "rating_host,rating_username,rating_userid\n"
    )
    rows = [f"{n},7,T,{1 + n % 5},{BEGIN + n},,,,0\n" for n in range(1, 10)]

    bring("wp_ratings.csv", head + "".join(rows[:6]))
    second = bring("wp_ratings.csv", head + "".join(rows[3:]))

    assert second.ratings == 3
    assert list(redis_client.hgetall(keys.ratings).values()) == ["1,2,2,2,2"]
    for file in services.portability.legacy.files("kimson"):
        services.portability.legacy.undo("kimson", file.id, FakeClock().now())
    assert everything(redis_client, keys) == {}


def test_days_that_a_counter_forgets_do_not_count_again_in_its_rest(
    bring: Callable[..., LegacySummary],
) -> None:
    """NukeViet's counter keeps days of one month alone: a month later they stand in the total."""
    first = bring("a.sql", NUKEVIET)
    december = int(datetime(2026, 12, 3, 2, tzinfo=UTC).timestamp())
    later = NUKEVIET.replace("1814165", "1814190").replace("1795797000", str(december))
    for row, now in (
        ("'27', 1795741200, 1000, 1000", "'27', 0, 0, 0"),
        (f"'28', {december}, 1507, 1507", f"'3', {december}, 25, 25"),
    ):
        assert row in later
        later = later.replace(row, now)

    second = bring("b.sql", later)

    assert (first.visits, second.visits) == (1814165, 25)


def test_rows_that_a_counter_cleans_away_do_not_count_again(
    bring: Callable[..., LegacySummary],
) -> None:
    """VCNT takes old rows out of its table, and adds their number to `cnt`."""
    first = bring("a.sql", JOOMLA)
    later = JOOMLA.replace("(1577147400,'203.0.113.9'),", "").replace("(1000)", "(1001)")
    assert later != JOOMLA

    second = bring("b.sql", later)

    assert (first.visits, second.visits) == (1003, 0)

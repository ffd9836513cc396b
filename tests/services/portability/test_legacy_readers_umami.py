"""What events of Umami tell of visits, as an independent count has it."""

import random
from collections import Counter
from collections.abc import Callable

import pytest
import redis

from stats_service.config import Settings
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.overlapping_logs import everything
from tests.support.visits_told import UMAMI_HEAD, Event, naive_count, some_visits

Bring = Callable[..., LegacySummary]


@pytest.mark.parametrize("seed", range(3))
def test_events_of_umami_tell_where_a_visit_begins(
    site: Site, bring_files: Bring, told: Callable[[str], dict[str, int]], seed: int
) -> None:
    """In any order, cut into files that overlap, in one command or in several."""
    events = some_visits(seed)
    half = len(events) // 2
    parts = [events[: half + 20], events[half - 20 :], events]
    texts = [UMAMI_HEAD + "".join(map(str, part)) for part in parts]
    if seed:
        texts = ["".join([UMAMI_HEAD, *map(str, sorted(events, key=lambda e: e.visit))])]

    if seed == 2:
        summary = bring_files({"a.csv": texts[0], "b.csv": texts[0] + "\n"})
    else:
        summary = bring_files({f"{n}.csv": text for n, text in enumerate(texts)})

    assert told("2026-02-17") == naive_count(events)
    assert summary.readers["entry"] == summary.visits
    assert bring_files({"c.csv": texts[-1]}).readers == {}


@pytest.mark.parametrize("seed", range(10, 16))
def test_no_day_is_told_of_more_visits_than_it_has(
    services: Services,
    site: Site,
    bring_files: Bring,
    told: Callable[[str], dict[str, int]],
    redis_client: redis.Redis,
    settings: Settings,
    seed: int,
) -> None:
    """Events are dealt out to commands in any order, which cuts visits; then each is taken out."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    drawn = random.Random(seed)
    # Over midnight in Vietnam, which is 17:00 in UTC.
    found = some_visits(seed)
    begins = {one.visit: min(e.minute for e in found if e.visit == one.visit) for one in found}
    events = [
        event._replace(minute=event.minute - begins[event.visit] + 1000 + begins[event.visit] % 25)
        for event in found
    ]
    cut = sorted(events, key=lambda event: event.minute)
    hands: list[list[Event]] = [[], [], []]
    for place, event in enumerate(cut):
        hand = place * 3 // len(cut) if seed % 2 else drawn.randrange(3)
        hands[hand].append(event)
    drawn.shuffle(hands)

    def check() -> None:
        for day in ("2026-02-17", "2026-02-18"):
            visits = int(redis_client.hget(keys.counts, f"visits:{day}") or 0)
            sums: Counter[str] = Counter()
            for line, n in told(day).items():
                assert n > 0
                sums["b" if line[0] == "v" else line[0]] += n
            assert max(sums.values(), default=0) <= visits

    imports = []
    for hand in hands:
        imports.append(bring_files({"e.csv": UMAMI_HEAD + "".join(map(str, hand))}))
        check()
    assert int(redis_client.hget(keys.counts, "visits")) == len({e.visit for e in events})
    drawn.shuffle(imports)
    for one in imports:
        services.portability.legacy.undo("kimson", one.id, FakeClock().now())
        check()
    assert everything(redis_client, keys) == {}


@pytest.mark.parametrize("seed", range(7, 10))
def test_a_later_part_that_overlaps_tells_what_is_new(
    site: Site, bring_files: Bring, told: Callable[[str], dict[str, int]], seed: int
) -> None:
    """In the order of time, a command each: as if all had come at once."""
    events = sorted(some_visits(seed), key=lambda event: event.minute)
    for part in (events[:70], events[50:90], events[80:]):
        bring_files({"e.csv": UMAMI_HEAD + "".join(map(str, part))})

    assert told("2026-02-17") == naive_count(events)


def test_sessions_of_umamis_database_tell_for_their_events(
    site: Site, bring_files: Bring, told: Callable[[str], dict[str, int]]
) -> None:
    """PostgreSQL's dump: the table of sessions, then that of events."""
    events = some_visits(6)
    sessions = {
        f"s{e.visit},w,{e.browser},{e.system},{e.device},{e.language},{e.country}\n" for e in events
    }
    rows = (
        f"e{e.number},w,s{e.visit},v{e.visit},{e.time},{e.path},{e.query},{e.referrer},1,,kimson.example.vn\n"
        for e in events
    )
    head = (
        "event_id,website_id,session_id,visit_id,created_at,url_path,url_query,referrer_domain,"
        "event_type,event_name,hostname\n"
    )

    bring_files(
        {
            "session.csv": "session_id,website_id,browser,os,device,language,country\n"
            + "".join(sorted(sessions)),
            "website_event.csv": head + "".join(rows),
        }
    )

    assert told("2026-02-17") == naive_count(events)

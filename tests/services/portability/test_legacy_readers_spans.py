"""What visits of other counters told, by months and in days with many values."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from stats_service.config import Settings
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.overlapping_logs import everything
from tests.support.visits_told import (
    GOATCOUNTER,
    PLAUSIBLE,
    PLAUSIBLE_TOLD,
    UMAMI_HEAD,
    naive_count,
    some_visits,
)

Bring = Callable[..., LegacySummary]


@pytest.mark.parametrize("years", [1, 6])
def test_days_that_are_no_longer_kept_are_told_by_month(
    services: Services,
    site: Site,
    bring_files: Bring,
    told: Callable[[str], dict[str, int]],
    redis_client: redis.Redis,
    settings: Settings,
    years: int,
) -> None:
    """Six years ago no day is kept; a year ago the month is summed by the next tick."""
    year = 2026 - years
    files = {
        name.replace("2026", str(year)): text.replace("2026-02", f"{year}-12")
        for name, text in PLAUSIBLE.items()
    }
    month = dict(Counter(PLAUSIBLE_TOLD["2026-02-17"]) + Counter(PLAUSIBLE_TOLD["2026-02-18"]))
    before = everything(redis_client, SiteKeys(settings.key_prefix, "kimson"))

    summary = bring_files(files)

    now = FakeClock().now()
    services.traffic.retention.retain(site, now)
    assert told(f"{year}-12") == month
    assert bool(told(f"{year}-12-17")) == (years == 1)
    assert bring_files(files).known
    services.portability.legacy.undo("kimson", summary.id, now)
    assert everything(redis_client, SiteKeys(settings.key_prefix, "kimson")) == before


def test_a_day_with_many_values_sums_to_its_visits(
    site: Site,
    bring_files: Bring,
    services: Services,
    told: Callable[[str], dict[str, int]],
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """200 sources are kept by name, those of most visits, and the remainder is exact."""
    rows = "".join(
        f'"2026-02-17","a{n}.vn","a{n}.vn","","","","","",1,1,{n},1,1\n' for n in range(1, 701)
    )
    total = sum(range(1, 701))
    files = {
        "imported_visitors.csv": PLAUSIBLE["imported_visitors_20260217_20260218.csv"].replace(
            "77,134,", f"77,{total},"
        ),
        "imported_sources.csv": PLAUSIBLE["imported_sources_20260217_20260218.csv"].split("\n")[0]
        + "\n"
        + rows,
    }

    summary = bring_files(files)

    found = told("2026-02-17")
    assert len(found) == 201
    assert found["sa700.vn"] == 700
    assert "sa500.vn" not in found
    assert sum(found.values()) == total == summary.readers["source"]
    assert bring_files(files).known


def test_a_month_that_has_lost_days_is_added_to(
    services: Services,
    site: Site,
    bring_files: Bring,
    told: Callable[[str], dict[str, int]],
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """The 5th of January of last year is no longer kept by day, the 30th is."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    events = some_visits(1)
    umami = UMAMI_HEAD + "".join(map(str, events)).replace("2026-02-17", "2025-01-30")
    files = {
        name: text.replace("2026-02-17", "2025-01-05").replace("2026-02-18", "2025-01-30")
        for name, text in PLAUSIBLE.items()
    }
    counted = Counter(naive_count(events))

    first = bring_files({"e.csv": umami})
    before = everything(redis_client, keys)
    second = bring_files(files, beside=True)

    expected = Counter(PLAUSIBLE_TOLD["2026-02-18"]) + counted
    assert told("2025-01-30") == expected
    assert told("2025-01") == expected + Counter(PLAUSIBLE_TOLD["2026-02-17"])
    services.traffic.retention.retain(site, FakeClock().now())
    assert told("2025-01") == expected + Counter(PLAUSIBLE_TOLD["2026-02-17"])
    services.portability.legacy.undo("kimson", second.id, FakeClock().now())
    assert everything(redis_client, keys) == before
    services.portability.legacy.undo("kimson", first.id, FakeClock().now())
    assert everything(redis_client, keys) == {}


def test_values_beyond_those_that_a_day_keeps_go_and_come_with_their_import(
    services: Services,
    site: Site,
    bring_files: Bring,
    told: Callable[[str], dict[str, int]],
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """Three imports with 200 sources each: 500 have a name, and 100 are of the third alone."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    head, *_ = PLAUSIBLE["imported_sources_20260217_20260218.csv"].split("\n")
    row = '"2026-02-17","a{0}.vn","a{0}.vn","","","","","",1,1,1,1,1\n'
    files = (
        {
            "imported_visitors.csv": PLAUSIBLE["imported_visitors_20260217_20260218.csv"].replace(
                "77,134,", "77,200,"
            ),
            "imported_sources.csv": f"{head}\n" + "".join(map(row.format, range(200))),
        },
        {
            "e.csv": UMAMI_HEAD
            + "".join(
                f"w,s,v{n},e{n},kimson.example.vn,,,,,,/,,b{n}.vn,1,,2026-02-17 01:00:00\n"
                for n in range(200)
            )
        },
        {
            "g.csv": GOATCOUNTER.split("\n", maxsplit=1)[0]
            + "\n"
            + "".join(
                f"/,,false,,,,{n + 1:x}-1,0,c{n}.vn/,h,,,true,2026-02-17T03:00:00Z\n"
                for n in range(200)
            )
        },
    )
    states, imports = [everything(redis_client, keys)], []
    for some in files:
        imports.append(bring_files(some, beside=True))
        states.append(everything(redis_client, keys))

    sources = {line: n for line, n in told("2026-02-17").items() if line[0] == "s"}
    assert sum(sources.values()) == 600
    assert (len(sources), sources["s"]) == (501, 100)
    for one, state in zip(reversed(imports), reversed(states[:-1]), strict=True):
        services.portability.legacy.undo("kimson", one.id, FakeClock().now())
        assert everything(redis_client, keys) == state


def test_an_archive_carries_what_imports_told_and_how_it_is_taken_out(
    services: Services,
    site: Site,
    bring_files: Bring,
    redis_client: redis.Redis,
    settings: Settings,
    tmp_path: Path,
) -> None:
    """After a restore the same files are known, and taking them out leaves nothing."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    old = {name: text.replace("2026-02", "2019-12") for name, text in PLAUSIBLE.items()} | {
        "imported_exit_pages.csv": "date,exit_page\n"
    }
    imports = [bring_files(PLAUSIBLE), bring_files(old)]
    before = everything(redis_client, keys)
    path = tmp_path / "kimson.jsonl"
    now = FakeClock().now()
    path.write_bytes(b"".join(services.portability.archives.lines("kimson", now)))
    services.sites.sites.remove("kimson")

    services.portability.archives.restore(path, now)

    assert everything(redis_client, keys) == before
    assert bring_files(PLAUSIBLE).known
    for one in imports:
        services.portability.legacy.undo("kimson", one.id, now)
    assert everything(redis_client, keys) == {}

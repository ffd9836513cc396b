"""The clock jumps, as after a repair of the machine's time."""

import asyncio
import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from stats_service.meters import Meters
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.operations.clock_watch import ClockWatch
from stats_service.services.operations.health import FAIL, OK
from stats_service.services.operations.machine_findings import clock_finding
from stats_service.store.redis.loop_client import LoopClient, connect_loop
from tests.support.clock import FakeClock
from tests.support.pages import new_hit, view


@pytest.mark.check("T50")
@pytest.mark.quick
@pytest.mark.parametrize("step", [300, -300])
def test_a_step_of_the_clock_counts_each_view_once(
    client: FlaskClient,
    services: Services,
    site: Site,
    clock: FakeClock,
    step: int,
    measured: Callable[[str], None],
) -> None:
    """Five minutes forward or back: no visit torn in two, online is no nonsense.

    A load that is repeated over a step back counts twice if the step crosses a border of the
    ten minutes whose hit ids are kept together: known, see docs/reliability.md.
    """
    hits = [new_hit() for _ in range(20)]
    for number, hit in enumerate(hits):
        view(client, hit=hit, address=f"192.0.2.{number}")
    clock.advance(step)
    for number, hit in enumerate(hits):  # the same loads once more, and a new one each
        if step > 0:
            view(client, hit=hit, address=f"192.0.2.{number}")
        view(client, address=f"192.0.2.{number}")

    counts = services.traffic.views.counts(site, clock.now())

    measured(f"{step:+} s: {counts.views.total} views, {counts.visits.total} visits")
    assert (counts.views.total, counts.visits.total) == (40, 20)
    assert counts.online == 20


@pytest.mark.check("T65")
@pytest.mark.quick
@pytest.mark.parametrize("hours", [7, -7])
def test_a_clock_that_is_off_for_a_second_leaves_nothing_behind(
    client: FlaskClient,
    services: Services,
    site: Site,
    clock: FakeClock,
    hours: int,
    measured: Callable[[str], None],
) -> None:
    """Seven hours ahead or behind with forty readers: online and its record are right at once."""
    readers = [f"192.0.2.{number}" for number in range(40)]
    for address in readers:
        view(client, address=address)
    clock.advance(hours * 3600)
    for address in readers:
        view(client, address=address)
    clock.advance(1 - hours * 3600)

    at_once = services.traffic.views.counts(site, clock.now())
    for address in readers[:20]:
        view(client, address=address)
    some = services.traffic.views.counts(site, clock.now())
    clock.advance(310)
    view(client, address=readers[0])
    later = services.traffic.views.counts(site, clock.now())
    clock.advance(1750)
    view(client, address=readers[1])
    ended = services.traffic.views.counts(site, clock.now())

    measured(
        f"{hours:+} h: online {at_once.online}, {some.online}, then {later.online}; most "
        f"{ended.peak.n if ended.peak else 0}; visits {some.visits.total}, {ended.visits.total}"
    )
    assert at_once.online <= 40
    assert some.online <= 40
    assert later.online == 1
    assert ended.online == 1
    assert ended.peak is not None
    assert ended.peak.n == 40
    # At most one visit more of each reader, that of the wrong moment; and the last one's.
    assert some.visits.total <= 80
    assert ended.visits.total == some.visits.total + 1, "a visit of the future would never end"
    assert services.operations.overview.of_sites([site], clock.now())[0].online == 1
    assert zcard(services) == 2, "who was never there is swept out"


def zcard(services: Services) -> int:
    """Return how many readers Redis keeps."""
    store = services.traffic.views._store
    return int(store._client.zcard(f"{store._prefix}:{{kimson}}:online"))


@pytest.mark.check("T65")
@pytest.mark.quick
def test_of_two_hosts_one_has_a_wrong_clock(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """It is not the readers of the other that pay for it."""
    for round_ in range(12):
        for number in range(10):
            view(client, address=f"192.0.2.{number}")
        clock.advance(7 * 3600)
        view(client, address=f"198.51.100.{round_}")
        clock.advance(20 - 7 * 3600)

    counts = services.traffic.views.counts(site, clock.now())

    assert counts.online == 10
    assert counts.peak is not None
    assert counts.peak.n == 12, "those of the other host, in five minutes of its own"
    assert counts.visits.total == 10 + 12


@pytest.mark.check("T65")
@pytest.mark.quick
def test_a_wrong_clock_is_noticed(services: Services, caplog: pytest.LogCaptureFixture) -> None:
    """A jump also where Redis jumps along; the log says when it begins and when it ends."""
    clock, steady = FakeClock(time.time()), FakeClock(1000.0)

    async def scenario() -> ClockWatch:
        connection = connect_loop(services.settings.redis_url, 5)
        await connection.start()
        watch = ClockWatch(LoopClient(connection), clock, Meters(), steady.now)
        await watch.look()
        for jump in (0, 0, 7 * 3600, 0, -7 * 3600, 0):
            clock.set(time.time() + (clock.now() > time.time() + 3600) * 7 * 3600)
            clock.advance(jump)
            steady.set(1000.0 + time.time() - begin)
            await watch.look()
        await connection.stop()
        return watch

    begin = time.time()
    watch = asyncio.run(scenario())

    assert (watch.jumps, watch.looks_apart) == (2, 2)
    jumped, apart, back, again = (record.getMessage() for record in caplog.records)
    assert "jumped by +25200 s" in jumped
    assert "25,200 s ahead of that of Redis" in apart
    assert "jumped by -25200 s" in back
    assert "agree again" in again
    offset = services.operations.health.clock_offset(FakeClock(time.time() - 60))
    assert clock_finding(offset).level == FAIL
    assert "60 s behind" in clock_finding(offset).text
    assert (
        clock_finding(services.operations.health.clock_offset(FakeClock(time.time()))).level == OK
    )

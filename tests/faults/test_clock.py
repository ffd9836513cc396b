"""The clock jumps, as after a repair of the machine's time."""

import asyncio
import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from stats_service.config import Settings
from stats_service.meters import Meters
from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.services.operations.clock_watch import ClockWatch
from stats_service.services.operations.health import FAIL, OK
from stats_service.services.operations.machine_findings import clock_finding
from stats_service.store.redis.loop_client import LoopClient, connect_loop
from tests.faults.load import Load, statuses
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN, new_hit, view
from tests.support.processes import wait_until
from tests.support.redis_groups import Server
from tests.support.server import running_service
from tests.support.votes import make_poll, new_ballot


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


ZONE = "Asia/Ho_Chi_Minh"
SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), view_ceiling=10**6)


@pytest.mark.check("T102")
@pytest.mark.faults
def test_the_clock_jumps_under_load(
    settings: Settings, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    """An hour and a day, forward and back, of a service with two workers; Redis' clock is right.

    Every view is counted once, in whatever day it was told; a voter has one ballot, whatever the
    time was when the token was given out; the log says of each jump that there was one.
    """
    server = Server(tmp_path / "redis", "appendonly yes\nsave ''").start()
    installed = replace(settings, redis_url=server.url, workers=2, trusted_proxies=1)
    services = create_services(replace(installed, redis_timeout=5))
    jump = tmp_path / "jump"
    jump.write_text("0")
    hour, day = 3600, 86_400
    try:
        services.sites.sites.add(SITE)
        poll = make_poll(services, protection=Protection(wait=0))
        voters, outcomes = list[str](), list[Counter[int]]()
        with (
            running_service(
                installed,
                app="tests.support.jumping_app:jumping()",
                environ={"JUMP_FILE": str(jump)},
            ) as url,
            Load([url], clients=8, rate=60) as load,
        ):
            log = next(installed.data_dir.glob("gunicorn-*.log"))

            def jumped() -> int:
                return log.read_text().count("The clock of this machine jumped")

            load.wait_for(lambda: any(one.status == 200 for one in load.sent))
            for offset in (hour, -hour, day, -day, 0):
                before = jumped()
                write(jump, str(offset))
                # Both workers look every ten seconds.
                load.wait_for(lambda before=before: jumped() >= before + 2, 60)  # type: ignore[misc]
                voters.append(answer(url, "page", voter="", hit=new_hit())[1]["voter"])
                ballots = [
                    answer(
                        url,
                        f"polls/{poll.id}/ballots",
                        voter=voter,
                        ballot=new_ballot(),
                        choices=["a"],
                    )[0]
                    for voter in voters
                ]
                outcomes.append(Counter(ballots))
        wait_until(lambda: not services.traffic.replay.run(time.time()), 30)
        total = services.traffic.views.counts(SITE, time.time()).views.total
        report = services.polls.integrity.report("kimson", poll.id, ZONE, time.time())
    finally:
        services.close()
        server.kill()

    promised = sum(one.promised for one in load.sent)
    measured(
        f"{len(load.sent)} views, {statuses(load.sent)}, {total} counted; ballots of each round "
        f"{[dict(one) for one in outcomes]}, {report.ballots} counted of {report.voters} voters"
    )
    assert promised == len(load.sent) == total - len(voters)
    assert [one[200] for one in outcomes] == [1] * len(outcomes)
    assert [one[409] for one in outcomes] == list(range(len(outcomes)))
    assert (report.ballots, report.voters, report.faults) == (len(voters), len(voters), ())


def answer(url: str, path: str, **body: Any) -> tuple[int, Any]:
    """Send what a page sends; return the status and what came back."""
    headers = {"Origin": ORIGIN, "User-Agent": BROWSER, "Content-Type": "text/plain"}
    data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(
            urllib.request.Request(f"{url}/v1/kimson/{path}", data, headers), timeout=10
        ) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def write(path: Path, text: str) -> None:
    """Write a file that others read meanwhile: they find the former text or this one."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)

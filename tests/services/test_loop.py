"""The event loop of a process: whose it is, who may wait for it, and how it ends."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from stats_service.config import Settings
from stats_service.errors import StoreUnavailableError
from stats_service.models.sites import Site
from stats_service.models.traffic.views import PageQuery, Visitor
from stats_service.services import loop as service_loop
from stats_service.services.container import Services
from tests.support.pages import BROWSER, ORIGIN, new_hit

READER = Visitor("192.0.2.1", BROWSER, ORIGIN, private=False, prefetch=False)


async def thread_name() -> str:
    """Return where a coroutine runs."""
    return threading.current_thread().name


def record(services: Services) -> Coroutine[Any, Any, Any]:
    """Return a view that is to be recorded."""
    now = services.clock.now()
    entry = services.sites.directory.entry("kimson", now)
    return services.traffic.recorder.record(entry, PageQuery(hit=new_hit()), READER, now)


def test_a_thread_is_started_when_something_is_asked_and_ends_with_the_services(
    services: Services,
) -> None:
    """Not before: gunicorn forks after the application was made."""
    before = threading.active_count()
    assert services.loop._thread is None

    names = {services.loop.run(thread_name()) for _ in range(3)}
    with ThreadPoolExecutor(8) as threads:
        names |= set(threads.map(lambda _: services.loop.run(thread_name()), range(50)))
    services.close()

    assert names == {"service-loop"}
    assert threading.active_count() == before


def test_a_running_loop_is_taken_as_it_is(services: Services, site: Site) -> None:
    """The worker's: what Flask's threads ask runs there, and no thread is started."""

    async def serve() -> tuple[str, bool]:
        await services.loop.start()
        name = await asyncio.to_thread(lambda: services.loop.run(thread_name()))
        answer = await asyncio.to_thread(lambda: services.loop.run(record(services)))
        await services.loop.stop()
        return name, answer.counted

    assert asyncio.run(serve()) == (threading.current_thread().name, True)


def test_what_is_under_way_is_answered_when_the_loop_ends(services: Services, site: Site) -> None:
    """Fifty threads wait for their views: each is counted, or its thread is told that it is not."""
    told: list[str] = []

    def ask() -> None:
        try:
            told.append("counted" if services.loop.run(record(services)).counted else "not")
        except StoreUnavailableError:
            told.append("refused")

    async def serve() -> None:
        await services.loop.start()
        threads = [threading.Thread(target=ask) for _ in range(50)]
        for thread in threads:
            thread.start()
        await asyncio.sleep(0)
        await services.loop.stop()
        await asyncio.to_thread(lambda: [thread.join() for thread in threads])

    asyncio.run(serve())

    assert len(told) == 50
    assert services.traffic.views.counts(site, services.clock.now()).views.total == told.count(
        "counted"
    )


def test_whoever_waits_for_what_never_ends_is_let_go(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop takes no longer than it may, and a thread that waits for the loop does not hang."""
    monkeypatch.setattr(service_loop, "STOP_SECONDS", 0.05)
    begun = threading.Event()

    async def never() -> None:
        begun.set()
        await asyncio.Event().wait()

    def ask() -> None:
        with pytest.raises(StoreUnavailableError, match="The service ends"):
            services.loop.run(never())

    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(ask)
        begun.wait(20)
        services.loop.close()
        asked.result(20)


def test_nobody_begins_anything_when_the_loop_has_ended(services: Services) -> None:
    """503, and no thread is started again."""
    services.loop.run(thread_name())
    services.loop.close()

    with pytest.raises(StoreUnavailableError, match="The service ends"):
        services.loop.run(thread_name())

    assert services.loop._thread is None


def test_errors_come_out_as_they_are(services: Services) -> None:
    """Whatever the coroutine raises."""

    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        services.loop.run(fail())


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "left"])
def test_each_process_after_a_fork_has_a_loop_of_its_own(
    settings: Settings, site: Site, closed: bool
) -> None:
    """The application is made before the fork; both ask, and end in silence, closed or not."""
    code = (
        "import os, sys; from pathlib import Path; from stats_service.config import Settings\n"
        "from stats_service.services.container import create_services\n"
        "secret, folder, url, prefix, closed = sys.argv[1:]\n"
        "s = create_services(Settings(secret=secret, data_dir=Path(folder), redis_url=url,"
        " key_prefix=prefix))\n"
        "child = os.fork()\n"
        "if child: os.waitpid(child, 0)\n"
        "print(s.loop.run(s.sites.in_loop.entry('kimson', s.clock.now())).site.slug)\n"
        "if closed: s.close()"
    )
    installation = settings.secret, settings.data_dir, settings.redis_url, settings.key_prefix

    ended = subprocess.run(
        [sys.executable, "-c", code, *map(str, installation), "yes" if closed else ""],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (ended.stdout, ended.stderr, ended.returncode) == ("kimson\nkimson\n", "", 0)

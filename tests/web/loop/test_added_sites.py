"""A site that is added, erased and added again, as workers see it that know it from before."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from stats_service.app import create_app, create_asgi_app
from stats_service.config import Settings
from stats_service.errors import UnknownSiteError
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.known_sites.loop import LoopSites
from stats_service.services.known_sites.site_directory import SiteDirectory, SiteEntry
from tests.support.asgi import in_process
from tests.support.clock import FakeClock
from tests.support.openapi import conforming_client
from tests.support.pages import BROWSER, ORIGIN, view
from tests.support.votes import make_poll, new_voter, rate, vote

SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))


@pytest.fixture(params=["flask", "hot"])
def workers(
    request: pytest.FixtureRequest, settings: Settings, clock: FakeClock
) -> Iterator[list[FlaskClient]]:
    """Give two workers, each with what it knows of sites, which it believes for five minutes."""
    ours = replace(settings, site_cache_seconds=300)
    with ExitStack() as stack:
        if request.param == "hot":
            apps = [stack.enter_context(in_process(create_asgi_app(ours, clock))) for _ in range(2)]
            yield [conforming_client(app) for app in apps]
        else:
            flasks = [create_app(ours, clock) for _ in range(2)]
            yield [app.test_client() for app in flasks]
            for app in flasks:
                app.extensions["stats_service"].close()


def pixel(client: FlaskClient) -> Any:
    """Load a page without JavaScript."""
    headers = {"User-Agent": BROWSER, "Referer": f"{ORIGIN}/tin/1"}
    return client.get("/v1/kimson/dot.gif", headers=headers)


def test_a_new_site_is_known_at_once(
    workers: list[FlaskClient], services: Services, clock: FakeClock
) -> None:
    """To every worker, however lately it found that there was none."""
    for worker in workers:
        assert view(worker).status_code == 404
        assert vote(worker, new_voter(services), "a").status_code == 404

    site = services.sites.sites.add(SITE)

    for worker in workers:
        assert view(worker).status_code == 200
    assert services.traffic.views.counts(site, clock.now()).views.total == 2


def test_a_site_that_was_erased_and_added_again_counts_at_once(
    workers: list[FlaskClient], services: Services, clock: FakeClock
) -> None:
    """Views, pixels, ballots, ratings and numbers, whichever comes first to a worker."""
    first, second = workers
    services.sites.sites.add(SITE)
    acts: list[Callable[[FlaskClient], Any]] = [
        view,
        pixel,
        lambda worker: worker.get("/v1/kimson/counts"),
        lambda worker: vote(worker, new_voter(services), "a"),
        lambda worker: rate(worker, new_voter(services, age=60)),
    ]
    for act in acts:
        for worker in workers:
            assert view(worker).status_code == 200
        services.sites.erasure.erase("kimson", "an", clock.now())
        site = services.sites.sites.add(SITE)
        make_poll(services)
        assert view(second).status_code == 200  # an article that is read can be rated

        assert act(first).status_code == 200, act

        assert services.traffic.views.counts(site, clock.now()).views.total in (1, 2)


def test_a_site_that_was_erased_is_gone(
    workers: list[FlaskClient], services: Services, clock: FakeClock
) -> None:
    """Also for those who know it from before."""
    services.sites.sites.add(SITE)
    make_poll(services)
    for worker in workers:
        assert view(worker).status_code == 200
    services.sites.erasure.erase("kimson", "an", clock.now())

    first, second = workers
    assert view(first).status_code == 404
    assert vote(second, new_voter(services), "a").status_code == 404
    assert view(second).status_code == 404


def test_a_site_that_is_restored_counts_at_once(
    workers: list[FlaskClient], services: Services, clock: FakeClock, tmp_path: Path
) -> None:
    """Also for a worker that has just found that it was erased."""
    services.sites.sites.add(SITE)
    for worker in workers:
        assert view(worker).status_code == 200
    archive = tmp_path / "kimson.jsonl"
    archive.write_bytes(b"".join(services.portability.archives.lines("kimson", clock.now())))
    services.sites.erasure.erase("kimson", "an", clock.now())
    first, second = workers
    assert view(first).status_code == 404

    services.portability.archives.restore(archive, clock.now())

    assert view(first).status_code == 200
    assert view(second).status_code == 200
    site = services.sites.sites.get("kimson")
    assert services.traffic.views.counts(site, clock.now()).views.total == 4


class SlowDirectory(SiteDirectory):
    """A directory whose first look at Redis takes as long as the test wants."""

    def __init__(self, directory: SiteDirectory) -> None:
        self.__dict__ = directory.__dict__
        self.looked, self.go_on = threading.Event(), threading.Event()
        self.looks = 0

    def load(self, slug: str, now: float) -> SiteEntry:
        """Look, then wait, once."""
        self.looks += 1
        try:
            return super().load(slug, now)
        finally:
            if self.looks == 1:
                self.looked.set()
                assert self.go_on.wait(10)


def test_who_comes_after_a_look_began_waits_for_the_next(
    services: Services, clock: FakeClock
) -> None:
    """The look found no site; it was added before the second reader came, and is looked for."""
    directory = SlowDirectory(services.sites.directory)
    found: list[SiteEntry | Exception] = []

    async def main() -> None:
        sites = LoopSites(directory, timeout=5)
        sites.when_read("kimson", clock.now(), lambda entry, _: found.append(entry))
        await asyncio.to_thread(directory.looked.wait, 10)
        services.sites.sites.add(SITE)
        sites.when_read("kimson", clock.now(), lambda entry, _: found.append(entry))
        directory.go_on.set()
        await sites.stop()

    asyncio.run(main())

    assert isinstance(found[0], UnknownSiteError)
    assert isinstance(found[1], SiteEntry)


def test_a_site_that_is_not_there_is_looked_for_once_a_moment(
    services: Services, clock: FakeClock
) -> None:
    """However many ask: a portal whose site was removed costs Redis next to nothing."""
    directory = SlowDirectory(services.sites.directory)
    directory.go_on.set()
    found: list[SiteEntry | Exception] = []

    async def main() -> None:
        sites = LoopSites(directory, timeout=5)
        for _ in range(10):
            for _ in range(100):
                sites.when_read("kimson", clock.now(), lambda entry, _: found.append(entry))
            await asyncio.sleep(0)
        await sites.stop()

    asyncio.run(main())

    assert len(found) == 1000
    assert all(isinstance(one, UnknownSiteError) for one in found)
    assert directory.looks <= 3

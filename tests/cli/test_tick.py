"""`stats-service tick`."""

import pytest
import redis

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.keys import SiteKeys
from tests.cli.conftest import Run
from tests.support.clock import FakeClock
from tests.support.receivers import accept


def test_a_tick_does_what_is_due_once_a_day(
    services: Services, site: Site, clock: FakeClock, redis_client: redis.Redis, settings: Settings
) -> None:
    """And tells of it."""
    key = SiteKeys(settings.key_prefix, "kimson").ignored
    redis_client.hset(key, "bot:2020-01-01", 1)

    said = [outcome.text for outcome in services.operations.ticks.run(clock.now())]
    redis_client.hset(key, "bot:2020-01-01", 1)
    soon = list(services.operations.ticks.run(clock.now()))
    clock.advance(86_400)
    later = [outcome.text for outcome in services.operations.ticks.run(clock.now())]

    assert said == later == ["kimson: forgot 1 old numbers of ignored views."]
    assert soon == []


def test_it_is_known_when_a_tick_ran_last(services: Services, site: Site, clock: FakeClock) -> None:
    """A day without anything to do among it."""
    never = services.operations.ticks.last_run()
    list(services.operations.ticks.run(clock.now()))
    clock.advance(300)
    list(services.operations.ticks.run(clock.now()))
    services.sites.erasure.erase("kimson", "x", clock.now())

    assert never == 0
    assert services.operations.ticks.last_run() == clock.now()


def test_what_fails_for_one_site_is_told_and_done_for_the_others(
    services: Services,
    site: Site,
    clock: FakeClock,
    redis_client: redis.Redis,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever Redis holds for it; and it is tried again next time."""
    services.sites.sites.add(Site(slug="an-site", name="An", hosts=("an.example.vn",)))
    services.sites.sites.add(Site(slug="zet", name="Zet", hosts=("zet.example.vn",)))
    for slug in ("an-site", "kimson", "zet"):
        redis_client.hset(SiteKeys(settings.key_prefix, slug).ignored, "bot:2020-01-01", 1)
    redis_client.set(SiteKeys(settings.key_prefix, "kimson").notices, "no JSON")
    redis_client.delete(SiteKeys(settings.key_prefix, "kimson").ignored)
    redis_client.set(SiteKeys(settings.key_prefix, "kimson").ignored, "no hash")

    said = list(services.operations.ticks.run(clock.now()))
    again = list(services.operations.ticks.run(clock.now()))

    assert [o.text for o in said if not o.failed] == [
        "an-site: forgot 1 old numbers of ignored views.",
        "zet: forgot 1 old numbers of ignored views.",
    ]
    failed = [outcome.text for outcome in said if outcome.failed]
    assert failed
    assert all(text.startswith("kimson: ") for text in failed)
    assert [outcome.text for outcome in again] == failed
    assert "The regular work failed for kimson" in caplog.text


@pytest.mark.parametrize(
    ("document", "mark", "fault"),
    [
        ('{"reports":[{"id":"1a2b3c4d","address":"a@example.vn","every":"inf"}]}', "1", "KeyError"),
        ('{"webhooks":[{"id":"1a2b3c4d","url":"https://a.example.vn/"}]}', "many", "ValueError"),
    ],
)
def test_whoever_calls_it_is_told_that_a_site_failed(
    run: Run,
    services: Services,
    site: Site,
    redis_client: redis.Redis,
    settings: Settings,
    document: str,
    mark: str,
    fault: str,
) -> None:
    """By the exit code, and by the site and the class of the error; the others are done."""
    services.sites.sites.add(Site(slug="zet", name="Zet", hosts=("zet.example.vn",)))
    redis_client.hset(SiteKeys(settings.key_prefix, "zet").ignored, "bot:2020-01-01", 1)
    keys = SiteKeys(settings.key_prefix, "kimson")
    redis_client.set(keys.notices, document)
    accept(services)
    redis_client.hset(keys.counts, mapping={"peak": mark, "peak:at": 1})
    # A report was sent before, and is due.
    redis_client.hset(AdminKeys(settings.key_prefix).ticks, "kimson:1a2b3c4d:report", "2020-01-01")

    result = run("tick", code=1)

    assert f"kimson: {fault}: " in result.stderr
    assert result.stdout == "zet: forgot 1 old numbers of ignored views.\n"


def test_two_ticks_at_once_do_nothing_twice(
    run: Run, site: Site, redis_client: redis.Redis, settings: Settings
) -> None:
    """The second one leaves it to the first, and does not end the first one's lock."""
    key = AdminKeys(settings.key_prefix).tick
    redis_client.set(key, "another")

    assert "Another tick" in run("tick").stdout
    assert redis_client.get(key) == "another"
    assert not redis_client.exists(AdminKeys(settings.key_prefix).ticks)

    redis_client.delete(key)
    assert run("tick").stdout == ""
    assert not redis_client.exists(key)

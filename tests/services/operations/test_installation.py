"""Whose Redis it is, and whether it still holds what it held."""

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import msgspec
import pytest
import redis

from stats_service.config import Settings
from stats_service.errors import ConfigurationError, ConflictError
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.openapi import Serve
from tests.support.pages import view
from tests.support.processes import wait_until
from tests.support.redis_groups import keys_of
from tests.support.votes import make_poll, new_voter, rate, vote


def other_secret(settings: Settings) -> Settings:
    """Return the settings of an instance that made a secret of its own."""
    return replace(settings, secret="other-" + "1" * 32, data_dir=settings.data_dir / "other")


def empty(client: redis.Redis, settings: Settings) -> dict[bytes | str, bytes]:
    """Delete every key of the installation, as FLUSHALL does; return what they held."""
    names = keys_of(client, f"{settings.key_prefix}:*")
    held = {name: client.dump(name) for name in names}
    for name in names:
        client.delete(name)
    return held  # type: ignore[return-value]


def test_a_second_secret_is_refused_and_can_be_accepted(
    services: Services, settings: Settings, clock: FakeClock
) -> None:
    """By one who means it; then the first is the one that is refused."""
    services.operations.installation.claim()
    services.operations.installation.claim()
    second = create_services(other_secret(settings), clock)

    with pytest.raises(ConfigurationError, match="accept secret"):
        second.operations.installation.claim()
    assert [f.subject for f in second.operations.installation.findings()] == ["secret"]
    assert list(services.operations.installation.findings()) == []

    second.operations.installation.accept_secret()
    second.operations.installation.claim()
    assert [f.subject for f in services.operations.installation.findings()] == ["secret"]
    second.close()


def test_of_many_that_start_at_once_one_secret_wins(settings: Settings, clock: FakeClock) -> None:
    """Two instances with two secrets, each with eight workers."""
    both = [create_services(s, clock) for s in (settings, other_secret(settings))]

    def claimed(number: int) -> str | None:
        try:
            both[number % 2].operations.installation.claim()
        except ConfigurationError:
            return None
        return "first" if number % 2 == 0 else "second"

    with ThreadPoolExecutor(16) as threads:
        winners = [name for name in threads.map(claimed, range(16)) if name]

    assert len(winners) == 8
    assert len(set(winners)) == 1
    for each in both:
        each.close()


def test_another_prefix_is_another_installation(
    services: Services, settings: Settings, clock: FakeClock
) -> None:
    """Two that share a Redis need not share a secret."""
    services.operations.installation.claim()
    other = create_services(
        replace(other_secret(settings), key_prefix=f"{settings.key_prefix}x"), clock
    )

    other.operations.installation.claim()
    other.close()


def test_in_an_emptied_redis_views_are_kept_until_it_is_restored(
    serve: Serve,
    services: Services,
    site: Site,
    settings: Settings,
    redis_client: redis.Redis,
    clock: FakeClock,
) -> None:
    """The copies of the settings stay; nothing is claimed anew; all is counted in the end."""
    services.operations.installation.claim()
    client = serve(settings)
    assert view(client).status_code == 200
    held = empty(redis_client, settings)

    assert view(client).status_code == 202
    clock.advance(5)
    assert view(client).status_code == 202
    assert client.get("/v1/kimson/counts").status_code == 503
    services.operations.installation.claim()
    assert [f.subject for f in services.operations.installation.findings()] == ["data"]
    assert services.traffic.replay.run(clock.now())
    assert (settings.data_dir / "sites" / "kimson.json").exists()
    empty(redis_client, settings)
    for name, value in held.items():
        redis_client.restore(name, 0, value)

    clock.advance(5)
    assert list(services.operations.installation.findings()) == []
    wait_until(lambda: not services.traffic.replay.run(clock.now()))
    assert services.traffic.views.counts(site, clock.now()).views.total == 3


@pytest.mark.parametrize("takes", ["another secret", "the same secret"])
def test_an_emptied_redis_that_others_took_is_still_said_to_be_emptied(
    serve: Serve,
    services: Services,
    site: Site,
    settings: Settings,
    redis_client: redis.Redis,
    clock: FakeClock,
    takes: str,
) -> None:
    """The first host knows the former run; nothing of it is lost until somebody says so."""
    installation = services.operations.installation
    installation.claim()
    client = serve(settings)
    assert view(client).status_code == 200
    list(installation.findings())
    held = empty(redis_client, settings)
    clock.advance(60)
    taking = replace(settings, data_dir=settings.data_dir / "other")
    if takes == "another secret":
        taking = other_secret(settings)
    other = create_services(taking, clock)
    other.operations.installation.claim()
    if takes == "another secret":  # a site of the same name, as of a copy of the portal
        other.sites.sites.add(msgspec.structs.replace(site, birth=""))
    assert [f.subject for f in other.operations.installation.findings()] == []

    for moment in (0, 5, 3600):
        clock.advance(moment)
        assert view(client).status_code == 202
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert "kimson" not in ready.get_data(as_text=True), "whoever can reach it reads it"
        (finding,) = installation.findings()
        assert finding.subject == "data"
        assert "2026-03-04 05:01" in finding.text, "since when it has been taken"
        wanted = "another installation" if takes == "another secret" else "an empty data folder"
        assert wanted in finding.text
    installation.claim()  # as at a start: it is no reason not to keep views
    assert services.traffic.replay.run(clock.now())
    if takes == "another secret":
        assert (
            other.traffic.views.counts(other.sites.sites.get("kimson"), clock.now()).views.total
            == 0
        )
        with pytest.raises(ConflictError, match="stop"):
            installation.accept_redis()
    empty(redis_client, settings)
    for name, value in held.items():
        redis_client.restore(name, 0, value)

    clock.advance(5)
    assert list(installation.findings()) == []
    wait_until(lambda: not services.traffic.replay.run(clock.now()))
    assert services.traffic.views.counts(site, clock.now()).views.total == 4
    other.close()


def test_accepting_a_secret_does_not_accept_a_loss(
    services: Services, site: Site, settings: Settings, redis_client: redis.Redis, clock: FakeClock
) -> None:
    """Each is said for itself, so that nobody gives up data who has changed a secret."""
    installation = services.operations.installation
    installation.claim()
    services.sites.directory.load(site.slug, clock.now())
    list(installation.findings())
    empty(redis_client, settings)
    other = create_services(other_secret(settings), clock)
    other.operations.installation.claim()

    installation.accept_secret()
    assert [f.subject for f in installation.findings()] == ["data"]
    assert installation.accept_redis() == [site.slug]

    assert list(installation.findings()) == []
    other.close()


def test_an_emptied_redis_is_not_claimed_without_the_file_that_remembers_it(
    services: Services, site: Site, settings: Settings, redis_client: redis.Redis, clock: FakeClock
) -> None:
    """The copies of the settings tell that it is not the first start."""
    installation = services.operations.installation
    installation.claim()
    services.sites.directory.load(site.slug, clock.now())
    empty(redis_client, settings)
    (settings.data_dir / f"installation-{settings.key_prefix}.json").write_bytes(b"")

    installation.claim()

    assert [f.subject for f in installation.findings()] == ["data"]
    assert installation.is_lost(site.slug)
    assert installation.accept_redis() == [site.slug]
    assert list(installation.findings()) == []


def test_a_first_start_says_that_it_claims(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    """Once."""
    with caplog.at_level(logging.INFO):
        services.operations.installation.claim()
        services.operations.installation.claim()

    assert caplog.text.count("from now on") == 1


def test_an_emptied_redis_can_be_accepted(
    services: Services, site: Site, settings: Settings, redis_client: redis.Redis, clock: FakeClock
) -> None:
    """The sites that it does not have are given up."""
    services.operations.installation.claim()
    services.sites.directory.load(site.slug, clock.now())
    empty(redis_client, settings)

    assert services.operations.installation.accept_redis() == [site.slug]

    assert list(services.operations.installation.findings()) == []
    assert not (settings.data_dir / "sites" / "kimson.json").exists()


@pytest.mark.parametrize("lost", ["the site", "everything"])
def test_votes_on_a_lost_site_are_to_be_sent_again(
    serve: Serve,
    services: Services,
    site: Site,
    settings: Settings,
    redis_client: redis.Redis,
    clock: FakeClock,
    lost: str,
) -> None:
    """503 with Retry-After, not "there is no such site"; once it is back, they are taken."""
    services.operations.installation.claim()
    make_poll(services)
    client = serve(settings)
    assert view(client).status_code == 200
    voter = new_voter(services, age=60)
    ballot, rating = partial(vote, client, voter, "a"), partial(rate, client, voter)
    pattern = SiteKeys(settings.key_prefix, "kimson")
    alone = (pattern.site, pattern.alive(site.birth))
    held = {key: redis_client.dump(key) for key in alone}
    if lost == "everything":
        held |= empty(redis_client, settings)
    redis_client.delete(*alone)

    for moment in (0, 10):  # while the worker still knows the site, and when it asks anew
        clock.advance(moment)
        for act in (ballot, rating):
            answer = act()
            assert answer.status_code == 503
            assert answer.get_json()["code"] == "store-unavailable"
            assert "Retry-After" in answer.headers
    empty(redis_client, settings)
    for name, value in held.items():
        redis_client.restore(name, 0, value)  # type: ignore[arg-type]

    clock.advance(10)
    if lost == "everything":
        assert ballot().status_code == 200
        assert rating().status_code == 200


def test_the_key_of_a_birth_alone_is_made_again(
    serve: Serve,
    services: Services,
    site: Site,
    settings: Settings,
    redis_client: redis.Redis,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What throws keys away took just this one: the site is there, and goes on."""
    services.operations.installation.claim()
    make_poll(services)
    client = serve(settings)
    assert view(client).status_code == 200
    key = SiteKeys(settings.key_prefix, "kimson").alive(site.birth)
    voter = new_voter(services, age=60)
    acts = (
        lambda: view(client),
        lambda: vote(client, voter, "a"),
        lambda: rate(client, voter),
        lambda: client.get("/v1/kimson/counts"),
    )
    for act in acts:
        redis_client.delete(key)
        clock.advance(2)

        assert act().status_code == 200

    redis_client.delete(key)
    assert list(services.operations.installation.findings()) == []
    assert redis_client.exists(key)
    assert "is written again" in caplog.text


def test_a_lost_site_is_kept_and_an_erased_one_is_gone(
    serve: Serve,
    services: Services,
    site: Site,
    settings: Settings,
    redis_client: redis.Redis,
    clock: FakeClock,
) -> None:
    """What throws keys away does not write into the log."""
    services.operations.installation.claim()
    client = serve(settings)
    assert view(client).status_code == 200
    key = SiteKeys(settings.key_prefix, "kimson").site
    held = redis_client.dump(key)
    redis_client.delete(key, SiteKeys(settings.key_prefix, "kimson").alive(site.birth))

    assert view(client).status_code == 202
    assert [f.subject for f in services.operations.installation.findings()] == ["vanished"]

    assert isinstance(held, bytes)
    redis_client.restore(key, 0, held)
    clock.advance(5)
    wait_until(lambda: not services.traffic.replay.run(clock.now()))
    assert list(services.operations.installation.findings()) == []
    services.sites.erasure.erase("kimson", "test", clock.now())
    clock.advance(5)
    assert view(client).status_code == 404
    assert list(services.operations.installation.findings()) == []
    assert not (settings.data_dir / "sites" / "kimson.json").exists()

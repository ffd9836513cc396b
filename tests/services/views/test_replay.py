"""Views that were kept while Redis was away come to Redis once, into their own day."""

from dataclasses import replace
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.store.keys import SiteKeys
from stats_service.store.traffic.spool import SpooledBatch
from stats_service.web.http.context import EXTENSION
from tests.support.away import lose_redis
from tests.support.clock import FakeClock
from tests.support.openapi import MakeApp
from tests.support.pages import new_hit, view
from tests.support.processes import wait_until
from tests.support.redis_groups import keys_of
from tests.support.spools import spool_of


@pytest.fixture
def away(settings: Settings, make_app: MakeApp, site: Site) -> FlaskClient:
    """Give a client of a service that saw its site before it lost Redis."""
    app = make_app(settings)
    client = app.test_client()
    assert view(client).status_code == 200
    lose_redis(app.extensions[EXTENSION])
    return client


def replay_all(services: Services, clock: FakeClock) -> None:
    """Bring everything to Redis; the client's own service may hold the spool for a moment."""
    wait_until(lambda: not services.traffic.replay.run(clock.now()))


def test_a_view_is_kept_and_counted_later_in_its_own_hour_and_day(
    away: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """With its article and its visit; the answer has no numbers and is no failure."""
    then = clock.now()
    kept = view(away, "/tin/2", address="192.0.2.2")
    clock.advance(3 * 86400)

    replay_all(services, clock)

    assert kept.status_code == 202
    assert kept.get_json()["code"] == "view-kept"
    counts = services.traffic.views.counts(site, then)
    assert (counts.views.today, counts.visits.today) == (2, 1), "pseudonyms live a day"
    assert services.traffic.views.counts(site, clock.now()).views.today == 0
    assert services.traffic.views.articles(site, ["/tin/2"], then)["/tin/2"].views == 1


def test_a_visitor_of_the_outage_is_a_visit_and_no_peak(
    away: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """Within a day the pseudonym serves as it would have at once."""
    for number in range(3):
        view(away, address=f"192.0.2.{10 + number}")
    clock.advance(600)

    replay_all(services, clock)

    counts = services.traffic.views.counts(site, clock.now())
    assert (counts.views.total, counts.visits.total) == (4, 4)
    assert counts.peak is not None
    assert counts.peak.n == 1


def test_a_hit_that_redis_had_recorded_is_not_counted_again(
    away: FlaskClient, services: Services, site: Site, client: FlaskClient, clock: FakeClock
) -> None:
    """The reply was lost, not the view: half an hour later Redis still knows its hit id."""
    hit = new_hit()
    view(client, hit=hit)
    assert view(away, hit=hit).status_code == 202
    clock.advance(1800)

    replay_all(services, clock)

    assert services.traffic.views.counts(site, clock.now()).views.total == 2


def test_a_crash_between_redis_and_the_disk_counts_once(
    away: FlaskClient,
    services: Services,
    site: Site,
    clock: FakeClock,
    settings: Settings,
    redis_client: redis.Redis,
) -> None:
    """Redis remembers the batch, for longer than it remembers hit ids."""
    view(away)
    batch = spool_of(services).next_batch()
    assert batch is not None
    services.traffic.replay._send(batch, clock.now())
    again = SpooledBatch(batch.id, batch.slug, batch.at, batch.commands, batch.births)
    for name in keys_of(redis_client, f"{settings.key_prefix}:*hits*"):  # as after 40 minutes
        redis_client.delete(name)

    create_services(settings, clock).traffic.replay._send(again, clock.now())

    assert services.traffic.views.counts(site, clock.now()).views.total == 2


def test_views_of_a_removed_site_are_dropped(
    away: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """They must not hold up the others."""
    view(away)
    services.sites.erasure.erase("kimson", "an", clock.now())

    replay_all(services, clock)

    assert services.traffic.replay.dropped == 1
    assert spool_of(services).waiting() == 0


def test_views_of_a_site_that_is_away_for_a_moment_are_tried_again(
    away: FlaskClient,
    services: Services,
    site: Site,
    clock: FakeClock,
    settings: Settings,
    redis_client: redis.Redis,
) -> None:
    """It went after it was looked for, and was back when the script said that there is none."""
    view(away)
    traffic, names = services.traffic.replay._traffic, SiteKeys(settings.key_prefix, site.slug)
    replay_views = traffic.replay_views

    def meanwhile(*args: Any) -> None:
        held = {key: redis_client.dump(key) for key in (names.site, names.alive(site.birth))}
        redis_client.delete(*held)
        try:
            replay_views(*args)
        finally:
            for key, value in held.items():
                redis_client.restore(key, 0, value)  # type: ignore[arg-type]

    traffic.replay_views = meanwhile  # type: ignore[method-assign]
    assert services.traffic.replay.run(clock.now()), "views are left"
    assert spool_of(services).waiting() == 1
    assert services.traffic.replay.dropped == 0

    traffic.replay_views = replay_views  # type: ignore[method-assign]
    replay_all(services, clock)

    assert services.traffic.replay.dropped == 0
    assert services.traffic.views.counts(site, clock.now()).views.total == 2


def test_views_stay_while_redis_is_away(
    away: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """A replay in vain loses nothing."""
    view(away)
    services.traffic.replay._traffic._client = redis.Redis(port=1, retry=None)

    assert services.traffic.replay.run(clock.now())

    assert spool_of(services).waiting() == 1


def test_a_beat_and_an_ignored_view_are_not_kept(away: FlaskClient, services: Services) -> None:
    """They add nothing to any total."""
    assert view(away, beat=True).status_code == 503
    assert view(away, user_agent="curl/8").status_code == 503

    assert spool_of(services).waiting() == 0


def test_past_midnight_a_view_without_a_salt_counts_without_a_visitor(
    away: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """Nobody can make the new day's pseudonyms while Redis, which has the salt, is away."""
    clock.advance(86400)
    assert view(away, address="192.0.2.9").status_code == 202

    replay_all(services, clock)

    counts = services.traffic.views.counts(site, clock.now())
    assert (counts.views.today, counts.visits.today) == (1, 0)


def test_a_full_disk_is_a_503(settings: Settings, make_app: MakeApp, site: Site) -> None:
    """Nobody is told that a view is kept when it is not."""
    app = make_app(replace(settings, spool_megabytes=0))
    client = app.test_client()
    assert view(client).status_code == 200
    lose_redis(app.extensions[EXTENSION])

    assert view(client).status_code == 503


def test_a_worker_that_starts_without_redis_keeps_views_of_known_sites(
    away: FlaskClient,
    settings: Settings,
    make_app: MakeApp,
    services: Services,
    site: Site,
    clock: FakeClock,
) -> None:
    """The sites' settings are on the disk too; a site that nobody saw is not."""
    app = make_app(settings)
    lose_redis(app.extensions[EXTENSION])
    client = app.test_client()

    assert view(client).status_code == 202
    assert view(client, slug="other").status_code == 503
    replay_all(services, clock)

    counts = services.traffic.views.counts(site, clock.now())
    assert (counts.views.total, counts.visits.total) == (2, 1)


def test_a_removed_site_leaves_no_copy(
    client: FlaskClient, services: Services, site: Site, settings: Settings, clock: FakeClock
) -> None:
    """As soon as a worker hears of it."""
    view(client)
    assert (settings.data_dir / "sites" / "kimson.json").exists()

    services.sites.erasure.erase("kimson", "an", clock.now())
    assert view(client).status_code == 404

    assert not (settings.data_dir / "sites" / "kimson.json").exists()

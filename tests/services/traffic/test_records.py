"""Records of a site are corrected, and the log says from what to what."""

import pytest
import redis
from flask.testing import FlaskClient

from stats_service.errors import InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.traffic.views import Record
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.pages import view


def test_the_most_at_once_is_set_or_begins_anew(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """0 forgets it; the next view sets it again."""
    for number in range(3):
        view(client, address=f"192.0.2.{number}")
    by = Author("lan", clock.now())

    assert services.traffic.records.set_peak(site, 155, clock.now() - 3600, by)
    corrected = services.traffic.views.counts(site, clock.now()).peak
    assert not services.traffic.records.set_peak(site, 155, clock.now() - 3600, by)
    assert services.traffic.records.set_peak(site, 0, None, by)
    view(client, address="192.0.2.9")

    assert corrected is not None
    assert (corrected.n, corrected.at) == (155, "2026-03-04T11:00:00+07:00")
    peak = services.traffic.views.counts(site, clock.now()).peak
    assert peak is not None
    assert peak.n == 4
    gone, entry = services.accounts.audit.newest("kimson")
    assert (entry.what, entry.who) == ("record.corrected", "lan")
    assert entry.before == {"peak": 3, "peak:at": clock.now()}
    assert entry.after == {"peak": 155, "peak:at": clock.now() - 3600}
    assert gone.after == {"peak": "", "peak:at": ""}


def test_the_busiest_day_is_worked_out_anew(
    client: FlaskClient,
    services: Services,
    site: Site,
    clock: FakeClock,
    redis_client: redis.Redis,
) -> None:
    """From all days up to today; a day that a clock ahead has made is none of them."""
    for number in range(3):
        view(client, address=f"192.0.2.{number}")
    clock.advance(7 * 86_400)
    for number in range(5):
        view(client, address=f"192.0.2.{number}")
    clock.advance(-6 * 86_400)
    view(client)
    counts = SiteKeys(services.settings.key_prefix, "kimson").counts
    before = services.traffic.views.counts(site, clock.now())

    assert services.traffic.records.recount_days(site, Author("lan", clock.now()))

    after = services.traffic.views.counts(site, clock.now())
    assert before.views.record == Record(5, "2026-03-11")
    assert after.views.record == after.visits.record == Record(3, "2026-03-04")
    assert redis_client.hget(counts, "views:2026-03-11") == "5", "what was counted stays"
    assert not services.traffic.records.recount_days(site, Author("lan", clock.now()))


@pytest.mark.parametrize(("peak", "at"), [(-1, 0.0), (5, None), (5, 9e9), (5, -1.0)])
def test_a_record_that_cannot_be_is_refused(
    services: Services, site: Site, clock: FakeClock, peak: int, at: float | None
) -> None:
    """Nothing is written."""
    with pytest.raises(InvalidInputError, match="peak"):
        services.traffic.records.set_peak(site, peak, at, Author("lan", clock.now()))

    assert services.traffic.views.counts(site, clock.now()).peak is None
    assert services.accounts.audit.newest("kimson") == []

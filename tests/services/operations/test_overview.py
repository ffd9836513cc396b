"""Many sites at one glance: their numbers, and what somebody should look at."""

from datetime import date, timedelta

import msgspec
import pytest
import redis
from flask.testing import FlaskClient

from stats_service.config import Settings
from stats_service.models.operations.overview import Alarm
from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair, Part
from stats_service.models.traffic.views import ViewCommand
from stats_service.services.container import Services
from stats_service.services.polls.rules import PRESETS
from stats_service.services.traffic.shortfalls import site_findings
from stats_service.store.keys import SiteKeys
from stats_service.store.traffic.spool import SpooledView
from tests.support.clock import FakeClock
from tests.support.pages import view
from tests.support.spools import spool_of
from tests.support.votes import make_poll, new_voter, vote

#: The clock's start is noon of a Wednesday in Vietnam.
TODAY = date(2026, 3, 4)


def day(ago: int, hours: int = 24, **ignored: int) -> DayHistory:
    """Return a day with 10 visits and 30 views in each of its first hours."""
    row = tuple(Pair(10, 30) if hour < hours else Pair() for hour in range(24))
    return DayHistory(TODAY - timedelta(days=ago), row, ignored=ignored)


def alarms(services: Services, site: Site, now: float) -> tuple[Alarm, ...]:
    """Return the alarms of one site."""
    return services.operations.overview.of_sites([site], now)[0].alarms


def test_a_glance_has_the_numbers_of_a_site(
    services: Services, site: Site, clock: FakeClock, client: FlaskClient
) -> None:
    """Today beside a week ago by this time, and the total with its opening balance."""
    services.traffic.history.write(site, [day(7), day(1), day(0, hours=12)])
    site = services.sites.sites.edit(site.slug, opening_visits=1000)
    view(client)

    (overview,) = services.operations.overview.of_sites([site], clock.now())

    assert overview.online == 1
    assert (overview.today, overview.before) == (Pair(121, 361), Pair(120, 360))
    assert overview.yesterday == Pair(240, 720)
    assert overview.total.visits == 1000 + 240 + 240 + 121
    assert len(overview.days) == 30
    assert overview.days[-1] == overview.today
    assert overview.change("visits") == 1 / 120
    assert overview.alarms == ()


def test_many_sites_keep_their_order(services: Services, site: Site, clock: FakeClock) -> None:
    """Each overview is its own site's; no site is none."""
    sites = [site]
    for number in range(1, 5):
        added = services.sites.sites.add(msgspec.structs.replace(site, slug=f"s{number}"))
        services.traffic.history.write(added, [DayHistory(TODAY, (Pair(number, number),))])
        sites.append(added)

    overviews = services.operations.overview.of_sites(sites, clock.now())

    assert [overview.today.visits for overview in overviews] == [0, 1, 2, 3, 4]
    assert services.operations.overview.of_sites([], clock.now()) == []
    assert services.sites.sites.all() == sites


def test_silence_where_there_is_traffic_otherwise(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """Nothing for three hours in which, a week ago, readers came."""
    services.traffic.history.write(site, [day(7)])

    assert alarms(services, site, clock.now()) == (Alarm("silent", 3),)


def test_strange_hosts_and_a_flood_from_one_address(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """A share of what arrives today; a few are no alarm."""
    services.traffic.history.write(site, [day(0, hours=13, host=100, ceiling=19)])

    assert alarms(services, site, clock.now()) == (Alarm("hosts", 100),)


def test_no_room_for_another_article(services: Services, site: Site, clock: FakeClock) -> None:
    """Further ones are counted without a name."""
    past = msgspec.structs.replace(day(0, hours=13), articles={"/a": 1, "/b": 2})
    services.traffic.history.write(site, [past])
    full = services.sites.sites.edit(site.slug, article_cap=2)

    assert alarms(services, full, clock.now()) == (Alarm("articles", 2),)


def test_ballots_that_wait_for_a_decision(
    services: Services, site: Site, clock: FakeClock, client: FlaskClient
) -> None:
    """A burst on a poll, until somebody has decided."""
    make_poll(services, protection=Protection(per_address=1))
    for _ in range(3):
        vote(client, new_voter(services), "a")

    assert alarms(services, site, clock.now()) == (Alarm("burst", 2, poll="muc-quan-tam"),)

    (group,) = services.polls.quarantine.groups(site.slug, "muc-quan-tam")
    services.polls.quarantine.settle(
        site.slug, "muc-quan-tam", group.name, "voided", "test", clock.now()
    )
    assert alarms(services, site, clock.now()) == ()


def test_a_poll_that_one_network_makes(
    services: Services, site: Site, clock: FakeClock, client: FlaskClient
) -> None:
    """Every ballot counts; the alarm lasts until somebody has looked, and comes with more."""
    poll = make_poll(services)
    for n in range(10):
        vote(client, new_voter(services), "a", address=f"{100 + n}.0.2.1")

    def office(ballots: int) -> tuple[Alarm, ...]:
        for _ in range(ballots):
            vote(client, new_voter(services), "b")
        return alarms(services, site, clock.now())

    assert office(19) == ()
    assert office(1) == (Alarm("network", 20, poll="muc-quan-tam"),)
    services.polls.quarantine.look_at_network(site.slug, poll, "test", clock.now())
    assert office(0) == ()
    assert office(1) == (Alarm("network", 21, poll="muc-quan-tam"),)


def test_a_poll_that_a_wider_network_makes(
    services: Services, site: Site, clock: FakeClock, client: FlaskClient
) -> None:
    """The same for 60 addresses of one /24; it is to be looked at again with a quarter more."""
    poll = make_poll(services)

    def school(first: int, ballots: int) -> tuple[Alarm, ...]:
        for n in range(ballots):
            vote(client, new_voter(services), "b", address=f"192.0.2.{first + n}")
        return alarms(services, site, clock.now())

    assert school(1, 49) == ()
    assert school(50, 11) == (Alarm("network", 60, poll="muc-quan-tam"),)
    services.polls.quarantine.look_at_network(site.slug, poll, "test", clock.now())
    assert school(61, 14) == ()
    assert school(75, 2) == (Alarm("network", 76, poll="muc-quan-tam"),)


def test_where_all_come_from_one_address_none_stands_out(
    services: Services, site: Site, clock: FakeClock, client: FlaskClient
) -> None:
    """As the protection of the poll says."""
    make_poll(services, protection=PRESETS["intranet"])
    for _ in range(30):
        vote(client, new_voter(services), "a")

    assert alarms(services, site, clock.now()) == ()
    report = services.polls.integrity.report("kimson", "muc-quan-tam", "UTC", clock.now())
    assert (report.verdict, report.reasons) == ("sound", ())


def test_free_texts_that_wait_for_a_decision(
    services: Services, site: Site, clock: FakeClock, client: FlaskClient
) -> None:
    """However many ballots have them; what was rejected does not wait."""
    make_poll(services, other=100)
    for text in ("Một", "Hai", "hai", "Hai"):
        vote(client, new_voter(services), "other", other=text)

    assert alarms(services, site, clock.now()) == (Alarm("texts", 3, poll="muc-quan-tam"),)

    for text, state in (("Một", "approved"), ("Hai", "rejected"), ("hai", "rejected")):
        services.polls.quarantine.moderate(site.slug, "muc-quan-tam", text, state, "x", clock.now())
    assert alarms(services, site, clock.now()) == ()


def test_what_is_wrong_with_the_installation(
    services: Services, settings: Settings, clock: FakeClock
) -> None:
    """Views that wait on the disk; what `stats-service check` says of Redis."""
    before = {alarm.kind for alarm in services.operations.overview.of_installation()}
    kept = SpooledView("kimson", clock.now(), ViewCommand(kind="view", hit=b"12345678"))
    spool_of(services).add([kept])

    after = services.operations.overview.of_installation()

    assert "spool-waiting" not in before
    assert ("spool-waiting", 1) in {(alarm.kind, alarm.n) for alarm in after}


def test_what_was_counted_in_part(
    services: Services, site: Site, redis_client: redis.Redis, settings: Settings
) -> None:
    """Readers with GPC, and articles beyond the cap, in the range alone."""
    fell_short = {"article-cap": 4, "article-gone": 1, "identity-cap": 9, "proxy-more": 2}
    past = msgspec.structs.replace(day(1, **fell_short), private=12, articles={"/a": 700})
    older = msgspec.structs.replace(day(2, **{"article-cap": 2}), private=3)
    services.traffic.history.write(site, [older, past])

    found = services.traffic.history.shortfall(site, TODAY - timedelta(days=1), TODAY)

    assert (found.private, found.unnamed, found.ignored) == (12, 5, ())
    assert found.parts == (
        Part("private", 12),
        Part("identity-cap", 9),
        Part("article-cap", 4),
        Part("article-gone", 1),
    )
    assert found.signs == (Part("proxy-more", 2),)
    keys = SiteKeys(settings.key_prefix, site.slug)
    assert redis_client.hget(keys.counts, "private:2026-03-03") == "12"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # The site has 390 views today.
        ({"identity-cap": 19}, ()),
        ({"identity-cap": 130, "identity-addresses": 2}, (Alarm("visits", 130, of=2),)),
        ({"identity-cap": 130, "identity-cap-48": 70}, (Alarm("visits-48", 130),)),
        (
            {"identity-cap": 130, "identity-addresses": 2, "proxy-more": 389},
            (Alarm("proxy-more", 389, of=390), Alarm("visits-proxy", 130, of=2)),
        ),
        (
            {"identity-cap": 130, "identity-addresses": 1, "proxy-private": 390},
            (Alarm("visits-proxy", 130, of=1),),
        ),
        ({"proxy-local": 390}, (Alarm("proxy-local", 390, of=390),)),
        ({"proxy-private": 390, "proxy-more": 100, "identity-addresses": 9}, ()),
        ({"article-network": 10, "article-gone": 15}, (Alarm("unnamed", 25),)),
    ],
)
def test_what_falls_short_speaks(
    services: Services,
    site: Site,
    clock: FakeClock,
    found: dict[str, int],
    expected: tuple[Alarm, ...],
) -> None:
    """With its likely cause; a few are no alarm, nor is an intranet."""
    services.traffic.history.write(site, [day(0, hours=13, **found)])

    assert alarms(services, site, clock.now()) == expected
    assert len(list(site_findings(site, expected))) == len(expected)
    for alarm in expected:
        assert f"{alarm.n:,}" in next(site_findings(site, [alarm])).text

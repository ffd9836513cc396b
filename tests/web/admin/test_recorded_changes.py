"""What an administrator changes and its entry in the log are one: neither is there alone."""

from collections.abc import Callable
from functools import partial

import pytest
import redis
from flask.testing import FlaskClient
from msgspec.structs import replace

from stats_service.models.audit import Author
from stats_service.models.polls import Protection
from stats_service.models.ratings import RatingQuery
from stats_service.models.sites import Site
from stats_service.models.traffic.views import Visitor
from stats_service.services.accounts.audit import entry_of_settings
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from stats_service.store.sites.sites import SiteStore
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN, view
from tests.support.redis_groups import keys_of
from tests.support.votes import WHO, make_poll, new_voter, vote

POLL, ARTICLE, TEXT = "muc-quan-tam", "/tin/1", "Đường sá"
VISITOR = Visitor("192.0.2.1", BROWSER, ORIGIN, private=False, prefetch=False)
Change = Callable[[Services, float], object]


def _group(services: Services) -> str:
    return next(group.name for group in services.polls.quarantine.groups("kimson", POLL))


def _taken_out(services: Services) -> str:
    return services.ratings.review.voided(services.sites.sites.get("kimson"))[0].id


CHANGES: dict[str, Change] = {
    "opening.set": lambda services, now: services.sites.sites.edit(
        "kimson", Author(WHO, now), opening_visits=1_814_165
    ),
    "opening.set of an article": lambda services, now: services.traffic.opening_balances.set(
        services.sites.sites.get("kimson"), ARTICLE, 366, WHO, now
    ),
    "record.corrected": lambda services, now: services.traffic.records.set_peak(
        services.sites.sites.get("kimson"), 155, now - 60, Author(WHO, now)
    ),
    "poll.created": lambda services, _: make_poll(services, id="khac"),
    "poll.changed": lambda services, now: services.polls.polls.edit(
        "kimson", POLL, WHO, now, shuffle=True
    ),
    "poll.closed": lambda services, now: services.polls.polls.close("kimson", POLL, WHO, now),
    "network.looked": lambda services, now: services.polls.quarantine.look_at_network(
        "kimson", services.polls.polls.get("kimson", POLL), WHO, now
    ),
    "quarantine.accepted": lambda services, now: services.polls.quarantine.settle(
        "kimson", POLL, _group(services), "accepted", WHO, now
    ),
    "text.approved": lambda services, now: services.polls.quarantine.moderate(
        "kimson", POLL, TEXT, "approved", WHO, now
    ),
    "rating.voided": lambda services, now: services.ratings.review.void(
        services.sites.sites.get("kimson"), "/tin/2", None, WHO, now
    ),
    "rating.restored": lambda services, now: services.ratings.review.restore(
        services.sites.sites.get("kimson"), _taken_out(services), WHO, now
    ),
    "annotation.added": lambda services, now: services.traffic.annotations.add(
        services.sites.sites.get("kimson"), "2026-03-04", "Lễ khánh thành cầu", Author(WHO, now)
    ),
    "report.added": lambda services, now: services.notices.notices.add_report(
        "kimson", "an@kimson.example.vn", "week", "vi", WHO, now
    ),
}


@pytest.fixture
def busy(
    site: Site,
    services: Services,
    client: FlaskClient,
    clock: FakeClock,
    redis_client: redis.Redis,
) -> Site:
    """Give a site with views, a poll with held ballots and a free text, ratings, one taken out."""
    make_poll(services, protection=Protection(per_address=2, per_customer=4), other=50)
    vote(client, new_voter(services), "other", other=TEXT)
    for _ in range(3):
        vote(client, new_voter(services), "a")
    report = SiteKeys(services.settings.key_prefix, "kimson").poll(POLL, "report")
    redis_client.hset(report, "now:network", 2)
    entry = services.sites.directory.entry("kimson", clock.now())
    for article in (ARTICLE, "/tin/2"):
        view(client, article)
        query = RatingQuery(article, 4, new_voter(services))
        services.loop.run(services.ratings.ratings.rate_article(entry, query, VISITOR, clock.now()))
    services.ratings.review.void(site, ARTICLE, None, WHO, clock.now())
    return site


def _content(client: redis.Redis, prefix: str) -> dict[object, object]:
    return {key: client.dump(key) for key in keys_of(client, f"{prefix}:{{kimson}}:*")}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_recorded_with_who_and_when(
    busy: Site, services: Services, clock: FakeClock, name: str
) -> None:
    """Once, and what made it is told."""
    before = services.accounts.audit.newest("kimson")
    CHANGES[name](services, clock.now())

    (entry, *earlier) = services.accounts.audit.newest("kimson")
    assert earlier == before
    assert entry.what == name.split(" ", maxsplit=1)[0]
    assert (entry.who, entry.at) == (WHO, clock.now())


@pytest.mark.parametrize("name", CHANGES)
def test_what_cannot_be_recorded_is_not_changed(
    busy: Site,
    services: Services,
    clock: FakeClock,
    redis_client: redis.Redis,
    name: str,
) -> None:
    """Here the log is no log: every key of the site stays as it is."""
    prefix = services.settings.key_prefix
    redis_client.set(SiteKeys(prefix, "kimson").audit, "not a stream")
    before = _content(redis_client, prefix)

    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        CHANGES[name](services, clock.now())

    assert _content(redis_client, prefix) == before


def test_entries_tell_what_only_the_change_itself_finds_out(
    busy: Site, services: Services, clock: FakeClock
) -> None:
    """What was before, and how many it concerned."""
    for name in ("opening.set of an article", "quarantine.accepted", "text.approved"):
        CHANGES[name](services, clock.now())
    for name in ("rating.voided", "rating.restored"):
        CHANGES[name](services, clock.now())
    services.traffic.opening_balances.set(
        services.sites.sites.get("kimson"), ARTICLE, 400, WHO, clock.now()
    )

    again, restored, voided, text, group, opening, *_ = services.accounts.audit.newest("kimson")

    assert (opening.before, opening.after) == ({"views": 0}, {"views": 366})
    assert (again.before, again.after) == ({"views": 366}, {"views": 400})
    assert group.before["state"] == "held"
    assert (group.after["state"], group.after["ballots"]) == ("accepted", 2)
    assert text.before == {"text": TEXT, "state": "pending"}
    assert text.after == {"text": TEXT, "state": "approved"}
    assert voided.after["ratings"] == 1
    assert restored.before["ratings"] == 1


def test_what_changes_nothing_is_not_recorded(
    busy: Site, services: Services, clock: FakeClock
) -> None:
    """The same once more leaves no second entry."""
    repeated = (
        "opening.set",
        "opening.set of an article",
        "record.corrected",
        "network.looked",
        "quarantine.accepted",
        "text.approved",
    )
    for name in repeated:
        CHANGES[name](services, clock.now())
    before = services.accounts.audit.newest("kimson")

    for name in repeated:
        CHANGES[name](services, clock.now())

    assert services.accounts.audit.newest("kimson") == before


def test_two_who_change_settings_at_once_both_have_their_way(
    site: Site, services: Services, redis_client: redis.Redis
) -> None:
    """Who was slower changes what the faster one has left, and the log tells it so."""
    store = SiteStore(redis_client, services.settings.key_prefix)
    meanwhile = [lambda: services.sites.sites.edit("kimson", Author("lan", 1.0), opening_visits=7)]

    def rename(before: Site) -> Site:
        if meanwhile:
            meanwhile.pop()()
        return replace(before, name="Tên mới")

    changed = store.change("kimson", rename, partial(entry_of_settings, Author("an", 2.0)))

    assert (changed.name, changed.opening_visits) == ("Tên mới", 7)
    assert services.sites.sites.get("kimson") == changed
    (last, first) = services.accounts.audit.newest("kimson")
    assert (first.who, first.after) == ("lan", {"opening_visits": 7})
    assert (last.who, last.after) == ("an", {"name": "Tên mới"})

"""Polls and ratings for programs."""

from typing import Any

import pytest
import redis

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock
from tests.support.filled import GROUP, fill_votes
from tests.web.api.manage.conftest import Program

DRAFT: dict[str, Any] = {
    "question": {"vi": "Bạn quan tâm mục gì nhất?", "en": "What do you read most?"},
    "choices": [{"text": {"vi": "Tin tức"}}, {"id": "van-ban", "text": {"vi": "Văn bản"}}],
}


def test_a_poll_is_made_opened_and_closed(
    services: Services, site: Site, writer: Program, clock: FakeClock
) -> None:
    """Each step is in the log under the token's name; results come with every answer."""
    made = writer.call("POST", "/polls", DRAFT)
    poll = made.get_json()

    assert made.status_code == 201
    assert (poll["id"], poll["state"]) == ("ban-quan-tam-muc-gi-nhat", "draft")
    assert [choice["id"] for choice in poll["choices"]] == ["tin-tuc", "van-ban"]
    path = f"/polls/{poll['id']}"
    assert writer.call("POST", f"{path}/open").get_json()["state"] == "open"
    clock.advance(60)
    closed = writer.call("POST", f"{path}/close").get_json()
    assert (closed["state"], closed["ballots"]) == ("closed", 0)
    assert writer.get(path) == closed
    assert writer.get("/polls")["polls"] == [closed]
    assert writer.call("POST", f"{path}/archive").get_json()["status"] == "archived"
    log = services.accounts.audit.newest(site.slug, 4)
    assert [entry.what for entry in reversed(log)] == [
        "poll.created",
        "poll.opened",
        "poll.closed",
        "poll.archived",
    ]
    assert {entry.who for entry in log} == {writer.who}


def test_a_poll_is_changed_field_by_field(services: Services, site: Site, writer: Program) -> None:
    """What is not named stays; times come back in the site's zone."""
    writer.call("POST", "/polls", DRAFT | {"id": "muc", "multiple": True, "level": "strict"})

    answer = writer.call(
        "PATCH", "/polls/muc", {"closes": "2026-12-31T17:00:00+07:00", "results_as": "percents"}
    )

    poll = answer.get_json()
    assert poll["closes"] == "2026-12-31T17:00:00+07:00"
    assert (poll["max_choices"], poll["results_as"]) == (2, "percents")
    assert poll["protection"]["level"] == "strict"
    entry = services.accounts.audit.newest(site.slug)[0]
    assert (entry.who, entry.what) == (writer.who, "poll.changed")
    assert entry.before["results_as"] == "both"
    assert writer.call("PATCH", "/polls/muc", {"closes": None}).get_json()["closes"] is None


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"closes": "2026-12-31T17:00:00"},
        {"closes": "tomorrow"},
        {"level": "none"},
        {"status": "open"},
        {"id": "other"},
        {"max_choices": 10**20},
        {"choices": []},
        {"question": {}},
    ],
)
def test_a_change_that_is_none_is_refused(
    services: Services, site: Site, writer: Program, change: dict[str, Any]
) -> None:
    """And the poll stays as it was."""
    writer.call("POST", "/polls", DRAFT | {"id": "muc"})
    before = services.polls.polls.get(site.slug, "muc")

    assert writer.call("PATCH", "/polls/muc", change).status_code == 400
    assert services.polls.polls.get(site.slug, "muc") == before


@pytest.mark.parametrize(
    "draft",
    [
        {},
        DRAFT | {"question": {"en": "Only in English?"}},
        DRAFT | {"status": "closed"},
        DRAFT | {"id": "Không"},
        DRAFT | {"lang": "tiếng Việt"},
        DRAFT | {"more": 1},
    ],
)
def test_a_poll_that_is_none_is_refused(
    services: Services, site: Site, writer: Program, draft: dict[str, Any]
) -> None:
    """Naming the field."""
    assert writer.call("POST", "/polls", draft).status_code == 400
    assert services.polls.polls.all(site.slug) == []


def test_what_the_state_does_not_allow_is_a_conflict(site: Site, writer: Program) -> None:
    """A draft cannot be closed, and an id is taken once."""
    writer.call("POST", "/polls", DRAFT | {"id": "muc"})

    assert writer.call("POST", "/polls/muc/close").status_code == 409
    assert writer.call("POST", "/polls", DRAFT | {"id": "muc"}).status_code == 409
    assert writer.call("POST", "/polls/nothing/open").status_code == 404


@pytest.fixture
def voted(settings: Settings, site: Site, redis_client: redis.Redis) -> Site:
    """Give a site with ballots, a group in quarantine and ratings."""
    fill_votes(redis_client, SiteKeys(settings.key_prefix, site.slug))
    return site


def test_results_and_integrity_are_read(voted: Site, reader: Program) -> None:
    """Whoever else may see them."""
    poll, report = reader.get("/polls/duong"), reader.get("/polls/duong/integrity")

    assert poll["ballots"] == 3
    assert poll["results"]["choices"][0] == {"id": "tin", "votes": 2, "percent": 100}
    assert report["outcomes"] == {"counted": 3}


def test_a_free_text_is_approved(services: Services, voted: Site, writer: Program) -> None:
    """It is shown from then on, and the log says who let it."""
    waiting = writer.get("/polls/duong/review")["texts"][0]
    assert (waiting["text"], waiting["state"]) == ("chưa duyệt", "pending")
    body = {"text": waiting["text"], "state": "approved"}

    review = writer.call("POST", "/polls/duong/review/texts", body).get_json()

    assert {"text": "chưa duyệt", "state": "approved", "votes": 1} in review["texts"]
    assert services.accounts.audit.newest(voted.slug)[0].who == writer.who
    body["text"] = "never written"
    assert writer.call("POST", "/polls/duong/review/texts", body).status_code == 404


def test_a_group_is_decided(services: Services, voted: Site, writer: Program) -> None:
    """Accepted ballots count; what is no state is refused."""
    path = "/polls/duong/review/groups"

    answer = writer.call("POST", path, {"group": GROUP, "state": "voided"})

    assert answer.get_json()["groups"][0]["state"] == "voided"
    assert services.accounts.audit.newest(voted.slug)[0].what == "quarantine.voided"
    assert writer.call("POST", path, {"group": GROUP, "state": "lost"}).status_code == 400
    assert writer.call("POST", path, {"group": "none", "state": "held"}).status_code == 404


def test_held_ratings_are_released_and_rejected(
    services: Services, site: Site, writer: Program, settings: Settings, redis_client: redis.Redis
) -> None:
    """As in the pages: listed, decided one by one or all at once, and in the log."""
    keys = SiteKeys(settings.key_prefix, site.slug)
    groups = {f"{n:012x}": f"0,0,0,0,{n} 2940057 2940058 /tin/{n}" for n in (1, 2, 3)}
    redis_client.hset(keys.ratings_held, mapping=groups)

    listed = writer.get("/ratings")["held"]
    one = writer.call("POST", "/ratings/release", {"group": "000000000001"})
    rest = writer.call("POST", "/ratings/reject", {"group": "all"})

    assert {(group["id"], group["rating"]["count"]) for group in listed} == {
        (f"{n:012x}", n) for n in (1, 2, 3)
    }
    assert (one.get_json(), rest.get_json()) == ({"ratings": 1}, {"ratings": 5})
    report = writer.get("/ratings")
    assert report["held"] == []
    assert [article["key"] for article in report["articles"]] == ["/tin/1"]
    assert len(report["voided"]) == 2
    whats = [entry.what for entry in services.accounts.audit.newest(site.slug, 3)]
    assert whats == ["rating.rejected", "rating.rejected", "rating.released"]
    assert writer.call("POST", "/ratings/reject", {"group": "all"}).status_code == 404


def test_ratings_are_taken_out_and_put_back(
    services: Services, site: Site, writer: Program, settings: Settings, redis_client: redis.Redis
) -> None:
    """As in the pages: kept, told apart, and in the log."""
    keys = SiteKeys(settings.key_prefix, site.slug)
    redis_client.hset(keys.ratings, "/tin/0", "0,1,0,3,9")
    assert writer.get("/ratings")["articles"][0]["key"] == "/tin/0"

    made = writer.call("POST", "/ratings/void", {"article": "/tin/0"}).get_json()
    report = writer.get("/ratings?order=most")
    back = writer.call("POST", "/ratings/restore", {"decision": made["id"]}).get_json()

    assert (made["article"], made["begin"], made["rating"]["count"]) == ("/tin/0", None, 13)
    assert report["articles"] == []
    assert report["voided"] == [made]
    assert back == made
    assert writer.get("/ratings")["articles"][0]["rating"]["count"] == 13
    log = services.accounts.audit.newest(site.slug, 2)
    assert [(e.who, e.what) for e in reversed(log)] == [
        (writer.who, "rating.voided"),
        (writer.who, "rating.restored"),
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"article": "/none"}, 404),
        ({}, 400),
        ({"article": "/tin/0", "begin": "2026-03-04T21:10:00+07:00"}, 400),
        (
            {
                "article": "/tin/0",
                "begin": "2026-03-04T21:10:00+07:00",
                "end": "2026-03-04T21:00:00+07:00",
            },
            400,
        ),
        ({"article": "/tin/0", "begin": "2026-03-04", "end": "2026-03-05"}, 400),
    ],
)
def test_ratings_that_are_none_stay(
    site: Site, writer: Program, body: dict[str, Any], status: int
) -> None:
    """With a word about what is wrong."""
    assert writer.call("POST", "/ratings/void", body).status_code == status
    assert writer.call("GET", "/ratings?order=any").status_code == 400
    assert writer.call("POST", "/ratings/restore", {"decision": "none"}).status_code == 404

"""Page views over HTTP: what is counted, for whom, on which day.

One contract for both ways to answer them: Flask's route and the event loop.
"""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import redis
from flask.testing import FlaskClient

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, new_hit, view
from tests.support.redis_groups import keys_of

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


def test_a_view_is_counted_for_the_site_and_the_article(client: FlaskClient) -> None:
    """One load of a page is one view, one visit, one reader online."""
    response = view(client, "/tin/1")

    body = response.get_json()
    assert response.status_code == 200
    assert body["counted"] is True
    assert body["site"]["views"]["total"] == 1
    assert body["site"]["visits"]["today"] == 1
    assert body["site"]["online"] == 1
    assert body["article"] == {"key": "/tin/1", "views": 1, "today": 1}


def test_the_counts_are_stored(
    client: FlaskClient, redis_client: redis.Redis, settings: Settings, clock: FakeClock
) -> None:
    """What the answer says is what Redis holds, for every span of the calendar."""
    clock.set(datetime(2026, 11, 23, 9, 30, tzinfo=VIETNAM))

    view(client, "/tin/1")

    stored = redis_client.hgetall(f"{settings.key_prefix}:{{kimson}}:counts")
    for metric in ("views", "visits"):
        for span in ("", ":2026", ":2026-11", ":2026-W48", ":2026-11-23"):
            assert stored[metric + span] == "1"
    assert stored["visitors:2026-11-23"] == "1"
    hours = redis_client.hgetall(f"{settings.key_prefix}:{{kimson}}:hours:2026-11-23")
    assert hours == {"views:09": "1", "visits:09": "1"}


def test_a_hit_id_counts_once(client: FlaskClient, clock: FakeClock) -> None:
    """A retry within ten minutes, even in the next span of ids, adds nothing."""
    hit = new_hit()
    clock.set(datetime(2026, 11, 23, 9, 9, 59, tzinfo=VIETNAM))
    view(client, hit=hit)

    answers = []
    for _ in range(9):
        clock.advance(66)
        answers.append(view(client, hit=hit))

    for answer in answers:
        assert answer.headers["Stats-Ignored"] == "duplicate"
        assert answer.get_json()["site"]["views"]["total"] == 1
        assert answer.get_json()["article"]["views"] == 1


def test_views_without_a_gap_are_one_visit(client: FlaskClient, clock: FakeClock) -> None:
    """A gap just below thirty minutes continues the visit; thirty minutes begin another."""
    view(client)
    clock.advance(30 * 60 - 0.001)
    same = view(client).get_json()["site"]
    clock.advance(30 * 60)
    other = view(client).get_json()["site"]

    assert same["visits"]["total"] == 1
    assert other["visits"]["total"] == 2
    assert other["views"]["total"] == 3


def test_online_counts_the_last_five_minutes_inclusive(
    client: FlaskClient, clock: FakeClock
) -> None:
    """A reader is online for exactly five minutes after the last view."""
    view(client, address="192.0.2.1")
    clock.advance(300)
    at_bound = view(client, address="192.0.2.2").get_json()["site"]
    clock.advance(0.001)
    past_bound = view(client, address="192.0.2.2").get_json()["site"]

    assert at_bound["online"] == 2
    assert past_bound["online"] == 1
    assert past_bound["peak"]["n"] == 2


def test_a_beat_keeps_the_reader_online_and_counts_nothing(
    client: FlaskClient, clock: FakeClock
) -> None:
    """A heartbeat prolongs the visit, is no view, and needs no hit id."""
    view(client)
    for _ in range(40):
        clock.advance(60)
        beat = view(client, beat=True, hit="")

    after = view(client).get_json()["site"]

    assert beat.get_json()["site"]["online"] == 1
    assert "Stats-Ignored" not in beat.headers
    assert after["views"]["total"] == 2
    assert after["visits"]["total"] == 1


def test_a_beat_of_somebody_unknown_makes_nobody_online(client: FlaskClient) -> None:
    """Only a view begins a visit."""
    body = view(client, beat=True).get_json()

    assert body["site"]["online"] == 0
    assert body["site"]["visits"]["total"] == 0


def test_midnight_parts_the_days_in_the_zone_of_the_site(
    client: FlaskClient, clock: FakeClock
) -> None:
    """A tenth of a second before midnight in Vietnam is yesterday; after it is today."""
    clock.set(datetime(2026, 11, 22, 23, 59, 59, 900_000, tzinfo=VIETNAM))
    before = view(client).get_json()["site"]
    clock.set(datetime(2026, 11, 23, 0, 0, 0, 100_000, tzinfo=VIETNAM))
    after = view(client).get_json()["site"]

    assert before["views"]["today"] == 1
    assert after["views"]["today"] == 1
    assert after["views"]["yesterday"] == 1
    # 2026-11-23 is a Monday: a new week, in the same month.
    assert after["views"]["week"] == 1
    assert after["views"]["month"] == 2


def test_a_visit_and_online_survive_midnight(client: FlaskClient, clock: FakeClock) -> None:
    """The daily salt changes the pseudonym, not the reader: one visit, one reader online."""
    clock.set(datetime(2026, 11, 22, 23, 58, tzinfo=VIETNAM))
    view(client)
    clock.set(datetime(2026, 11, 23, 0, 2, tzinfo=VIETNAM))
    other_reader = view(client, address="192.0.2.9").get_json()["site"]
    clock.set(datetime(2026, 11, 23, 0, 2, 30, tzinfo=VIETNAM))
    same_reader = view(client).get_json()["site"]

    assert other_reader["online"] == 2
    assert same_reader["online"] == 2
    assert same_reader["visits"]["total"] == 2
    assert same_reader["visits"]["today"] == 1
    assert same_reader["visits"]["yesterday"] == 1


def test_the_day_of_a_clock_change_has_its_own_midnight(
    client: FlaskClient, clock: FakeClock, services: Services
) -> None:
    """In Berlin the day of 2026-10-25 has 25 hours; every one of them is that day."""
    services.sites.sites.edit("kimson", timezone="Europe/Berlin")
    clock.set(datetime(2026, 10, 25, 0, 0, 0, 100_000, tzinfo=BERLIN))
    view(client)
    clock.advance(24.9 * 3600)
    late = view(client).get_json()["site"]
    clock.advance(0.1 * 3600)
    next_day = view(client).get_json()["site"]

    assert late["views"]["today"] == 2
    assert next_day["views"]["today"] == 1
    assert next_day["views"]["yesterday"] == 2


@pytest.mark.parametrize("frame", [None, "https://kimson.example.vn", "count"])
def test_a_page_in_a_frame_of_the_site_counts(client: FlaskClient, frame: str | None) -> None:
    """So does one that wants to be counted in everybody's frames."""
    response = view(client, frame=frame)

    assert "Stats-Ignored" not in response.headers
    assert response.get_json()["site"]["views"]["total"] == 1


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("bot", {"user_agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"}),
        ("bot", {"bot": True}),
        ("prefetch", {"headers": {"Sec-Purpose": "prefetch;prerender"}}),
        ("prefetch", {"headers": {"Sec-Purpose": "", "Purpose": "prefetch"}}),
        ("no-user-agent", {"user_agent": ""}),
        ("host", {"origin": "https://kimson.example.vn.evil.test"}),
        ("host", {"origin": "null"}),
        ("host", {"origin": ""}),
        ("frame", {"frame": "https://evil.test"}),
        ("frame", {"frame": "null"}),
        ("frame", {"frame": ""}),
        ("opt-out", {"out": True}),
        ("excluded", {"address": "198.51.100.7"}),
    ],
)
def test_an_ignored_view_says_why_and_still_gets_the_numbers(
    client: FlaskClient, services: Services, reason: str, change: dict[str, object]
) -> None:
    """Nothing is counted, `online` included; the reason is in a header and in the tally."""
    services.sites.sites.edit("kimson", excluded=("198.51.100.0/24",))
    view(client)

    response = view(client, **change)  # type: ignore[arg-type]

    body = response.get_json()
    assert response.headers["Stats-Ignored"] == reason
    assert body["counted"] is False
    assert body["site"]["views"]["total"] == 1
    assert body["site"]["online"] == 1
    assert body["article"]["views"] == 1


@pytest.mark.parametrize("header", ["Sec-GPC", "DNT"])
def test_a_private_reader_is_a_view_and_no_visitor(client: FlaskClient, header: str) -> None:
    """Under GPC or DNT no identity is derived: no visit, nobody online."""
    response = view(client, headers={header: "1"})

    body = response.get_json()
    assert body["counted"] is True
    assert response.headers["Stats-Note"] == "private"
    assert body["site"]["views"]["total"] == 1
    assert body["site"]["visits"]["total"] == 0
    assert body["site"]["online"] == 0


def test_one_address_cannot_invent_visitors_without_end(
    client: FlaskClient, services: Services
) -> None:
    """Past the cap, views still count; visits and online do not grow."""
    services.sites.sites.edit("kimson", identity_cap=5)

    for number in range(20):
        response = view(client, user_agent=f"{BROWSER} v{number}")

    body = response.get_json()
    assert response.headers["Stats-Note"] == "identity-cap"
    assert body["site"]["online"] == 5
    assert body["site"]["visits"]["total"] == 5
    assert body["site"]["views"]["total"] == 20


def test_a_flood_from_one_address_meets_the_ceiling(
    client: FlaskClient, services: Services
) -> None:
    """Views above the ceiling are ignored, for that address only."""
    services.sites.sites.edit("kimson", view_ceiling=3)

    for _ in range(5):
        flood = view(client, address="192.0.2.1")
    other = view(client, address="192.0.2.2")

    assert flood.headers["Stats-Ignored"] == "ceiling"
    assert other.get_json()["site"]["views"]["total"] == 4


def test_a_customer_with_many_networks_meets_ceilings_too(
    client: FlaskClient, services: Services
) -> None:
    """A /48 may have ten times what one of its 65,536 networks may."""
    services.sites.sites.edit("kimson", identity_cap=1, view_ceiling=2)

    answers = [view(client, address=f"2001:db8:1:{number:x}::1") for number in range(25)]
    other = view(client, address="2001:db8:2::1").get_json()

    assert [a.headers.get("Stats-Note", "") for a in answers[9:11]] == ["", "identity-cap"]
    assert [a.headers.get("Stats-Ignored", "") for a in answers[19:21]] == ["", "ceiling"]
    assert (other["site"]["visits"]["total"], other["site"]["views"]["total"]) == (11, 21)


def test_past_the_article_cap_views_count_for_the_site(
    client: FlaskClient, services: Services, redis_client: redis.Redis, settings: Settings
) -> None:
    """What nobody reads gives way; where all are read, a new one has no number, not another's."""
    services.sites.sites.edit("kimson", article_cap=1)

    for number in range(1, 4):
        invented = view(client, f"/x/{number}").get_json()
    for _ in range(11):
        read = view(client, "/tin/1").get_json()
    late = view(client, "/tin/2", articles=["/tin/1", "/tin/3"], rating=True)

    assert invented["article"] == {"key": "/x/3", "views": 1, "today": 1}
    assert read["article"]["views"] == 11
    assert late.headers["Stats-Note"] == "article-cap"
    nothing = {"views": None, "today": None, "note": "article-cap"}
    assert late.get_json()["article"] == {"key": "/tin/2"} | nothing
    assert late.get_json()["articles"]["/tin/3"] == {"key": "/tin/3"} | nothing
    assert late.get_json()["articles"]["/tin/1"]["views"] == 11
    assert late.get_json()["site"]["views"]["total"] == 15
    stored = redis_client.zrange(
        f"{settings.key_prefix}:{{kimson}}:articles", 0, -1, withscores=True
    )
    assert dict(stored) == {"/tin/1": 11, "(other)": 4}


def test_a_list_page_gets_the_views_of_its_articles(client: FlaskClient) -> None:
    """Up to a hundred articles come with the page's own answer, by the name it used."""
    view(client, "/tin/1")
    view(client, "/tin/2")
    view(client, "/tin/2")

    body = view(client, "/", articles=["/tin/2/", "/tin/1?utm_source=x", "/tin/3"]).get_json()

    assert {name: item["views"] for name, item in body["articles"].items()} == {
        "/tin/2/": 2,
        "/tin/1?utm_source=x": 1,
        "/tin/3": 0,
    }
    assert body["articles"]["/tin/2/"]["key"] == "/tin/2"


def test_opening_balances_are_part_of_the_total_and_told_apart(
    client: FlaskClient, services: Services, site: Site
) -> None:
    """The old counter's number goes on, for the site and for an article."""
    services.sites.sites.edit("kimson", opening_visits=1_814_164, opening_views=5_000_000)
    services.traffic.opening_balances.set(site, "/tin/1", 365, "an", services.clock.now())

    body = view(client, "/tin/1").get_json()

    assert body["site"]["visits"]["total"] == 1_814_165
    assert body["site"]["visits"]["opening"] == 1_814_164
    assert body["site"]["visits"]["today"] == 1
    assert body["site"]["views"]["total"] == 5_000_001
    assert body["article"] == {"key": "/tin/1", "views": 366, "today": 1}


def test_the_record_day_is_kept_with_its_date(client: FlaskClient, clock: FakeClock) -> None:
    """The busiest day stays on record when quieter ones follow."""
    clock.set(datetime(2026, 11, 23, 9, tzinfo=VIETNAM))
    for _ in range(3):
        view(client)
    clock.advance(86400)

    body = view(client).get_json()

    assert body["site"]["views"]["record"] == {"n": 3, "day": "2026-11-23"}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "JSON"),
        (b"[]", "object"),
        (b'{"hit": 5}', "hit"),
        (b'{"hit": "short"}', "hit"),
        (b'{"hit": "0123456789abcdef", "articles": "x"}', "articles"),
        (b'{"hit": "0123456789abcdef\\n"}', "hit"),
        (b"\x1f\x8b" + bytes(100), "JSON"),
        (b'{"x":' * 20_000, "JSON"),
    ],
)
def test_a_bad_body_is_refused_and_stores_nothing(
    client: FlaskClient, redis_client: redis.Redis, settings: Settings, body: bytes, named: str
) -> None:
    """The problem names what is wrong; not one key of counts appears."""
    response = client.post(
        "/v1/kimson/page",
        data=body,
        headers={"Origin": "https://kimson.example.vn", "User-Agent": BROWSER},
    )

    assert response.status_code in (400, 413)
    assert response.content_type == "application/problem+json"
    assert named in response.get_json()["detail"] or response.status_code == 413
    assert response.headers["Access-Control-Allow-Origin"] == "https://kimson.example.vn"
    stored = set(keys_of(redis_client, f"{settings.key_prefix}:{{kimson}}:*"))
    of_the_site = re.compile(r".*\}:(?:site(?::[0-9a-f]+)?|founded|salt:.*)")
    assert not {name for name in stored if not of_the_site.fullmatch(name)}


def test_an_unknown_site_is_not_found_and_leaves_no_key(
    client: FlaskClient, redis_client: redis.Redis, settings: Settings
) -> None:
    """Inventing sites costs no memory."""
    response = view(client, slug="nowhere")

    assert response.status_code == 404
    assert response.get_json()["code"] == "unknown-site"
    assert not keys_of(redis_client, f"{settings.key_prefix}:{{nowhere}}:*")


def test_a_removed_site_is_not_written_to(client: FlaskClient, services: Services) -> None:
    """A worker that still knows the site cannot bring its keys back."""
    entry = services.sites.directory.entry("kimson", services.clock.now())
    services.sites.erasure.erase("kimson", "test", services.clock.now())

    response = view(client)

    assert entry.site.slug == "kimson"
    assert response.status_code == 404


@pytest.mark.parametrize("article", ["/a\0b", "/" + "x" * 5000, "javascript:alert(1)", " "])
def test_a_page_with_a_useless_address_counts_for_the_site(
    client: FlaskClient, redis_client: redis.Redis, settings: Settings, article: str
) -> None:
    """The reader is real; the address leaves no article behind."""
    response = view(client, article)

    assert response.headers["Stats-Note"] == "article-invalid"
    assert response.get_json()["site"]["views"]["total"] == 1
    assert response.get_json()["article"] is None
    assert not redis_client.exists(f"{settings.key_prefix}:{{kimson}}:articles")


def test_a_canonical_link_tells_what_is_no_part_of_the_article(client: FlaskClient) -> None:
    """The view, the heartbeat, and a list that links with the same parameter have one key."""
    canonical = "https://kimson.example.vn/tin/1"
    first = view(client, "/tin/1?from=zalo", canonical=canonical).get_json()
    beat = view(client, "/tin/1?from=zalo", canonical=canonical, hit="", beat=True).get_json()
    wrong = view(client, "/tin/2?id=5", canonical="https://kimson.example.vn/").get_json()
    moved = view(
        client, "/tin/1?from=face", at="/tin/1?from=face", was="/tin/1", canonical=canonical
    ).get_json()
    listed = view(client, "/", articles=["/tin/1?from=home"]).get_json()

    assert first["article"]["key"] == beat["article"]["key"] == "/tin/1"
    assert wrong["article"]["key"] == "/tin/2?id=5"
    assert "article" not in moved
    assert listed["articles"]["/tin/1?from=home"]["views"] == 1


def test_a_bad_link_in_a_list_leaves_the_others_their_numbers(client: FlaskClient) -> None:
    """Only what can be an article is answered."""
    view(client, "/tin/1")

    body = view(client, "/", articles=["/tin/1", "/a\0b", "/tin/2"]).get_json()

    assert {name: item["views"] for name, item in body["articles"].items()} == {
        "/tin/1": 1,
        "/tin/2": 0,
    }


@pytest.mark.parametrize(
    ("at", "was", "counted"),
    [
        ("/tin/1", "/tin/1/", False),
        ("/tin/1?utm_source=x", "/tin/1", False),
        ("/tin/./1/index.html#part", "/tin/1", False),
        ("/tin/1?id=2", "/tin/1?id=1", True),
        ("/tin/2", "/tin/1", True),
        ("/a\0b", "/a\0c", True),
    ],
)
def test_another_address_of_one_article_is_no_view(
    client: FlaskClient, at: str, was: str, counted: bool
) -> None:
    """An application changed its address; which addresses are one article, the service tells."""
    response = view(client, at, at=at, was=was)

    body = response.get_json()
    assert body["counted"] is counted
    assert body["site"]["views"]["total"] == counted
    assert ("article" in body) is counted
    assert (response.headers.get("Stats-Note") == "same-article") is not counted
    assert "Stats-Ignored" not in response.headers


def test_one_article_is_what_the_site_says(client: FlaskClient, services: Services) -> None:
    """A site that keeps no parameters has one article behind all of them."""
    services.sites.sites.edit("kimson", article_parameters=("none",))

    body = view(client, "/tin/1?id=2", at="/tin/1?id=2", was="/tin/1?id=1").get_json()

    assert body["site"]["views"]["total"] == 0

"""Voting over HTTP: what counts, once, and what every other ballot is told.

One contract for both ways to answer it: Flask's route and the event loop.
"""

import dataclasses
import json
import os
import signal
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import altcha
import pytest
import redis
from flask.testing import FlaskClient
from msgspec.structs import replace
from werkzeug.test import TestResponse

from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.polls import Choice
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.services.polls.rules import PRESETS
from tests.support.clock import FakeClock
from tests.support.openapi import Serve
from tests.support.pages import BROWSER, ORIGIN, view
from tests.support.processes import wait_until
from tests.support.redis_groups import client_of, keys_of
from tests.support.votes import WHO, make_choices, make_poll, new_ballot, new_voter, vote

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
POLL = "muc-quan-tam"


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


def votes(services: Services, poll: str = POLL) -> dict[str, int]:
    """Return the tally that is stored, and the number of ballots."""
    tally = services.polls.polls.tally("kimson", poll)
    return tally.votes | {"ballots": tally.ballots}


def code(response: TestResponse) -> tuple[int, str]:
    """Return status and code of a problem."""
    return response.status_code, response.get_json()["code"]


def test_a_vote_counts_and_the_answer_has_the_results(
    client: FlaskClient, services: Services
) -> None:
    """The voter sees the poll with the own vote in it."""
    make_poll(services)
    vote(client, new_voter(services), "a")

    response = vote(client, new_voter(services), "b")

    body = response.get_json()
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert (body["outcome"], body["choices"]) == ("counted", ["b"])
    assert body["poll"]["voted"] is True
    assert body["poll"]["results"]["choices"] == [
        {"id": "a", "votes": 1, "percent": 50},
        {"id": "b", "votes": 1, "percent": 50},
        {"id": "c", "votes": 0, "percent": 0},
    ]
    assert votes(services) == {"a": 1, "b": 1, "ballots": 2}


def test_a_second_ballot_is_refused_with_the_tally(client: FlaskClient, services: Services) -> None:
    """409, whatever the choice; nothing is added."""
    make_poll(services)
    voter = new_voter(services)
    vote(client, voter, "a")

    response = vote(client, voter, "b")

    assert code(response) == (409, "already-voted")
    assert response.get_json()["poll"]["results"]["ballots"] == 1
    assert votes(services) == {"a": 1, "ballots": 1}


def test_a_retried_ballot_is_answered_as_the_first_time(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """The poll may have closed meanwhile, and the choice may be hidden."""
    poll = make_poll(services)
    voter, ballot = new_voter(services), new_ballot()
    first = vote(client, voter, "a", ballot=ballot).get_json()
    again = vote(client, voter, "a", ballot=ballot).get_json()
    hidden = tuple(replace(choice, hidden=choice.id == "a") for choice in poll.choices)
    services.polls.polls.edit("kimson", POLL, WHO, clock.now(), choices=hidden)
    services.polls.polls.close("kimson", POLL, WHO, clock.now())

    late = vote(client, voter, "a", ballot=ballot)

    assert again == first
    assert (late.status_code, late.get_json()["outcome"]) == (200, "counted")
    assert votes(services) == {"a": 1, "ballots": 1}


def test_the_servers_clock_opens_and_closes_a_poll(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """From the opening moment, up to and without the closing one; headers do not matter."""
    opens = datetime(2026, 3, 5, 8, 0, tzinfo=VIETNAM).timestamp()
    closes = datetime(2026, 3, 5, 17, 0, tzinfo=VIETNAM).timestamp()
    make_poll(services, opens=opens, closes=closes)

    def at(moment: float) -> TestResponse:
        clock.set(moment)
        return vote(client, new_voter(services), "a")

    early = at(opens - 0.001)
    assert code(early) == (409, "poll-not-open")
    assert early.get_json()["poll"]["state"] == "scheduled"
    assert at(opens).status_code == 200
    assert at(closes - 0.001).status_code == 200
    late = at(closes)
    assert code(late) == (409, "poll-not-open")
    assert late.get_json()["poll"]["state"] == "closed"
    assert votes(services) == {"a": 2, "ballots": 2}


def test_a_poll_closed_by_hand_is_closed_in_every_worker(
    serve: Serve, settings: Settings, services: Services, clock: FakeClock
) -> None:
    """A worker that still has the old definition finds out when it settles the ballot."""
    make_poll(services)
    worker = serve(dataclasses.replace(settings, site_cache_seconds=60))
    clock.advance(1)
    assert vote(worker, new_voter(services), "a").status_code == 200
    services.polls.polls.close("kimson", POLL, WHO, clock.now())

    response = vote(worker, new_voter(services), "a")

    assert code(response) == (409, "poll-not-open")
    assert votes(services) == {"a": 1, "ballots": 1}


def test_a_new_poll_can_be_voted_on_in_every_worker(
    serve: Serve, settings: Settings, services: Services, clock: FakeClock
) -> None:
    """A worker that does not know it yet asks."""
    worker = serve(dataclasses.replace(settings, site_cache_seconds=60))
    view(worker)
    clock.advance(1)
    make_poll(services)

    assert vote(worker, new_voter(services), "a").status_code == 200


@pytest.mark.parametrize(
    ("choices", "fields"),
    [
        (("zz",), {}),
        (("a", "b"), {}),
        (("a", "a"), {}),
        ((), {}),
        (("other",), {"other": "text"}),
        (("a",), {"other": "text"}),
        (("hidden",), {}),
        (("a" * 10_000,), {}),
        (("a\x00",), {}),
        (("{kimson}",), {}),
        ((1,), {}),
        (("a",), {"choices": "a"}),
        (("a",), {"choices": None}),
        (("a",), {"ballot": "short"}),
        (("a",), {"ballot": "x" * 33}),
        (("a",), {"ballot": "sixteen chars !!"}),
    ],
)
def test_a_ballot_that_breaks_a_rule_adds_nothing(
    client: FlaskClient, services: Services, choices: tuple[Any, ...], fields: dict[str, Any]
) -> None:
    """T5: the server alone knows the choices and their number."""
    hidden = Choice(id="hidden", text={"vi": "Cũ"}, hidden=True)
    make_poll(services, choices=(*make_choices("abcdefghij"), hidden))

    response = vote(client, new_voter(services), *choices, **fields)

    assert code(response) == (400, "invalid-input")
    assert votes(services) == {"ballots": 0}


def test_multiple_choice_has_bounds_and_percents_of_voters(
    client: FlaskClient, services: Services
) -> None:
    """Two of three voters chose a: 67 %, whatever else they chose."""
    make_poll(services, multiple=True, min_choices=1, max_choices=2)

    for choices in (("a", "b"), ("a",), ("c", "b")):
        response = vote(client, new_voter(services), *choices)
    too_many = vote(client, new_voter(services), "a", "b", "c")

    results = response.get_json()["poll"]["results"]
    assert results["of"] == "voters"
    assert results["ballots"] == 3
    assert [choice["percent"] for choice in results["choices"]] == [66.7, 66.7, 33.3]
    assert code(too_many) == (400, "invalid-input")


def test_a_token_of_another_site_or_too_old_or_forged_is_refused(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """T27: a token votes on its own site, for as long as it is good."""
    make_poll(services)
    token = new_voter(services)

    for bad in ("", "x" * 60, token[:-1], new_voter(services, slug="other"), "x" * 5_000):
        assert code(vote(client, bad, "a")) == (403, "voter-refused")
    assert code(vote(client, new_voter(services, age=401 * 86400), "a")) == (403, "voter-refused")
    assert votes(services) == {"ballots": 0}


def test_a_token_waits_before_it_votes(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """403 with Retry-After; the same ballot is taken then."""
    make_poll(services)
    voter, ballot = new_voter(services, age=0.5), new_ballot()

    early = vote(client, voter, "a", ballot=ballot)
    clock.advance(1.5)
    later = vote(client, voter, "a", ballot=ballot)

    assert code(early) == (403, "voter-too-new")
    assert early.headers["Retry-After"] == "2"
    assert later.status_code == 200


@pytest.mark.parametrize(
    "origin", ["", "null", "https://evil.example", "https://kimson.example.vn.evil"]
)
def test_a_foreign_page_cannot_vote(client: FlaskClient, services: Services, origin: str) -> None:
    """T17: refused by the server, and no CORS header for it."""
    make_poll(services)

    response = vote(client, new_voter(services), "a", origin=origin)

    assert code(response) == (403, "host")
    assert "Access-Control-Allow-Origin" not in response.headers
    assert votes(services) == {"ballots": 0}


def test_a_program_cannot_vote(client: FlaskClient, services: Services) -> None:
    """One that says so, or says nothing."""
    make_poll(services)

    for user_agent in ("curl/8.5.0", ""):
        response = vote(client, new_voter(services), "a", user_agent=user_agent)
        assert code(response) == (403, "program")


def test_a_draft_and_an_unknown_poll_are_not_there(client: FlaskClient, services: Services) -> None:
    """Neither for a ballot nor for a reader."""
    make_poll(services, status="draft")

    for poll in (POLL, "none-such", "{x}", "current"):
        assert code(vote(client, new_voter(services), "a", poll=poll)) == (404, "unknown-poll")
        assert code(client.get(f"/v1/kimson/polls/{poll}")) == (404, "unknown-poll")
        assert code(client.get(f"/v1/kimson/polls/{poll}/challenge")) == (404, "unknown-poll")
        assert view(client, poll=poll).get_json()["poll"] is None


def test_a_vote_can_be_changed_where_the_poll_allows_it(
    client: FlaskClient, services: Services, redis_client: redis.Redis, settings: Settings
) -> None:
    """It moves, and what was chosen is forgotten when the poll closes."""
    make_poll(services, change=True)
    voter = new_voter(services)
    vote(client, voter, "a")
    vote(client, new_voter(services), "a")
    ballot = new_ballot()

    changed = vote(client, voter, "b", ballot=ballot).get_json()
    retried = vote(client, voter, "b", ballot=ballot).get_json()

    assert (changed["outcome"], retried["outcome"]) == ("changed", "changed")
    assert votes(services) == {"a": 1, "b": 1, "ballots": 2}
    key = f"{settings.key_prefix}:{{kimson}}:poll:{POLL}:changes"
    assert redis_client.exists(key)
    services.polls.polls.close("kimson", POLL, WHO, services.clock.now())
    assert not redis_client.exists(key)
    assert code(vote(client, voter, "a"))[0] == 409


def test_nothing_stored_ties_a_voter_to_a_choice(
    client: FlaskClient, services: Services, settings: Settings, redis_server: str
) -> None:
    """T54: the voter set holds pseudonyms and ballots' ids, and nothing that depends on votes."""
    make_poll(services)
    voters = [new_voter(services) for _ in range(4)]
    with client_of(redis_server, decode_responses=False) as raw:

        def stored() -> dict[bytes, bytes]:
            key = f"{settings.key_prefix}:{{kimson}}:poll:{POLL}:voters"
            return dict(raw.hgetall(key))

        for voter, choice in zip(voters, "aabc", strict=True):
            vote(client, voter, choice)

        assert {(len(name), len(value)) for name, value in stored().items()} == {(8, 9)}
        assert {value[8:] for value in stored().values()} == {b"c"}
        keys = keys_of(raw, f"{settings.key_prefix}:{{kimson}}:poll*")
        assert not any(b"changes" in key for key in keys)


def test_voters_are_forgotten_a_month_after_closing(
    client: FlaskClient,
    services: Services,
    clock: FakeClock,
    redis_client: redis.Redis,
    settings: Settings,
) -> None:
    """However the poll closes; the tally stays."""
    closes = clock.now() + 3600
    make_poll(services, id="by-time", closes=closes)
    make_poll(services, id="by-hand")
    for poll in ("by-time", "by-hand"):
        vote(client, new_voter(services), "a", poll=poll)
    services.polls.polls.close("kimson", "by-hand", WHO, clock.now())

    def seconds_left(poll: str, part: str) -> int:
        key = f"{settings.key_prefix}:{{kimson}}:poll:{poll}:{part}"
        return int(redis_client.ttl(key))  # type: ignore[arg-type]

    month = 30 * 86400
    assert month + 3600 - 5 < seconds_left("by-time", "voters") <= month + 3600
    assert month - 5 < seconds_left("by-hand", "voters") <= month
    assert seconds_left("by-time", "tally") == -1


def solved(client: FlaskClient, poll: str = POLL) -> str:
    """Fetch a challenge and solve it, as a browser does."""
    document = client.get(f"/v1/kimson/polls/{poll}/challenge").get_json()
    challenge = altcha.Challenge.from_dict(document)
    solution = altcha.solve_challenge(challenge)
    assert solution
    return altcha.Payload(challenge, solution).to_base64()


def test_a_proof_is_good_for_one_ballot_of_its_poll(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """T27: missing, spent, foreign, expired or wrong: 403, and nothing is added."""
    easy = replace(PRESETS["proof"], effort=1_000)
    make_poll(services, protection=easy)
    make_poll(services, id="other-poll", protection=easy)
    proof, foreign, late = solved(client), solved(client, "other-poll"), solved(client)
    voter, ballot = new_voter(services), new_ballot()

    taken = vote(client, voter, "a", proof=proof, ballot=ballot)

    assert taken.status_code == 200
    assert vote(client, voter, "a", proof=proof, ballot=ballot).get_json()["outcome"] == "counted"
    wrong = proof[:-8] + "AAAAAAA="
    for bad in ("", "x", "e30=", "x" * 5_000, "[" * 4_000, wrong, proof, foreign):
        response = vote(client, new_voter(services), "a", proof=bad)
        assert code(response) == (403, "proof-refused"), bad[:20]
    clock.advance(601)
    assert code(vote(client, new_voter(services), "a", proof=late)) == (403, "proof-refused")
    assert votes(services) == {"a": 1, "ballots": 1}


def test_a_free_text_is_words_and_is_shown_only_when_approved(
    client: FlaskClient, services: Services
) -> None:
    """No link, no markup, no control character, not too long."""
    make_poll(services, other=20)

    good = vote(client, new_voter(services), "other", other="  Đường  giao thông ")

    assert good.get_json()["poll"]["results"]["others"] == []
    assert votes(services) == {"other": 1, "ballots": 1}
    for bad in ("", " ", "x" * 21, "a\x00b", "a\u202eb", "http://evil", "<b>", "www.evil.vn"):
        response = vote(client, new_voter(services), "other", other=bad)
        assert code(response) == (400, "invalid-input"), bad


def test_a_refusal_tells_its_reason_by_a_name(client: FlaskClient, services: Services) -> None:
    """The reader's page has words for each of them, in the reader's language."""
    make_poll(services, other=20, multiple=True, max_choices=2)

    def reason(*choices: str, **fields: str) -> str:
        refused = vote(client, new_voter(services), *choices, **fields)
        assert code(refused) == (400, "invalid-input")
        return str(refused.get_json().get("reason", ""))

    assert reason("other", other=" ") == "empty"
    assert reason("other", other="x" * 21) == "length"
    assert reason("other", other="a\u202eb") == "sign"
    for link in ("xem http://a.vn", "www.a.vn", "<b>", "</p>", "<!--"):
        assert reason("other", other=link) == "link", link
    assert reason("a", "b", "c") == reason() == "number"
    assert reason("d") == "gone"
    assert reason("a", "a") == "twice"
    assert reason("a", other="x") == "unchosen"
    assert reason("a", ballot="x") == ""


def test_joiners_and_signs_of_less_than_are_text(client: FlaskClient, services: Services) -> None:
    """A family is one emoji; a price that is below another one is no tag."""
    make_poll(services, other=40)
    texts = ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "Giá vé < 20.000đ"]

    for text in texts:
        assert vote(client, new_voter(services), "other", other=text).status_code == 200

    found = services.polls.quarantine.texts("kimson", POLL)
    assert {one.text for one in found} == set(texts)


@pytest.mark.parametrize(
    ("when", "before", "after", "closed"),
    [
        ("always", True, True, True),
        ("after-voting", False, True, True),
        ("after-closing", False, False, True),
        ("admins", False, False, False),
    ],
)
def test_results_are_shown_when_the_poll_says(
    client: FlaskClient, services: Services, when: str, before: bool, after: bool, closed: bool
) -> None:
    """The same rule for the page view, the ballot, the conflict and the poll by itself."""
    make_poll(services, results_when=when)
    voter = new_voter(services)

    def seen(answer: dict[str, Any]) -> bool:
        return answer["poll"]["results"] is not None

    assert seen(view(client, poll=POLL, voter=voter).get_json()) is before
    assert seen(vote(client, voter, "a").get_json()) is after
    assert seen(vote(client, voter, "a").get_json()) is after
    assert seen(view(client, poll=POLL, voter=voter).get_json()) is after
    assert seen(view(client, poll=POLL, voter=new_voter(services)).get_json()) is before
    services.polls.polls.close("kimson", POLL, WHO, services.clock.now())
    assert seen({"poll": client.get(f"/v1/kimson/polls/{POLL}").get_json()}) is closed


@pytest.mark.parametrize(
    ("shown_as", "counts", "percents"),
    [("counts", True, False), ("percents", False, True), ("both", True, True)],
)
def test_results_are_shown_as_the_poll_says(
    client: FlaskClient, services: Services, shown_as: str, counts: bool, percents: bool
) -> None:
    """What is not to be shown is not sent."""
    make_poll(services, results_as=shown_as)

    results = vote(client, new_voter(services), "a").get_json()["poll"]["results"]

    assert (results["ballots"] is not None) is counts
    assert (results["choices"][0]["votes"] is not None) is counts
    assert (results["choices"][0]["percent"] is not None) is percents


@pytest.mark.parametrize("how", ["gone", "stopped"])
def test_without_redis_a_vote_is_refused_and_never_thanked_for(
    serve: Serve, settings: Settings, clock: FakeClock, tmp_path: Path, how: str
) -> None:
    """503 with Retry-After, in time; the same ballot counts, once, when Redis is back."""
    with EmbeddedRedis(tmp_path / "own") as server:
        own = dataclasses.replace(
            settings, redis_url=server.url, redis_timeout=0.2, site_cache_seconds=60
        )
        services = create_services(own, clock)
        services.sites.sites.add(Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",)))
        make_poll(services)
        client, voter, ballot = serve(own), new_voter(services), new_ballot()
        view(client, "/tin/1")
        if how == "gone":
            server.stop()
        else:
            os.kill(server.pid or 0, signal.SIGSTOP)

        answers = []
        for _ in range(3):
            began = time.monotonic()
            answers.append((vote(client, voter, "a", ballot=ballot), time.monotonic() - began))
        rating = client.post(
            "/v1/kimson/ratings",
            data=json.dumps({"article": "/tin/1", "score": 5, "voter": voter}),
            headers={"User-Agent": BROWSER, "Origin": ORIGIN},
        )

        if how == "gone":
            server.start()
        else:
            os.kill(server.pid or 0, signal.SIGCONT)
        wait_until(lambda: vote(client, voter, "a", ballot=ballot).status_code == 200)
        # What was sent meanwhile may have been settled, or not: once in any case.
        assert votes(services) == {"a": 1, "ballots": 1}
        services.close()

    for answer, seconds in answers:
        assert code(answer) == (503, "store-unavailable")
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert seconds < 0.5
    assert code(rating) == (503, "store-unavailable")

"""Ballots over a ceiling: kept apart, accepted or voided, and never lost or counted twice."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace

from stats_service.errors import InvalidInputError, NotFoundError
from stats_service.models.polls import Protection
from stats_service.models.quarantine import Integrity
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.polls.rules import PRESETS
from tests.support.clock import FakeClock
from tests.support.pages import view
from tests.support.votes import WHO, make_poll, new_voter, vote

POLL = "muc-quan-tam"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
TIGHT = Protection(per_address=2, per_customer=4)


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


def sound(services: Services) -> Integrity:
    """Return the poll's report, whose sums must agree."""
    report = services.polls.integrity.report(
        "kimson", POLL, "Asia/Ho_Chi_Minh", services.clock.now()
    )
    assert report.faults == ()
    assert report.sound is True
    return report


def tally(services: Services) -> dict[str, int]:
    """Return the votes that count."""
    return services.polls.polls.tally("kimson", POLL).votes


def outcomes(client: FlaskClient, services: Services, *addresses: str, **fields: Any) -> list[str]:
    """Vote for a once from each address; return what became of it."""
    return [
        vote(client, new_voter(services), "a", address=address, **fields).get_json()["outcome"]
        for address in addresses
    ]


def test_what_is_over_the_ceiling_waits_and_the_voter_is_told(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """It is in, its voter cannot vote again, and it is not counted."""
    make_poll(services, protection=TIGHT)
    voter = new_voter(services)

    told = outcomes(client, services, *["192.0.2.1"] * 2)
    held = vote(client, voter, "b").get_json()
    again = vote(client, voter, "b")

    assert told == ["counted", "counted"]
    assert held["outcome"] == "held"
    assert held["poll"]["results"]["ballots"] == 2
    assert again.status_code == 409
    assert outcomes(client, services, "192.0.2.2") == ["counted"]
    assert tally(services) == {"a": 3}
    assert sound(services).held == 1
    clock.advance(3600)
    assert outcomes(client, services, "192.0.2.1") == ["counted"]


def test_ipv6_is_bounded_by_64_and_by_48(client: FlaskClient, services: Services) -> None:
    """T30: rotating addresses in a /64, or networks in a /48, is one bucket of each level."""
    make_poll(services, protection=TIGHT)

    within_64 = outcomes(client, services, *[f"2001:db8:1:1::{n:x}" for n in range(1, 5)])
    within_48 = outcomes(client, services, *[f"2001:db8:2:{n:x}::1" for n in range(1, 8)])

    assert within_64 == ["counted"] * 2 + ["held"] * 2
    assert within_48 == ["counted"] * 4 + ["held"] * 3
    groups = services.polls.quarantine.groups("kimson", POLL)
    assert sorted((group.network, group.ballots) for group in groups) == [
        ("address", 2),
        ("customer", 3),
    ]
    sound(services)


def test_a_group_can_be_accepted_and_voided_and_back(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Its votes move as one; each decision is audited; what comes later shares the fate."""
    make_poll(services, protection=TIGHT, other=50)
    outcomes(client, services, *["192.0.2.1"] * 4)
    vote(client, new_voter(services), "other", other="Đường")
    (group,) = services.polls.quarantine.groups("kimson", POLL)
    assert (group.state, group.ballots, group.votes) == ("held", 3, {"a": 2, "other": 1})
    assert services.polls.quarantine.texts("kimson", POLL) == []

    def settle(state: str) -> dict[str, int]:
        services.polls.quarantine.settle("kimson", POLL, group.name, state, WHO, clock.now())
        sound(services)
        return tally(services)

    assert settle("accepted") == {"a": 4, "other": 1}
    assert [text.text for text in services.polls.quarantine.texts("kimson", POLL)] == ["Đường"]
    assert outcomes(client, services, "192.0.2.1") == ["counted"]
    assert settle("voided") == {"a": 2}
    assert outcomes(client, services, "192.0.2.1") == ["held"]
    assert sound(services).voided == 5
    assert settle("voided") == {"a": 2}
    assert settle("accepted") == {"a": 6, "other": 1}
    assert settle("held") == {"a": 2}
    whats = [entry.what for entry in services.accounts.audit.newest("kimson")][:4]
    assert whats == [
        "quarantine.held",
        "quarantine.accepted",
        "quarantine.voided",
        "quarantine.accepted",
    ]
    with pytest.raises(NotFoundError):
        services.polls.quarantine.settle(
            "kimson", POLL, "2026-01-01T00-aff", "voided", WHO, clock.now()
        )
    with pytest.raises(InvalidInputError):
        services.polls.quarantine.settle("kimson", POLL, group.name, "gone", WHO, clock.now())


def test_a_change_of_vote_stays_where_the_ballot_is(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """In its group, whatever state that has, and from whatever address it comes."""
    make_poll(services, protection=TIGHT, change=True)
    outcomes(client, services, *["192.0.2.1"] * 2)
    voter = new_voter(services)
    vote(client, voter, "a")
    (group,) = services.polls.quarantine.groups("kimson", POLL)

    def change(choice: str) -> str:
        outcome = vote(client, voter, choice, address="192.0.2.9").get_json()["outcome"]
        sound(services)
        return str(outcome)

    assert change("b") == "held"
    assert tally(services) == {"a": 2}
    services.polls.quarantine.settle("kimson", POLL, group.name, "accepted", WHO, clock.now())
    assert tally(services) == {"a": 2, "b": 1}
    assert change("c") == "changed"
    assert tally(services) == {"a": 2, "c": 1}
    services.polls.quarantine.settle("kimson", POLL, group.name, "voided", WHO, clock.now())
    assert tally(services) == {"a": 2}
    assert change("a") == "held"
    (group,) = services.polls.quarantine.groups("kimson", POLL)
    assert (group.ballots, {k: v for k, v in group.votes.items() if v}) == (1, {"a": 1})


def test_tokens_of_a_burst_wait_for_review(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """T29, small: one client issues more tokens than its address may; later ones are held."""
    services.sites.sites.edit("kimson", token_ceiling=3)
    make_poll(services)
    tokens = [view(client, voter="").get_json()["voter"] for _ in range(6)]
    clock.advance(5)

    told = [vote(client, token, "a").get_json()["outcome"] for token in tokens]

    assert told == ["counted"] * 3 + ["held"] * 3
    assert sound(services).held == 3


def test_an_intranet_poll_has_no_ceilings(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Everybody comes from one address, tokens of a burst included."""
    services.sites.sites.edit("kimson", token_ceiling=1)
    make_poll(services, protection=PRESETS["intranet"])
    tokens = [view(client, voter="").get_json()["voter"] for _ in range(5)]
    clock.advance(5)

    told = [vote(client, token, "a").get_json()["outcome"] for token in tokens]

    assert told == ["counted"] * 5


def test_free_texts_are_shown_once_approved(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Also those that come later; a rejected one stays rejected; both can be taken back."""
    make_poll(services, other=50)

    def write(text: str) -> list[dict[str, Any]]:
        answer = vote(client, new_voter(services), "other", other=text).get_json()
        return list(answer["poll"]["results"]["others"])

    def moderate(text: str, state: str) -> None:
        services.polls.quarantine.moderate("kimson", POLL, text, state, WHO, clock.now())

    write("Đường")
    assert write("Cờ bạc") == []
    moderate("Đường", "approved")
    moderate("Cờ bạc", "rejected")

    assert write("Đường") == [{"text": "Đường", "votes": 2}]
    assert write("Cờ bạc") == [{"text": "Đường", "votes": 2}]
    states = [(t.text, t.state, t.votes) for t in services.polls.quarantine.texts("kimson", POLL)]
    assert states == [("Đường", "approved", 2), ("Cờ bạc", "rejected", 2)]
    moderate("Đường", "pending")
    assert write("Trường học") == []
    assert tally(services) == {"other": 5}
    with pytest.raises(NotFoundError):
        moderate("Không ai viết", "approved")


def test_the_report_tells_what_happened_hour_by_hour(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Counted, held, refused by reason; and the protection over time."""
    make_poll(services, protection=TIGHT)
    outcomes(client, services, *["192.0.2.1"] * 3)
    voter = new_voter(services)
    vote(client, voter, "b", address="192.0.2.3")
    vote(client, voter, "b", address="192.0.2.3")
    vote(client, "forged", "b")
    clock.advance(3600)
    loose = replace(TIGHT, per_address=100)
    services.polls.polls.edit("kimson", POLL, WHO, clock.now(), protection=loose)
    vote(client, new_voter(services), "zz")
    services.polls.polls.close("kimson", POLL, WHO, clock.now())
    vote(client, new_voter(services), "a")

    report = sound(services)

    assert report.outcomes == {
        "already-voted": 1,
        "counted": 3,
        "held": 1,
        "invalid-input": 1,
        "poll-not-open": 1,
        "voter-refused": 1,
    }
    assert [hour.hour for hour in report.hours] == ["2026-03-04T12", "2026-03-04T13"]
    assert report.hours[1].ballots == {"invalid-input": 1, "poll-not-open": 1}
    assert (report.ballots, report.held, report.voters) == (3, 1, 4)
    assert [change.protection["per_address"] for change in report.protection] == [2, 100]


def test_the_report_finds_a_number_that_was_tampered_with(
    client: FlaskClient, services: Services, redis_client: Any
) -> None:
    """One vote more than voters is a fault, in words."""
    make_poll(services)
    vote(client, new_voter(services), "a")
    key = f"{services.settings.key_prefix}:{{kimson}}:poll:{POLL}:tally"
    redis_client.hincrby(key, "c:a", 1)

    report = services.polls.integrity.report("kimson", POLL, "UTC", services.clock.now())

    assert report.sound is False
    assert report.faults == ("2 votes on 1 ballots of 1 to 1 each",)


def test_once_the_voters_are_forgotten_nothing_is_claimed(
    client: FlaskClient, services: Services, clock: FakeClock, redis_client: Any
) -> None:
    """A month after closing the report says that it cannot know."""
    make_poll(services)
    vote(client, new_voter(services), "a")
    services.polls.polls.close("kimson", POLL, WHO, clock.now())
    redis_client.delete(f"{services.settings.key_prefix}:{{kimson}}:poll:{POLL}:voters")
    clock.advance(31 * 86400)

    report = services.polls.integrity.report("kimson", POLL, "UTC", clock.now())

    assert (report.voters, report.sound, report.faults) == (None, None, ())


def test_a_poll_that_was_brought_in_with_its_results_has_no_voters(
    services: Services, clock: FakeClock, redis_client: Any
) -> None:
    """Nothing is claimed about who voted elsewhere."""
    make_poll(services)
    services.polls.polls.archive("kimson", POLL, WHO, clock.now())
    key = f"{services.settings.key_prefix}:{{kimson}}:poll:{POLL}:tally"
    redis_client.hset(key, mapping={"ballots": 5, "c:a": 3, "c:b": 2})

    report = services.polls.integrity.report("kimson", POLL, "UTC", clock.now())

    assert (report.ballots, report.voters, report.sound) == (5, None, None)


def test_the_verdict_says_what_it_is_made_of(
    client: FlaskClient, services: Services, clock: FakeClock, redis_client: Any
) -> None:
    """Sound, until something stands out; an hour and a browser from a hundred ballots on."""
    make_poll(services, protection=Protection(wait=0))
    key = f"{services.settings.key_prefix}:{{kimson}}:poll:{POLL}:report"

    def found() -> list[tuple[str, int, int, str]]:
        report = sound(services)
        assert (report.verdict == "sound") == (not report.reasons)
        return [(r.kind, r.n, r.of, r.subject) for r in report.reasons]

    for n in range(60):
        vote(client, new_voter(services), "a", address=f"{20 + n}.18.0.1", user_agent=FIREFOX)
    assert found() == []
    for hour in range(5):
        clock.advance(3600)
        for n in range(8):
            vote(client, new_voter(services), "b", address=f"{90 + hour}.{n}.0.1")
    assert found() == [("hour", 60, 100, "2026-03-04T12")]
    for _ in range(25):
        vote(client, new_voter(services), "b", address="192.0.2.1")
    report = sound(services)
    assert found() == [("address", 25, 125, "")]
    assert [(h.hour, h.address, h.crowd) for h in report.hours][-1] == ("2026-03-04T17", 25, 25)
    assert report.browsers == {"linux-chrome": 65, "windows-firefox": 60}
    assert report.verdict == "look"
    redis_client.hset(key, "browser:windows-firefox", 6_000)
    assert ("browser", 6_000, 6_065, "windows-firefox") in found()
    redis_client.hdel(key, "browser:windows-firefox")
    assert ("unseen", 60, 125, "") in found()


def test_nothing_of_a_network_is_kept_for_more_than_two_days(
    client: FlaskClient, services: Services, redis_client: Any
) -> None:
    """But its ballots of a day and hour, without a name."""
    make_poll(services)
    for _ in range(12):
        vote(client, new_voter(services), "a")

    prefix = f"{services.settings.key_prefix}:{{kimson}}:poll:{POLL}"
    keys = list(redis_client.scan_iter(f"{prefix}:networks:*"))
    report = redis_client.hgetall(f"{prefix}:report")

    assert [0 < redis_client.ttl(key) <= 48 * 3600 for key in keys] == [True]
    assert report == {
        "block:2026-03-04": "12",
        "block:2026-03-04T12": "12",
        "browser:linux-chrome": "12",
        "counted:2026-03-04T12": "12",
        "crowd:2026-03-04T12": "12",
        "network:2026-03-04T12": "12",
        "now:network": "12",
        "provider:2026-03-04": "12",
        "provider:2026-03-04T12": "12",
    }

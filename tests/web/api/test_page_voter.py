"""A voter's token with the page view: who gets one, and when it is marked."""

import redis
from flask.testing import FlaskClient

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.clock import FakeClock
from tests.support.pages import view
from tests.support.redis_groups import keys_of


def test_a_page_that_wants_a_token_gets_one_and_keeps_it(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """A token that was sent is never replaced: who reads on may never vote."""
    token = view(client, voter="").get_json()["voter"]

    assert services.polls.voters.find("kimson", token, clock.now())
    assert "voter" not in view(client, voter=token).get_json()
    assert "voter" not in view(client).get_json()
    assert "voter" not in view(client, voter=token + "x").get_json()
    assert "voter" not in view(client, voter=None).get_json()


def test_whoever_opted_out_may_vote_and_a_program_may_not(client: FlaskClient, site: Site) -> None:
    """Being counted and voting are two things."""
    assert "voter" in view(client, voter="", out=True).get_json()
    assert "voter" in view(client, voter="", beat=True).get_json()
    assert "voter" not in view(client, voter="", bot=True).get_json()
    assert "voter" not in view(client, voter="", origin="https://evil.example").get_json()
    assert "voter" not in view(client, voter="", out=True, origin="https://evil.example").get_json()


def test_tokens_beyond_the_ceiling_of_an_address_are_marked(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """They are given out, because most of them are honest, but their ballots will wait."""
    services.sites.sites.edit("kimson", token_ceiling=3)

    def burst(address: str) -> bool:
        token = view(client, voter="", address=address).get_json()["voter"]
        voter = services.polls.voters.find("kimson", token, clock.now())
        assert voter
        return voter.burst

    assert [burst("192.0.2.1") for _ in range(5)] == [False, False, False, True, True]
    assert not burst("192.0.2.2")


def test_ipv6_has_a_ceiling_for_the_64_and_one_for_the_48(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """Rotating through either is one bucket of its level."""
    services.sites.sites.edit("kimson", token_ceiling=3)

    def burst(address: str) -> bool:
        token = view(client, voter="", address=address).get_json()["voter"]
        voter = services.polls.voters.find("kimson", token, clock.now())
        assert voter
        return voter.burst

    within_64 = [burst(f"2001:db8:1:1::{n:x}") for n in range(1, 6)]
    within_48 = [burst(f"2001:db8:2:{n:x}::1") for n in range(1, 12)]

    assert within_64 == [False] * 3 + [True] * 2
    assert within_48 == [False] * 9 + [True] * 2


def test_an_unknown_poll_is_null_and_one_not_asked_for_is_absent(
    client: FlaskClient, site: Site, redis_client: redis.Redis, settings: Settings
) -> None:
    """So a widget can say that there is no poll."""
    assert view(client, poll="current").get_json()["poll"] is None
    assert view(client, poll="none-such").get_json()["poll"] is None
    assert "poll" not in view(client).get_json()
    assert keys_of(redis_client, f"{settings.key_prefix}:{{kimson}}:poll*") == []

"""Tokens: whose they are, how long they are good, and what nobody can read from them."""

from collections.abc import Callable

import pytest

from stats_service.errors import VoterRefusedError, VoterTooNewError
from stats_service.services.visitors.voters import TOKEN_MAX_LENGTH, TOKEN_SECONDS, Voters

NOW = 1_772_600_000.0


@pytest.fixture
def voters() -> Voters:
    """Give voters of an installation."""
    return Voters("v" * 32)


def test_a_token_may_vote_once_it_is_old_enough(voters: Voters) -> None:
    """Until then the error says how long to wait."""
    token = voters.issue("kimson", NOW)

    with pytest.raises(VoterTooNewError) as error:
        voters.admit("kimson", token, 2, NOW + 0.5)
    voter = voters.admit("kimson", token, 2, NOW + 2)

    assert error.value.retry_after == pytest.approx(1.5, abs=0.01)
    assert voter.minted_at == pytest.approx(NOW)
    assert len(token) <= TOKEN_MAX_LENGTH


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "",
        lambda _: "rubbish",
        lambda _: "1..",
        lambda token: token[:-2],
        lambda token: token + "A",
        lambda token: "2" + token[1:],
        lambda token: token[:5] + ("B" if token[5] == "A" else "A") + token[6:],
        lambda token: token * 3,
        lambda token: token.replace("1", "ಗ", 1),
        lambda token: "\ud800" + token,
    ],
)
def test_a_changed_token_is_nobodys(voters: Voters, change: Callable[[str], str]) -> None:
    """Whatever is changed, the signature does not hold."""
    token = change(voters.issue("kimson", NOW))

    with pytest.raises(VoterRefusedError):
        voters.admit("kimson", token, 0, NOW)


def test_a_token_is_of_one_site_and_one_installation(voters: Voters) -> None:
    """Another site's, or another secret's, is refused."""
    token = voters.issue("kimson", NOW)

    assert voters.find("kimson", token, NOW)
    assert voters.find("kimson-2", token, NOW) is None
    assert Voters("w" * 32).find("kimson", token, NOW) is None


def test_a_token_expires(voters: Voters) -> None:
    """After some four hundred days."""
    token = voters.issue("kimson", NOW)

    assert voters.find("kimson", token, NOW + TOKEN_SECONDS - 1)
    assert voters.find("kimson", token, NOW + TOKEN_SECONDS) is None


def test_a_token_of_a_wrong_clock_stays_the_voters(voters: Voters) -> None:
    """A minute apart it waits as any does; of a day ahead it is the same voter, now and later."""
    token = voters.issue("kimson", NOW)

    with pytest.raises(VoterTooNewError):
        voters.admit("kimson", token, 2, NOW - 59)
    early = voters.admit("kimson", token, 2, NOW - 86_400)

    assert early == voters.admit("kimson", token, 2, NOW + 2)


def test_ballots_of_two_polls_cannot_be_tied_together(voters: Voters) -> None:
    """A voter has another pseudonym in every poll and site, always the same one there."""
    voter = voters.admit("kimson", voters.issue("kimson", NOW), 0, NOW)

    first = voters.pseudonym("kimson", "poll:a", voter)

    assert first == voters.pseudonym("kimson", "poll:a", voter)
    assert first != voters.pseudonym("kimson", "poll:b", voter)
    assert first != voters.pseudonym("kimson-2", "poll:a", voter)
    assert first not in voter.id


def test_a_token_remembers_that_it_was_one_of_a_burst(voters: Voters) -> None:
    """Its ballots are to wait for review."""
    assert voters.admit("kimson", voters.issue("kimson", NOW, burst=True), 0, NOW).burst
    assert not voters.admit("kimson", voters.issue("kimson", NOW), 0, NOW).burst

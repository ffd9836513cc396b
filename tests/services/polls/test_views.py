"""The arithmetic of results, and what a poll is at a moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stats_service.models.polls import Poll, PollTally
from stats_service.services.polls.views import SitePolls, percents, percents_of, results, state_at
from tests.support.votes import make_choices

NUMBERS = st.lists(st.integers(0, 10**9), min_size=1, max_size=51)
POLL = Poll(id="p", question={"vi": "?"}, choices=make_choices("abc"), status="open")


@given(NUMBERS)
def test_percents_of_votes_add_up_to_a_hundred(numbers: list[int]) -> None:
    """Each is less than one away from the exact share, and more votes never have less."""
    shares = percents(numbers)

    total = sum(numbers)
    assert sum(shares) == (100 if total else 0)
    for number, share in zip(numbers, shares, strict=True):
        assert abs(share * total - number * 100) < max(total, 1)
    pairs = sorted(zip(numbers, shares, strict=True))
    assert [share for _, share in pairs] == sorted(shares)


@given(NUMBERS)
def test_no_votes_have_no_percent(numbers: list[int]) -> None:
    """A choice that nobody chose is never rounded up."""
    for number, share in zip(numbers, percents(numbers), strict=True):
        assert number or not share


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=51), st.integers(0, 1000))
def test_percents_of_voters_are_rounded_each(numbers: list[int], more: int) -> None:
    """Within a half, from 0 to 100."""
    voters = max(numbers) + more

    for number, share in zip(numbers, percents_of(numbers, voters), strict=True):
        assert 0 <= share <= 100
        assert abs(share * voters - number * 100) * 2 <= max(voters, 0)


def test_the_largest_remainder_gets_the_odd_percent() -> None:
    """And among equal ones the earlier choice, so that the figures do not jump about."""
    assert percents([1, 1, 1]) == [34, 33, 33]
    assert percents([2, 1]) == [67, 33]
    assert percents([0, 0]) == [0, 0]
    assert percents([10, 4, 0, 2]) == [63, 25, 0, 12]


def test_a_hidden_choice_is_reported_only_with_votes() -> None:
    """And a free text's choice only where there is one, or was."""
    hidden = replace(
        POLL, choices=tuple(replace(c, hidden=c.id != "a") for c in make_choices("abc"))
    )

    found = results(hidden, PollTally(3, {"a": 1, "b": 1, "other": 1}, {"Chợ": 1}), "both")

    assert [choice.id for choice in found.choices] == ["a", "b", "other"]
    assert [other.text for other in found.others] == ["Chợ"]


@pytest.mark.parametrize(
    ("status", "now", "state"),
    [
        ("draft", 150, "draft"),
        ("open", 99.9, "scheduled"),
        ("open", 100, "open"),
        ("open", 199.9, "open"),
        ("open", 200, "closed"),
        ("closed", 150, "closed"),
        ("archived", 150, "archived"),
    ],
)
def test_the_state_of_a_poll_at_a_moment(status: str, now: float, state: str) -> None:
    """It opens at its opening time and is closed at its closing time."""
    assert state_at(replace(POLL, status=status, opens=100, closes=200), now) == state


def test_the_current_poll_is_the_pinned_one_or_the_one_opened_last() -> None:
    """A draft never is; a pinned one stays when it closes."""
    polls = {
        "old": replace(POLL, id="old", opened=10),
        "new": replace(POLL, id="new", opened=20),
        "later": replace(POLL, id="later", opened=5, opens=100),
        "draft": replace(POLL, id="draft", status="draft"),
        "shut": replace(POLL, id="shut", status="closed", opened=90, closed=95),
    }

    def current(pinned: str, now: float) -> str:
        poll = SitePolls(1, polls, pinned).find("current", now)
        return poll.id if poll else ""

    assert current("", 50) == "new"
    assert current("", 100) == "later"
    assert current("shut", 100) == "shut"
    assert current("old", 100) == "old"
    assert current("draft", 50) == "new"
    assert current("gone", 50) == "new"
    assert SitePolls().find("current", 50) is None
    assert SitePolls(1, polls).find("draft", 50) is None

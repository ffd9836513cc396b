"""The arithmetic of results, and what a poll is at a moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stats_service.models.polls import Poll, PollTally
from stats_service.services.polls.presentation import (
    SitePolls,
    percent_of,
    percent_text,
    results,
    state_at,
)
from tests.support.votes import make_choices

NUMBERS = st.lists(st.integers(0, 10**9), min_size=1, max_size=51)
POLL = Poll(id="p", question={"vi": "?"}, choices=make_choices("abc"), status="open")


@given(NUMBERS, st.integers(0, 1000))
def test_no_percentage_lies(numbers: list[int], more: int) -> None:
    """Equal votes are equal, more are never less, and nobody is nothing or all who is not."""
    total = sum(numbers) + more
    shares = [percent_of(number, total) for number in numbers]

    for number, share in zip(numbers, shares, strict=True):
        assert abs(share * total - number * 100) * 20 <= total
        assert (share == 0) == (number == 0)
        assert (share == 100) == (number == total > 0)
    pairs = sorted(zip(numbers, shares, strict=True))
    assert [share for _, share in pairs] == sorted(shares)
    assert len(set(pairs)) == len(set(numbers))


@pytest.mark.parametrize(
    ("votes", "shown"),
    [
        ((1, 1, 1), ["33.3", "33.3", "33.3"]),
        ((4, 4, 6), ["28.6", "28.6", "42.9"]),
        ((250, 1, 0), ["99.6", "0.4", "0"]),
        ((10_000, 1, 0), [">99.9", "<0.1", "0"]),
        ((5, 0, 0), ["100", "0", "0"]),
        ((0, 0, 0), ["0", "0", "0"]),
        ((2, 1, 1), ["50", "25", "25"]),
    ],
)
def test_percentages_are_written_as_what_they_mean(
    votes: tuple[int, ...], shown: list[str]
) -> None:
    """To a tenth, and without one where it is whole."""
    found = results(POLL, PollTally(sum(votes), dict(zip("abc", votes, strict=True))))

    assert [percent_text(choice.percent or 0) for choice in found.choices] == shown
    assert percent_text(33.3, ",") == "33,3"


@pytest.mark.parametrize(
    ("votes", "leading"),
    [((2, 2, 0), ("a", "b")), ((1, 3, 2), ("b",)), ((1, 1, 1), ("a", "b", "c")), ((0, 0, 0), ())],
)
def test_who_leads_is_said_of_all_who_are_equal(
    votes: tuple[int, ...], leading: tuple[str, ...]
) -> None:
    """Also where only percentages are shown, in which 5,000 and 4,999 look alike."""
    tally = PollTally(sum(votes), dict(zip("abc", votes, strict=True)))

    assert results(POLL, tally, "percents").leading == leading


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

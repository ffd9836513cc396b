"""Polls as their readers see them: the state at a moment, and results in percents.

Free of I/O, so that the page view's answer can hold a poll without a further question to Redis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from stats_service.models.polls import (
    OTHER,
    ChoiceResult,
    OtherResult,
    Poll,
    PollResults,
    PollTally,
    PollView,
)
from stats_service.services.periods import local_time

#: What a page asks for that wants whatever poll the site shows now.
CURRENT = "current"
#: Most approved free texts in a reader's results.
OTHERS_SHOWN = 50


@dataclass(frozen=True)
class SitePolls:
    """The polls of a site as one worker knows them, drafts included."""

    #: Sum of the revisions of all polls: it grows with every change.
    revision: int = 0
    by_id: Mapping[str, Poll] = field(default_factory=dict)
    #: The poll that the site wants to be the current one, or an empty string.
    pinned: str = ""

    @cached_property
    def _opened(self) -> tuple[Poll, ...]:
        polls = [poll for poll in self.by_id.values() if poll.status == "open"]
        return tuple(sorted(polls, key=opening_time, reverse=True))

    def find(self, name: str, now: float) -> Poll | None:
        """Return the public poll of that id, or the current one; None if there is none."""
        if name == CURRENT:
            return self.current(now)
        poll = self.by_id.get(name)
        return poll if poll is not None and poll.status != "draft" else None

    def current(self, now: float) -> Poll | None:
        """Return the pinned poll, else the open one that was opened last."""
        pinned = self.by_id.get(self.pinned) if self.pinned else None
        if pinned is not None and pinned.status != "draft":
            return pinned
        return next((poll for poll in self._opened if state_at(poll, now) == "open"), None)


def opening_time(poll: Poll) -> float:
    """Return when a poll took, or takes, its first ballots, in seconds."""
    return max(poll.opens or 0.0, poll.opened)


def closing_time(poll: Poll) -> float:
    """Return when a poll took its last ballots, in seconds; infinity if nobody knows yet."""
    if poll.status in ("closed", "archived"):
        return min(poll.closed, poll.closes or poll.closed)
    return poll.closes if poll.closes is not None else float("inf")


def state_at(poll: Poll, now: float) -> str:
    """Return `draft`, `scheduled`, `open`, `closed` or `archived`.

    A poll takes ballots from the moment `opens`, up to and without the moment `closes`.
    """
    if poll.status != "open":
        return poll.status
    if poll.opens is not None and now < poll.opens:
        return "scheduled"
    return "closed" if poll.closes is not None and now >= poll.closes else "open"


def poll_view(
    poll: Poll, tally: PollTally, timezone: str, now: float, *, voted: bool = False
) -> PollView:
    """Return what a reader gets to see of a poll."""
    state = state_at(poll, now)
    return PollView(
        id=poll.id,
        state=state,
        lang=poll.lang,
        question=poll.question,
        choices=poll.choices,
        multiple=poll.multiple,
        min=poll.min_choices,
        max=poll.max_choices,
        other=poll.other,
        opens=local_time(poll.opens, timezone) if poll.opens is not None else None,
        closes=local_time(poll.closes, timezone) if poll.closes is not None else None,
        shuffle=poll.shuffle,
        change=poll.change,
        proof=poll.protection.proof,
        wait=poll.protection.wait,
        when=poll.results_when,
        shown_as=poll.results_as,
        voted=voted,
        results=results(poll, tally, poll.results_as)
        if sees_results(poll, state, voted=voted)
        else None,
    )


class PollViews:
    """Makes views of polls; those of the same poll and tally are made once.

    The page views of a batch share their tallies, so that all but the first get the view for
    nothing. It may be some milliseconds old.
    """

    def __init__(self) -> None:
        self._poll: Poll | None = None
        self._tally: PollTally | None = None
        self._made: dict[bool, PollView] = {}

    def view(
        self, poll: Poll, tally: PollTally, timezone: str, now: float, *, voted: bool
    ) -> PollView:
        """Return what `poll_view` returns."""
        if poll is not self._poll or tally is not self._tally:
            self._poll, self._tally, self._made = poll, tally, {}
        made = self._made.get(voted)
        if made is None:
            made = self._made[voted] = poll_view(poll, tally, timezone, now, voted=voted)
        return made


def sees_results(poll: Poll, state: str, *, voted: bool) -> bool:
    """Return whether a reader may see the results now."""
    over = state in ("closed", "archived")
    match poll.results_when:
        case "always":
            return True
        case "after-voting":
            return voted or over
        case "after-closing":
            return over
    return False


def results(poll: Poll, tally: PollTally, shown_as: str = "both") -> PollResults:
    """Return the results of a poll, every choice that is offered or has votes."""
    votes = tally.votes
    ids = [c.id for c in poll.choices if not c.hidden or votes.get(c.id)]
    if poll.other or votes.get(OTHER):
        ids.append(OTHER)
    numbers = [votes.get(name, 0) for name in ids]
    shares = percents_of(numbers, tally.ballots) if poll.multiple else percents(numbers)
    counts, parts = shown_as != "percents", shown_as != "counts"
    texts = sorted(tally.others.items(), key=lambda item: (-item[1], item[0]))
    return PollResults(
        of="voters" if poll.multiple else "votes",
        ballots=tally.ballots if counts else None,
        choices=tuple(
            ChoiceResult(name, number if counts else None, share if parts else None)
            for name, number, share in zip(ids, numbers, shares, strict=True)
        ),
        others=tuple(OtherResult(text, n if counts else None) for text, n in texts[:OTHERS_SHOWN]),
    )


def percents(numbers: Sequence[int]) -> list[int]:
    """Return whole percents that add up to 100, by the largest remainder.

    Among equal remainders the larger number gets the odd percent, then the earlier one. Without
    any votes every percent is 0.
    """
    total = sum(numbers)
    if not total:
        return [0] * len(numbers)
    shares = [number * 100 // total for number in numbers]
    order = sorted(range(len(numbers)), key=lambda i: (-(numbers[i] * 100 % total), -numbers[i], i))
    for i in order[: 100 - sum(shares)]:
        shares[i] += 1
    return shares


def percents_of(numbers: Sequence[int], voters: int) -> list[int]:
    """Return what percentage of `voters` each number is, halves rounded up."""
    return [(number * 200 + voters) // (2 * voters) if voters else 0 for number in numbers]

"""Polls as their readers see them: the state at a moment, and results in percents.

No I/O: the answer to a page view can include a poll without another request to Redis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from msgspec.structs import replace

from stats_service.models.polls import (
    OTHER,
    Choice,
    ChoiceResult,
    OtherResult,
    Poll,
    PollResults,
    PollTally,
    PresentedPoll,
)
from stats_service.services.periods import day_of, local_time

#: The id by which a page asks for the site's current poll.
CURRENT = "current"
#: Names that widgets use in place of an id; no poll may have one of them as its id.
RESERVED = (CURRENT, "all", "random")
#: Most approved free texts in a reader's results.
OTHERS_SHOWN = 50
#: Percentages that stand for "more than 0, less than 0.1" and "more than 99.9, less than 100".
#: `web/embed/src/votes/words.js` writes them as `percent_text` does.
LEAST_PERCENT, MOST_PERCENT = 0.05, 99.95


@dataclass(frozen=True)
class SitePolls:
    """The polls of a site that one worker has cached, drafts included."""

    #: Sum of the revisions of all polls: it grows with every change.
    revision: int = 0
    by_id: Mapping[str, Poll] = field(default_factory=dict)
    #: The id of the poll that the site has pinned as the current one, or an empty string.
    pinned: str = ""

    @cached_property
    def _opened(self) -> tuple[Poll, ...]:
        polls = [poll for poll in self.by_id.values() if poll.status == "open" and poll.listed]
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
        for poll in self._opened:
            if state_at(poll, now) == "open":
                return poll
        return None


def opening_time(poll: Poll) -> float:
    """Return when a poll opened or will open, in seconds."""
    return max(poll.opens or 0.0, poll.opened)


def closing_time(poll: Poll) -> float:
    """Return when a poll closed or will close, in seconds; infinity if that is not known."""
    if poll.status in ("closed", "archived"):
        return min(poll.closed, poll.closes or poll.closed)
    return poll.closes if poll.closes is not None else float("inf")


def voting_subject(poll: Poll, timezone: str, now: float) -> str:
    """Return the subject in which a voter has one ballot: the poll, or the poll on one day."""
    return f"poll:{poll.id}:{day_of(now, timezone)}" if poll.daily else f"poll:{poll.id}"


def state_at(poll: Poll, now: float) -> str:
    """Return `draft`, `scheduled`, `open`, `closed` or `archived`.

    A poll accepts ballots from `opens` on and until just before `closes`.
    """
    if poll.status != "open":
        return poll.status
    if poll.opens is not None and now < poll.opens:
        return "scheduled"
    return "closed" if poll.closes is not None and now >= poll.closes else "open"


def present_poll(
    poll: Poll, tally: PollTally, timezone: str, now: float, *, voted: bool = False
) -> PresentedPoll:
    """Return a poll as a reader sees it."""
    state = state_at(poll, now)
    ahead = {"scheduled": poll.opens, "open": poll.closes}.get(state)
    # A poll that was closed by hand has a closing time as well; an imported one may have none.
    closes = closing_time(poll) if state in ("closed", "archived") else poll.closes
    return PresentedPoll(
        id=poll.id,
        state=state,
        lang=poll.lang,
        question=poll.question,
        choices=tuple(map(described, poll.choices)),
        multiple=poll.multiple,
        min=poll.min_choices,
        max=poll.max_choices,
        other=poll.other,
        opens=local_time(poll.opens, timezone) if poll.opens is not None else None,
        closes=local_time(closes, timezone) if closes else None,
        left=None if ahead is None else int(ahead - now),
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
        birth=poll.birth,
        daily=poll.daily,
        thanks=poll.thanks,
        next_page=poll.next_page,
    )


def described(choice: Choice) -> Choice:
    """Return a choice whose picture says in every language of the choice what it shows.

    Where nobody has said it, the choice's own text does: that there is a picture is worth a word.
    """
    if choice.picture is None:
        return choice
    words = {
        lang: f"{'Ảnh' if lang == 'vi' else 'Picture'}: {text}"
        for lang, text in choice.text.items()
    }
    return replace(choice, picture=replace(choice.picture, alt=words | choice.picture.alt))


class PresentedPolls:
    """Presents polls; one poll with one tally is presented once.

    The page views of a batch share their tallies, so only the first one pays for the work. The
    result may be some milliseconds old.
    """

    def __init__(self) -> None:
        self._poll: Poll | None = None
        self._tally: PollTally | None = None
        self._made: dict[bool, PresentedPoll] = {}

    def present(
        self, poll: Poll, tally: PollTally, timezone: str, now: float, *, voted: bool
    ) -> PresentedPoll:
        """Return the result of `present_poll`."""
        if poll is not self._poll or tally is not self._tally:
            self._poll, self._tally, self._made = poll, tally, {}
        made = self._made.get(voted)
        if made is None:
            made = self._made[voted] = present_poll(poll, tally, timezone, now, voted=voted)
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
    """Return the results of a poll, with every choice that is offered or has votes."""
    votes = tally.votes
    ids = [c.id for c in poll.choices if not c.hidden or votes.get(c.id)]
    if poll.other or votes.get(OTHER):
        ids.append(OTHER)
    if poll.results_order == "votes":
        ids.sort(key=lambda name: -votes.get(name, 0))
    numbers = [votes.get(name, 0) for name in ids]
    whole, most = tally.ballots if poll.multiple else sum(numbers), max(numbers, default=0)
    counts, parts = shown_as != "percents", shown_as != "counts"
    texts = sorted(tally.others.items(), key=lambda item: (-item[1], item[0]))
    return PollResults(
        of="voters" if poll.multiple else "votes",
        ballots=tally.ballots if counts else None,
        choices=tuple(
            ChoiceResult(
                name, number if counts else None, percent_of(number, whole) if parts else None
            )
            for name, number in zip(ids, numbers, strict=True)
        ),
        others=tuple(OtherResult(text, n if counts else None) for text, n in texts[:OTHERS_SHOWN]),
        leading=tuple(
            name for name, number in zip(ids, numbers, strict=True) if most and number == most
        ),
    )


def percent_of(number: int, total: int) -> float:
    """Return the percentage that `number` is of `total`, to a tenth, halves rounded up.

    Each percentage is rounded by itself, so that equal numbers have equal percentages, whatever
    the sum. A choice with a vote is never at 0, and a choice beside another one with a vote is
    never at 100: they get `LEAST_PERCENT` and `MOST_PERCENT`.
    """
    if not total or not number:
        return 0.0
    tenths = (number * 2000 + total) // (2 * total)
    if not tenths:
        return LEAST_PERCENT
    return MOST_PERCENT if tenths >= 1000 and number < total else tenths / 10


def percent_text(percent: float, point: str = ".") -> str:
    """Return a percentage of `percent_of` as text, without the sign: `33.3`, `50`, `<0.1`, `>99.9`.

    Args:
        percent: the percentage.
        point: the decimal sign of the language.
    """
    if percent == LEAST_PERCENT:
        return f"<0{point}1"
    if percent == MOST_PERCENT:
        return f">99{point}9"
    return f"{percent:.1f}".removesuffix(".0").replace(".", point)

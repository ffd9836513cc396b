"""The polls of a site as a list for administrators: searched, filtered by state, paged."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from stats_service.models.polls import Poll, PollSummary
from stats_service.services.polls.presentation import state_at
from stats_service.services.polls.rules import plain

#: Polls on one page of the list.
PAGE_SIZE = 25


@dataclass(frozen=True, slots=True)
class PollRow:
    """A poll in the list."""

    poll: Poll
    #: As in `state_at`.
    state: str
    summary: PollSummary


@dataclass(frozen=True, slots=True)
class PollPage:
    """One page of the list."""

    rows: tuple[PollRow, ...]
    #: Number of the page, from 1, and number of pages.
    number: int
    pages: int
    #: Number of polls on all pages.
    total: int
    #: Number of polls that match the words, by state.
    states: dict[str, int]


def find_polls(
    polls: Sequence[Poll], words: str, state: str, now: float
) -> tuple[list[Poll], dict[str, int]]:
    """Return the polls in a state (empty: any) that match every word, and the numbers by state.

    Accents, case and the order of the words do not matter: `tin tuc` finds `Tin tức`.
    """
    wanted = plain(words).split()
    found = [poll for poll in polls if all(word in _text(poll) for word in wanted)]
    states = Counter(state_at(poll, now) for poll in found)
    return [poll for poll in found if state in ("", state_at(poll, now))], dict(states)


def _text(poll: Poll) -> str:
    return plain(" ".join((poll.id, *poll.question.values())))

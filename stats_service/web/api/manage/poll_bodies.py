"""A poll for a program; programs send the bodies of `services.polls.definition`."""

import msgspec

from stats_service.models.polls import Choice, Poll, PollResults, PollTally, Protection
from stats_service.services.periods import local_time
from stats_service.services.polls.presentation import results, state_at


class ManagedPoll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll with everything that administrators see."""

    id: str
    #: `draft`, `open`, `closed` or `archived`: the state that an administrator set.
    status: str
    #: The state by the clock; also `scheduled`.
    state: str
    lang: str
    question: dict[str, str]
    choices: tuple[Choice, ...]
    multiple: bool
    min_choices: int
    max_choices: int
    opens: str | None
    closes: str | None
    results_when: str
    results_as: str
    results_order: str
    shuffle: bool
    other: int
    change: bool
    daily: bool
    thanks: dict[str, str]
    next_page: str
    protection: Protection
    kiosk_pause: int
    kiosk_ceiling: int
    kiosk_networks: tuple[str, ...]
    #: Shown in the archive and other lists.
    listed: bool
    created: str
    revision: int
    ballots: int
    results: PollResults


def managed_poll(poll: Poll, tally: PollTally, timezone: str, now: float) -> ManagedPoll:
    """Return a poll for a program."""
    kept = {
        name: getattr(poll, name)
        for name in ManagedPoll.__struct_fields__
        if name in Poll.__struct_fields__ and name not in ("opens", "closes", "created")
    }
    return ManagedPoll(
        **kept,
        state=state_at(poll, now),
        opens=local_time(poll.opens, timezone) if poll.opens is not None else None,
        closes=local_time(poll.closes, timezone) if poll.closes is not None else None,
        created=local_time(poll.created, timezone),
        ballots=tally.ballots,
        results=results(poll, tally),
    )

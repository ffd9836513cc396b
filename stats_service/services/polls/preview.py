"""A poll that is not stored yet, as its readers would see it."""

import msgspec
from msgspec.structs import replace

from stats_service.models.polls import OTHER, Poll, PollTally, PresentedPoll
from stats_service.services.polls.presentation import present_poll, results
from stats_service.services.polls.rules import check_poll

#: Ballots of a made-up result, and how many votes each choice has there beside the one before.
SAMPLE_BALLOTS, SAMPLE_FALL = 120, 0.7


class PollPreview(msgspec.Struct, frozen=True):
    """A poll before and after its reader has voted."""

    form: PresentedPoll
    results: PresentedPoll
    #: The result is made up, because nobody has voted yet.
    sample: bool


def preview(poll: Poll, tally: PollTally, timezone: str, now: float) -> PollPreview:
    """Return how an open poll looks, whatever its own state; InvalidInputError as for storing it.

    The result is shown as soon as readers may ever see it: if only after the poll has closed, then
    as closed.
    """
    poll = check_poll(poll)
    sample = not tally.ballots
    seen = present_poll(poll, sample_tally(poll) if sample else tally, timezone, now)
    late = poll.results_when in ("after-closing", "admins")
    shown = results(poll, sample_tally(poll) if sample else tally, poll.results_as)
    return PollPreview(
        form=replace(
            seen,
            id="preview-form",
            state="open",
            voted=False,
            results=shown if poll.results_when == "always" else None,
        ),
        results=replace(
            seen,
            id="preview-results",
            state="closed" if late else "open",
            voted=True,
            results=None if poll.results_when == "admins" else shown,
        ),
        sample=sample,
    )


def sample_tally(poll: Poll) -> PollTally:
    """Return a made-up result in which every choice has votes."""
    ids = [choice.id for choice in poll.choices if not choice.hidden]
    ids += [OTHER] if poll.other else []
    weights = [SAMPLE_FALL**place for place in range(len(ids))]
    # Of several choices each has its own share of the voters; of one, they share the ballots.
    whole = 1 / SAMPLE_FALL if poll.multiple else sum(weights)
    votes = {
        name: max(1, int(SAMPLE_BALLOTS * weight / whole))
        for name, weight in zip(ids, weights, strict=True)
    }
    return PollTally(SAMPLE_BALLOTS if poll.multiple else sum(votes.values()), votes)

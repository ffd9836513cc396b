"""A preview of a poll that is not stored yet, as readers would see it."""

import msgspec
from msgspec.structs import replace

from stats_service.models.polls import OTHER, Poll, PollTally, PresentedPoll
from stats_service.services.polls.presentation import present_poll, results
from stats_service.services.polls.rules import check_poll

#: Ballots of a sample result, and the votes of a choice as a share of those of the one before.
SAMPLE_BALLOTS, SAMPLE_FALL = 120, 0.7


class PollPreview(msgspec.Struct, frozen=True):
    """A poll before and after its reader has voted."""

    form: PresentedPoll
    results: PresentedPoll
    #: The result is a sample, because nobody has voted yet.
    sample: bool


def preview(poll: Poll, tally: PollTally, timezone: str, now: float) -> PollPreview:
    """Return how a poll looks while it is open, whatever its state; errors as for storing it.

    The result is shown if readers will ever see it. If they see it only after the poll has closed,
    the preview shows a closed poll.
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
    """Return a sample result in which every choice has votes."""
    ids = [choice.id for choice in poll.choices if not choice.hidden]
    ids += [OTHER] if poll.other else []
    weights = [SAMPLE_FALL**place for place in range(len(ids))]
    # With several choices, shares are of the voters; with one choice, of the ballots.
    whole = 1 / SAMPLE_FALL if poll.multiple else sum(weights)
    votes = {
        name: max(1, int(SAMPLE_BALLOTS * weight / whole))
        for name, weight in zip(ids, weights, strict=True)
    }
    return PollTally(SAMPLE_BALLOTS if poll.multiple else sum(votes.values()), votes)

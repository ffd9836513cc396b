"""A poll that is not stored yet, as its readers would see it."""

import msgspec
from msgspec.structs import replace

from stats_service.models.polls import OTHER, Poll, PollTally, PollView
from stats_service.services.poll_rules import check_poll
from stats_service.services.poll_views import poll_view, results

#: Ballots of a made-up result, and the share of a hundred that each next choice gets of the rest.
SAMPLE_BALLOTS, SAMPLE_SHARE = 120, 45


class PollPreview(msgspec.Struct, frozen=True):
    """A poll before and after its reader has voted."""

    form: PollView
    results: PollView
    #: The result is made up, because nobody has voted yet.
    sample: bool


def preview(poll: Poll, tally: PollTally, timezone: str, now: float) -> PollPreview:
    """Return how an open poll looks, whatever its own state; InvalidInputError as for storing it.

    The result is shown as soon as readers may ever see it: if only after the poll has closed, then
    as closed.
    """
    poll = check_poll(poll)
    sample = not tally.ballots
    seen = poll_view(poll, sample_tally(poll) if sample else tally, timezone, now)
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
    votes, left = dict[str, int](), SAMPLE_BALLOTS
    for name in ids[:-1]:
        votes[name] = left * SAMPLE_SHARE // 100
        left -= 0 if poll.multiple else votes[name]
        left = left * 4 // 5 if poll.multiple else left
    votes[ids[-1]] = left
    ballots = max(SAMPLE_BALLOTS, *votes.values()) if poll.multiple else sum(votes.values())
    return PollTally(ballots, votes)

"""Polls as readers see them who have not voted: those of a state."""

from stats_service.errors import InvalidInputError
from stats_service.models.polls import Poll, PresentedPoll
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.polls.presentation import (
    SitePolls,
    closing_time,
    opening_time,
    present_poll,
    state_at,
)
from stats_service.store.polls.polls import PollStore

#: Most polls in one answer.
LISTED_MAX = 100


class PublicPolls:
    """Read the public polls of a site."""

    def __init__(self, store: PollStore) -> None:
        self._store = store

    def list_presented(
        self, entry: SiteEntry, state: str, limit: int, now: float
    ) -> list[PresentedPoll]:
        """Return the public polls of a state, the latest first; `closed` has the archived too."""
        if state not in ("open", "scheduled", "closed"):
            raise InvalidInputError(
                "state {state!r}: use open, scheduled or closed.", state=state[:40]
            )
        if not 1 <= limit <= LISTED_MAX:
            raise InvalidInputError(
                "limit {limit}: use 1 to {listed_max}.", limit=limit, listed_max=LISTED_MAX
            )
        return self.present_all(entry, public_polls(entry.polls, state, now)[:limit], now)

    def present_all(self, entry: SiteEntry, polls: list[Poll], now: float) -> list[PresentedPoll]:
        """Return polls as a reader sees them who has not voted."""
        tallies = self._store.tallies(entry.site.slug, [poll.id for poll in polls])
        zone = entry.site.timezone
        return [
            present_poll(poll, tally, zone, now) for poll, tally in zip(polls, tallies, strict=True)
        ]


def public_polls(polls: SitePolls, state: str, now: float) -> list[Poll]:
    """Return the polls of a state, the latest first; `closed` has the archived too.

    One that is not listed is in none of them.
    """
    wanted = ("closed", "archived") if state == "closed" else (state,)
    found = [p for p in polls.by_id.values() if p.listed and state_at(p, now) in wanted]
    order = closing_time if state == "closed" else opening_time
    return sorted(found, key=lambda poll: (-order(poll), poll.id))

"""Ballots in an event loop: `Ballots.cast_ballot`.

The same rules before the script, and the same answers after it; only the waiting is another:
these are coroutines, and what they ask Redis goes over the connection that page views share.
"""

import contextlib

from stats_service.errors import StoreUnavailableError, UnknownPollError
from stats_service.models.polls import BallotAnswer, BallotCommand, BallotQuery, PollTally
from stats_service.models.traffic import Visitor
from stats_service.services.known_sites.loop import LoopSites
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.periods import hour_label
from stats_service.services.voting import ballots
from stats_service.services.voting.proofs import Proofs
from stats_service.store.polls.ballots import LoopBallotStore


class LoopBallots:
    """Takes ballots; when a coroutine returns, Redis has it."""

    def __init__(self, ballots: LoopBallotStore, sites: LoopSites, proofs: Proofs) -> None:
        self._ballots = ballots
        self._sites = sites
        self._proofs = proofs

    async def cast_ballot(
        self, entry: SiteEntry, name: str, query: BallotQuery, visitor: Visitor, now: float
    ) -> BallotAnswer:
        """Take one ballot; arguments and errors as `Ballots.cast_ballot`."""
        slug = entry.site.slug
        for _ in range(ballots.ATTEMPTS):
            poll = entry.polls.find(name, now)
            if poll is None and entry.loaded_at < now:
                poll = (await self._sites.load(slug, now)).polls.find(name, now)
            if poll is None:
                raise UnknownPollError(name)
            command, fault = ballots.decide_ballot(entry, poll, query, visitor, now, self._proofs)
            hour = hour_label(now, entry.site.timezone)
            if fault is not None:
                outcome, tally = "", PollTally()
                with contextlib.suppress(StoreUnavailableError):
                    # The refusal stands whether or not it can be noted.
                    outcome, tally = await self._ballots.refuse(
                        entry.site, command, fault.code, hour
                    )
                return ballots.refuse_ballot(entry, command, query, fault, outcome, tally, now)
            result = await self._ballots.cast(entry.site, command, hour, now)
            if result.outcome != "stale":
                return ballots.answer_ballot(entry, command, result, now)
            entry = await self._sites.load(slug, now)
        raise ballots.changing(name)

    async def note_flood(self, entry: SiteEntry, name: str, now: float) -> None:
        """Note a ballot over its network's limit, as `Ballots.note_flood` does."""
        poll = entry.polls.find(name, now)
        if poll is not None:
            hour, command = hour_label(now, entry.site.timezone), BallotCommand(poll=poll)
            with contextlib.suppress(StoreUnavailableError):
                await self._ballots.refuse(entry.site, command, ballots.FLOOD, hour)

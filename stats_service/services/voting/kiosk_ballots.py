"""Ballots of kiosks: many voters on one device, told apart by the ballot's own id alone."""

import contextlib

from stats_service.errors import (
    InvalidInputError,
    KioskPauseError,
    KioskRefusedError,
    PollNotOpenError,
    StatsError,
    StoreUnavailableError,
)
from stats_service.models.devices import KioskSource
from stats_service.models.polls import (
    BallotAnswer,
    BallotCommand,
    BallotQuery,
    Poll,
    PollTally,
    PresentedPoll,
)
from stats_service.models.traffic.views import Visitor
from stats_service.services.known_sites.loop import LoopSites
from stats_service.services.known_sites.senders import check_program
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.periods import hour_label
from stats_service.services.polls.kiosks import Kiosks
from stats_service.services.polls.presentation import present_poll, state_at
from stats_service.services.visitors.addresses import network_prefix
from stats_service.services.visitors.identities import hit_digest
from stats_service.services.voting.ballots import (
    ATTEMPTS,
    BALLOT_ID,
    Ballots,
    check_choices,
    check_same,
)
from stats_service.store.polls.ballots import BallotStore
from stats_service.store.polls.kiosks import KioskStore


class KioskBallots:
    """Records the ballots of kiosks, in the event loop.

    Nothing of `Ballots` that tells voters or networks apart applies: no token, no ceilings of
    networks, no proof of work. In their place are the pause and the ceiling of the kiosk.
    """

    def __init__(
        self,
        store: KioskStore,
        refusals: BallotStore,
        sites: LoopSites,
        kiosks: Kiosks,
        ballots: Ballots,
    ) -> None:
        self._store = store
        self._refusals = refusals
        self._sites = sites
        self._kiosks = kiosks
        self._ballots = ballots

    def source(
        self, entry: SiteEntry, poll: Poll, token: str, address: str, now: float
    ) -> KioskSource:
        """Return the kiosk that a request comes from; KioskRefusedError if it comes from none."""
        network = network_prefix(address)
        pseudonym = entry.day_keys_at(now)[0].address(network).hex() if network else ""
        found = self._kiosks.source(entry.site.slug, poll, token, address, pseudonym)
        if found is None:
            raise KioskRefusedError
        return found

    async def find_poll(self, entry: SiteEntry, name: str, now: float) -> Poll:
        """Return a public poll that is for kiosks.

        Raises:
            UnknownPollError: there is none, or it is a draft.
            KioskRefusedError: it is not for kiosks.
        """
        poll = await self._ballots.find_poll(entry, name, now)
        if not poll.kiosk_pause and entry.loaded_at < now:
            entry = await self._sites.load(entry.site.slug, now)
            poll = await self._ballots.find_poll(entry, name, now)
        if not poll.kiosk_pause:
            raise KioskRefusedError
        return poll

    async def present(self, entry: SiteEntry, poll: Poll, now: float) -> PresentedPoll:
        """Return a poll as whoever stands before the kiosk sees it."""
        _, tally, _ = await self._refusals.look(entry.site.slug, poll.id, b"")
        return _presented(entry, poll, tally, now, voted=False)

    async def cast_ballot(
        self,
        entry: SiteEntry,
        name: str,
        query: BallotQuery,
        source: KioskSource,
        visitor: Visitor,
        now: float,
    ) -> BallotAnswer:
        """Record one ballot, or raise; when it returns, Redis has stored the ballot.

        The same ballot sent again is answered as the first time and counts once.

        Raises:
            UnknownPollError: the poll does not exist, or is a draft.
            InvalidInputError: names the field that breaks the poll's rules.
            KioskRefusedError: the device was revoked, or the poll is not for kiosks any more.
            KioskPauseError: somebody has voted on the kiosk less than the pause ago.
            PollNotOpenError, PollReplacedError: with the poll as it is now.
            StoreUnavailableError: Redis did not acknowledge; the same ballot may be sent again.
        """
        first = None
        for _ in range(ATTEMPTS):
            poll = await self.find_poll(entry, name, now)
            if query.birth not in ("", poll.birth):
                entry = await self._sites.load(entry.site.slug, now)
                poll = await self.find_poll(entry, name, now)
            first = first or poll
            check_same(entry, query, first, poll, now)
            hour = hour_label(now, entry.site.timezone)
            try:
                command = _command(poll, query, visitor, now)
            except StatsError as error:
                with contextlib.suppress(StoreUnavailableError):
                    refused = BallotCommand(poll=poll)
                    await self._refusals.refuse(entry.site, refused, error.code, hour)
                raise
            outcome, tally, wait = await self._store.cast(entry.site, command, source, hour, now)
            if outcome != "stale":
                return _answer(entry, command, outcome, tally, wait, now)
            entry = await self._sites.load(entry.site.slug, now)
        raise StoreUnavailableError("The poll {name!r} is being changed. Try again.", name=name)


def _command(poll: Poll, query: BallotQuery, visitor: Visitor, now: float) -> BallotCommand:
    check_program(visitor)
    if not BALLOT_ID.fullmatch(query.ballot):
        raise InvalidInputError("ballot {ballot!r}: is none.", ballot=query.ballot[:40])
    choices, other = check_choices(poll, query)
    return BallotCommand(
        poll=poll,
        open=state_at(poll, now) == "open",
        voter=hit_digest(f"kiosk\0{query.ballot}"),
        ballot=hit_digest(query.ballot),
        choices=choices,
        other=other,
    )


def _answer(
    entry: SiteEntry,
    command: BallotCommand,
    outcome: str,
    tally: PollTally,
    wait: float,
    now: float,
) -> BallotAnswer:
    if outcome == "revoked":
        raise KioskRefusedError
    if outcome == "pause":
        raise KioskPauseError(wait)
    if outcome == "closed":
        seen = _presented(entry, command.poll, tally, now, voted=False)
        raise PollNotOpenError("The poll is closed.", seen)
    view = _presented(entry, command.poll, tally, now, voted=True)
    return BallotAnswer(outcome, command.choices, view)


def _presented(
    entry: SiteEntry, poll: Poll, tally: PollTally, now: float, *, voted: bool
) -> PresentedPoll:
    return present_poll(poll, tally, entry.site.timezone, now, voted=voted)

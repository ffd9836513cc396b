"""Voting: the rules of a ballot, and the response to the voter.

A retried ballot gets the same response as the first time, whatever has changed since. So a fault
of a ballot matters only if Redis does not know the ballot.
"""

import contextlib
import re

from stats_service.errors import (
    AlreadyVotedError,
    InvalidInputError,
    PollNotOpenError,
    PollReplacedError,
    ProofRefusedError,
    StatsError,
    StoreUnavailableError,
    TooManyRequestsError,
    UnfitAnswerError,
    UnknownPollError,
)
from stats_service.models.polls import (
    OTHER,
    BallotAnswer,
    BallotCommand,
    BallotQuery,
    BallotResult,
    Poll,
    PollTally,
    PresentedPoll,
)
from stats_service.models.traffic.views import Visitor
from stats_service.services.known_sites.loop import LoopSites
from stats_service.services.known_sites.senders import check_program, check_sender
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.periods import hour_label
from stats_service.services.polls.presentation import present_poll, state_at, voting_subject
from stats_service.services.polls.texts import clean_text
from stats_service.services.visitors.addresses import (
    block_prefix,
    ipv6_48_prefix,
    network_prefix,
    provider_prefix,
)
from stats_service.services.visitors.identities import hit_digest
from stats_service.services.visitors.user_agents import kind_of_browser
from stats_service.services.voting.proofs import Proofs
from stats_service.store.polls.ballots import BallotStore

BALLOT_ID = re.compile(r"[A-Za-z0-9_-]{16,32}")
#: Patterns that make a free text a link, or look like one.
#: A price "< 20.000đ" is not one: `<` begins a tag only before a letter.
_LINK = re.compile(r"://|\bwww\.|<[a-z/!?]", re.IGNORECASE)
#: Name in the report of ballots over the limit of their network.
FLOOD = TooManyRequestsError.code
#: Attempts at a ballot while an administrator changes its poll.
ATTEMPTS = 3
DAY_SECONDS = 86_400


class Ballots:
    """Records ballots, in the event loop."""

    def __init__(self, store: BallotStore, sites: LoopSites, proofs: Proofs) -> None:
        self._store = store
        self._sites = sites
        self._proofs = proofs

    async def cast_ballot(
        self,
        entry: SiteEntry,
        name: str,
        query: BallotQuery,
        visitor: Visitor,
        now: float,
        *,
        hosted: bool = False,
    ) -> BallotAnswer:
        """Record one ballot, or raise; when it returns, Redis has stored the ballot.

        Args:
            entry: the site.
            name: the poll's id.
            query: the ballot.
            visitor: the sender.
            now: the server's time, in seconds.
            hosted: the ballot comes from the hosted page, which works without JavaScript: without
                a proof of work the ballot then waits for review.

        Raises:
            UnknownPollError: the poll does not exist, or is a draft.
            InvalidInputError: names the field that breaks the poll's rules.
            ForbiddenError: a subclass names the reason why this sender may not vote.
            AlreadyVotedError, PollNotOpenError, PollReplacedError: with the poll as the voter may
                see it.
            StoreUnavailableError: Redis did not acknowledge; the same ballot may be sent again.
        """
        first = None
        for _ in range(ATTEMPTS):
            poll = await self.find_poll(entry, name, now)
            if query.birth not in ("", poll.birth):
                # The page may know a newer poll of the id than this worker.
                entry = await self._sites.load(entry.site.slug, now)
                poll = await self.find_poll(entry, name, now)
            first = first or poll
            check_same(entry, query, first, poll, now)
            command, fault = decide_ballot(
                entry, poll, query, visitor, now, self._proofs, hosted=hosted
            )
            hour = hour_label(now, entry.site.timezone)
            if fault is not None:
                return await self._refuse(entry, command, query, fault, hour, now)
            result = await self._store.cast(entry.site, command, hour, now)
            if result.outcome != "stale":
                return answer_ballot(entry, command, result, now)
            entry = await self._sites.load(entry.site.slug, now)
        raise StoreUnavailableError("The poll {name!r} is being changed. Try again.", name=name)

    async def present(self, entry: SiteEntry, name: str, token: str, now: float) -> PresentedPoll:
        """Return a public poll (`current` too) as the voter of a token sees it.

        Raises:
            UnknownPollError: there is none, or it is a draft.
        """
        slug = entry.site.slug
        voter = entry.voters.find(slug, token, now)
        for _ in range(2):
            poll = await self.find_poll(entry, name, now)
            subject = voting_subject(poll, entry.site.timezone, now)
            pseudonym = entry.voters.pseudonym(slug, subject, voter) if voter else b""
            voted, tally, revision = await self._store.look(slug, poll.id, pseudonym)
            if revision == poll.revision:
                break
            # Another worker has changed or deleted it: its former form would be refused.
            entry = await self._sites.load(slug, now)
        return _view(entry, poll, tally, now, voted=voted)

    async def find_poll(self, entry: SiteEntry, name: str, now: float) -> Poll:
        """Return a public poll; read Redis once more if this worker does not know the poll.

        Raises:
            UnknownPollError: there is none, or it is a draft.
        """
        poll = entry.polls.find(name, now)
        if poll is None and entry.loaded_at < now:
            poll = (await self._sites.load(entry.site.slug, now)).polls.find(name, now)
        if poll is None:
            raise UnknownPollError(name)
        return poll

    async def note_flood(self, entry: SiteEntry, name: str, now: float) -> None:
        """Count in a poll's report a ballot that was refused unread by the limit of its network."""
        poll = entry.polls.find(name, now)
        # A poll that this worker does not know costs nothing: names can be invented.
        if poll is not None:
            hour = hour_label(now, entry.site.timezone)
            with contextlib.suppress(StoreUnavailableError):
                await self._store.refuse(entry.site, BallotCommand(poll=poll), FLOOD, hour)

    async def _refuse(
        self,
        entry: SiteEntry,
        command: BallotCommand,
        query: BallotQuery,
        fault: StatsError,
        hour: str,
        now: float,
    ) -> BallotAnswer:
        outcome, tally = "", PollTally()
        with contextlib.suppress(StoreUnavailableError):
            # The ballot is refused even if the refusal cannot be counted.
            outcome, tally = await self._store.refuse(entry.site, command, fault.code, hour)
        if outcome and outcome != "voted":  # same response as the first time
            return BallotAnswer(outcome, query.choices, _view(entry, command.poll, tally, now))
        raise fault


def check_same(entry: SiteEntry, query: BallotQuery, first: Poll, poll: Poll, now: float) -> None:
    """Return if a ballot is for the current poll, not for an earlier one with the same id.

    Args:
        entry: the site.
        query: the ballot.
        first: the poll when the ballot arrived, for ballots that do not name their poll's birth.
        poll: the current poll.
        now: seconds since 1970.

    Raises:
        PollReplacedError: the poll was deleted or reset while the ballot was in flight.
    """
    if poll.birth != (query.birth or first.birth):
        raise PollReplacedError(
            "This poll was begun anew. Read it again, and vote again.",
            _view(entry, poll, PollTally(), now, voted=False),
        )


def decide_ballot(
    entry: SiteEntry,
    poll: Poll,
    query: BallotQuery,
    visitor: Visitor,
    now: float,
    proofs: Proofs,
    *,
    hosted: bool = False,
) -> tuple[BallotCommand, StatsError | None]:
    """Return the ballot to send to Redis, with its fault, if any, for the response."""
    slug = entry.site.slug
    voter = entry.voters.find(slug, query.voter, now)
    # A ballot of yesterday, sent again after midnight, is stored under yesterday's pseudonym.
    pseudonym, earlier = (
        entry.voters.pseudonym(slug, voting_subject(poll, entry.site.timezone, at), voter)
        if voter and (poll.daily or at == now)
        else b""
        for at in (now, now - DAY_SECONDS)
    )
    known = BallotCommand(
        poll=poll, voter=pseudonym, earlier=earlier, ballot=hit_digest(query.ballot)
    )
    try:
        if hosted:
            check_program(visitor)
        else:
            check_sender(entry, visitor)
        admitted = entry.voters.admit(slug, query.voter, poll.protection.wait, now)
        if not BALLOT_ID.fullmatch(query.ballot):
            raise InvalidInputError(
                "ballot {ballot!r}: send 16 to 32 letters, digits, '_' or '-', drawn at random "
                "for each ballot.",
                ballot=query.ballot[:40],
            )
        choices, other = check_choices(poll, query)
        proof_id, proof_until, hold = b"", 0.0, ""
        if poll.protection.proof:
            try:
                proof = proofs.check(slug, poll.id, query.proof, now)
                proof_id, proof_until = proof.id, proof.until
            except ProofRefusedError:
                if not hosted:
                    raise
                hold = "proof"
    except StatsError as error:
        return known, error
    if admitted.burst and poll.protection.per_address:
        hold = "token"
    network, today = network_prefix(visitor.address), entry.day_keys_at(now)[0]
    wide = ipv6_48_prefix(visitor.address) if ":" in network else ""
    command = BallotCommand(
        poll=poll,
        open=state_at(poll, now) == "open",
        voter=pseudonym,
        earlier=earlier,
        ballot=known.ballot,
        choices=choices,
        other=other,
        address=today.address(network) if network else b"",
        ipv6_48=today.address(wide) if wide else b"",
        block=today.address(block_prefix(visitor.address)) if network else b"",
        provider=today.address(provider_prefix(visitor.address)) if network else b"",
        browser=kind_of_browser(visitor.user_agent),
        hold=hold,
        proof=proof_id,
        proof_until=proof_until,
    )
    return command, None


def check_choices(poll: Poll, query: BallotQuery) -> tuple[tuple[str, ...], str]:
    """Return the choices and the free text of a ballot.

    Raises:
        UnfitAnswerError: the ballot breaks a rule; the reason has a text on the reader's page.
    """
    offered = {choice.id for choice in poll.choices if not choice.hidden}
    if poll.other:
        offered.add(OTHER)
    for choice in query.choices:
        if choice not in offered:
            raise UnfitAnswerError(
                "choices: the poll does not offer {choice!r}.", reason="gone", choice=choice[:80]
            )
    if len(set(query.choices)) < len(query.choices):
        raise UnfitAnswerError("choices: one is named twice.", reason="twice")
    if not poll.min_choices <= len(query.choices) <= poll.max_choices:
        wanted = (
            f"{poll.min_choices}"
            if poll.min_choices == poll.max_choices
            else f"{poll.min_choices} to {poll.max_choices}"
        )
        raise UnfitAnswerError(
            "choices: {number} were sent; choose {wanted}.",
            reason="number",
            number=len(query.choices),
            wanted=wanted,
        )
    if OTHER not in query.choices:
        if query.other:
            raise UnfitAnswerError(
                "other: a free text goes with the choice {other!r}.", reason="unchosen", other=OTHER
            )
        return query.choices, ""
    text = clean_text("other", query.other, poll.other)
    if _LINK.search(text):
        raise UnfitAnswerError(
            "other {text!r}: write words, without links and tags.", reason="link", text=text[:80]
        )
    return query.choices, text


def answer_ballot(
    entry: SiteEntry, command: BallotCommand, result: BallotResult, now: float
) -> BallotAnswer:
    """Return the response to the voter, or raise the error."""
    if result.outcome in ("counted", "held", "changed"):
        view = _view(entry, command.poll, result.tally, now)
        return BallotAnswer(result.outcome, command.choices, view)
    if result.outcome == "spent":
        raise ProofRefusedError("is spent")
    if result.outcome == "voted":
        raise AlreadyVotedError(
            "This browser has voted in this poll already.",
            _view(entry, command.poll, result.tally, now),
        )
    view = _view(entry, command.poll, result.tally, now, voted=False)
    if view.state == "scheduled":
        raise PollNotOpenError(f"The poll opens at {view.opens}.", view)
    raise PollNotOpenError("The poll is closed.", view)


def _view(
    entry: SiteEntry, poll: Poll, tally: PollTally, now: float, *, voted: bool = True
) -> PresentedPoll:
    return present_poll(poll, tally, entry.site.timezone, now, voted=voted)

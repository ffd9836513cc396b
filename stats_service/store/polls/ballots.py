"""Ballots: `lua/cast_ballot.lua`, and what Redis stores of them."""

import asyncio
import math
from typing import Any

from stats_service.errors import UnknownSiteError
from stats_service.models.polls import BallotCommand, BallotResult, Poll, PollTally
from stats_service.models.sites import Site
from stats_service.store.keys import (
    SiteKeys,
    cast_ballot_keys,
    refuse_ballot_keys,
)
from stats_service.store.polls.polls import poll_tally
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.loop_client import LoopClient
from stats_service.store.redis.packing import in_a_row
from stats_service.store.redis.scripts import load_script

CAST_BALLOT = load_script("polls/place_ballot", "polls/cast_ballot")
REFUSE_BALLOT = load_script("polls/refuse_ballot")

#: How long voters are stored after a poll has closed.
VOTERS_KEPT_SECONDS = 30 * 86400
#: Outcomes by the letter after a ballot's id; `cast_ballot.lua` has the same.
OUTCOMES = {b"c": "counted", b"h": "held", b"x": "changed"}


class BallotStore:
    """The ballots of every poll of one installation."""

    def __init__(self, client: RedisClient, loop: LoopClient, prefix: str) -> None:
        self._client = client
        self._loop = loop
        self._prefix = prefix

    async def cast(self, site: Site, command: BallotCommand, hour: str, now: float) -> BallotResult:
        """Settle a ballot in one round trip.

        Args:
            site: the site.
            command: the ballot.
            hour: the hour of `now` in the site's zone, `2026-11-23T09`.
            now: seconds since 1970, by the server's clock.

        Raises:
            UnknownSiteError: the site was removed in the meantime.
            StoreUnavailableError: nothing was recorded; the ballot's id makes a repeat safe.
        """
        keys, args = cast_ballot_call(self._prefix, site, command, hour, now)
        return cast_ballot_reply(site.slug, await self._loop.run(CAST_BALLOT, keys, args))

    async def refuse(
        self, site: Site, command: BallotCommand, code: str, hour: str
    ) -> tuple[str, PollTally]:
        """Count a refusal in the poll's report; return the outcome of the voter's earlier ballot.

        Returns:
            The outcome of the same ballot sent earlier, `voted` if it was a different ballot, empty
            if the voter is unknown or has no ballot; and the tally.
        """
        keys, args = refuse_ballot_call(self._prefix, site, command, code, hour)
        return refuse_ballot_reply(command, await self._loop.run(REFUSE_BALLOT, keys, args))

    async def look(self, slug: str, poll: str, voter: bytes) -> tuple[bool, PollTally, int]:
        """Return whether a voter has voted, the tally, and the revision that the poll has now."""
        names = SiteKeys(self._prefix, slug)
        voted, tally, revision = await asyncio.gather(
            self._loop.ask("HEXISTS", names.poll(poll, "voters"), voter),
            self._loop.ask("HGETALL", names.poll(poll, "tally")),
            self._loop.ask("HGET", names.poll_revisions, poll),
        )
        return bool(voted) and bool(voter), poll_tally(tally), int(revision or 0)

    def expire(self, slug: str, poll: Poll, closing: float, now: float) -> None:
        """Set when the stored voters expire.

        Args:
            slug: the site.
            poll: the stored definition.
            closing: when the poll closes or closed, in seconds; infinity if that is not known.
            now: seconds since 1970.
        """
        names = SiteKeys(self._prefix, slug)
        voters, changes = names.poll(poll.id, "voters"), names.poll(poll.id, "changes")
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            if closing == float("inf"):
                pipe.persist(voters)
                pipe.persist(changes)
            else:
                left = math.ceil(closing - now)
                pipe.expire(voters, max(1, left + VOTERS_KEPT_SECONDS))
                pipe.expire(changes, max(1, left))
            if poll.status != "open" or not poll.change:
                pipe.unlink(changes)
            pipe.execute()


def cast_ballot_call(
    prefix: str, site: Site, command: BallotCommand, hour: str, now: float
) -> tuple[tuple[str, ...], list[Any]]:
    """Return the KEYS and ARGV of `cast_ballot.lua`; its header documents them."""
    poll = command.poll
    protection = poll.protection
    left = max(1, math.ceil(poll.closes - now)) if poll.closes is not None else 0
    values = (
        int(now * 1000),
        poll.id,
        poll.revision,
        command.open,
        hour,
        command.other,
        f"a{command.address.hex()}",
        f"c{command.ipv6_48.hex()}",
        f"b{command.block.hex()}",
        f"p{command.provider.hex()}",
        protection.per_address,
        protection.per_customer,
        protection.office,
        protection.share,
        command.browser,
        command.hold,
        poll.change,
        int(command.proof_until * 1000),
        left and left + VOTERS_KEPT_SECONDS,
        left,
        command.choices,
    )
    # Redis' MessagePack has no binary type, so pseudonyms are arguments of their own.
    args: list[Any] = [
        in_a_row(values),
        command.voter,
        command.ballot,
        command.address,
        command.ipv6_48,
        command.proof,
        command.block,
        command.provider,
        command.earlier,
    ]
    return cast_ballot_keys(prefix, site.slug, site.birth, poll.id, hour[:10]), args


def cast_ballot_reply(slug: str, reply: Any) -> BallotResult:
    """Return the result of `cast_ballot.lua`; UnknownSiteError if the site was removed."""
    outcome = text_of(reply[0])
    if outcome == "no-site":
        raise UnknownSiteError(slug)
    return BallotResult(outcome, poll_tally(reply[1]) if len(reply) > 1 else PollTally())


def refuse_ballot_call(
    prefix: str, site: Site, command: BallotCommand, code: str, hour: str
) -> tuple[tuple[str, ...], list[Any]]:
    """Return the KEYS and ARGV of `refuse_ballot.lua`; its header documents them."""
    keys = refuse_ballot_keys(prefix, site.slug, site.birth, command.poll.id)
    return keys, [command.voter, code, hour]


def refuse_ballot_reply(command: BallotCommand, reply: Any) -> tuple[str, PollTally]:
    """Return the result of `refuse_ballot.lua`, as `BallotStore.refuse` does."""
    first, tally = reply
    if not first:
        return "", poll_tally(tally)
    same = first[:8] == command.ballot
    return OUTCOMES[first[8:9]] if same else "voted", poll_tally(tally)

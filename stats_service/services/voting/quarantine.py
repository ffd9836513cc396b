"""Ballots kept apart and free texts: what an administrator decides. Audited, and reversible."""

from collections import Counter

from stats_service.errors import InvalidInputError, NotFoundError
from stats_service.models.audit import Author
from stats_service.models.polls import OTHER, Poll
from stats_service.models.quarantine import Group, OtherText, ResultRow, StoredGroup
from stats_service.services.accounts.audit import entry_of
from stats_service.services.polls.presentation import percent_of, results
from stats_service.services.voting.concentration import ADDRESS, network_reasons
from stats_service.store.polls.quarantine import PollRecord, QuarantineStore

GROUP_STATES = ("held", "accepted", "voided")
TEXT_STATES = ("pending", "approved", "rejected")
_NETWORKS = {
    "a": "address",
    "c": "customer",
    "b": "block",
    "p": "provider",
    "k": "kiosk",
    "d": "desk",
}
#: How a group is named whose ballots counted at once; `cast_ballot.lua` has the same.
_WATCHED = "w"


class Quarantine:
    """Decide about groups of ballots, and about free texts."""

    def __init__(self, store: QuarantineStore) -> None:
        self._store = store

    def groups(self, slug: str, poll: str) -> list[Group]:
        """Return every group of a poll, decided or not, by hour."""
        stored = self._store.read(slug, poll).groups
        return [group_of(name, stored[name]) for name in sorted(stored)]

    def result_rows(self, slug: str, poll: Poll) -> list[ResultRow]:
        """Return the result of a poll as a table whose votes add up to all that were cast."""
        return result_rows(poll, self._store.read(slug, poll.id))

    def settle(self, slug: str, poll: str, group: str, state: str, who: str, now: float) -> Group:
        """Accept a group (its votes count), void it, or hold it again.

        What comes from the same network in the same hour afterwards shares its fate.

        Raises:
            InvalidInputError: there is no such state.
            NotFoundError: there is no such group.
        """
        if state not in GROUP_STATES:
            raise InvalidInputError(
                "state {state!r}: use one of {group_states}.",
                state=state[:40],
                group_states=", ".join(GROUP_STATES),
            )
        what, named = f"quarantine.{state}", {"group": group}
        entry = entry_of(Author(who, now), what, poll, named, {**named, "state": state})
        before = self._store.settle(slug, poll, group, state, entry)
        stored = self._store.read(slug, poll).groups.get(group)
        if before is None or stored is None:
            raise NotFoundError(
                "The poll {poll!r} has no group {group!r} in quarantine.",
                poll=poll,
                group=group[:80],
            )
        return group_of(group, stored)

    def look_at_network(self, slug: str, poll: Poll, who: str, now: float) -> None:
        """Note that `who` has looked at a poll's largest networks: no alarm until one has more."""
        record = self._store.read(slug, poll.id)
        found = network_reasons(poll, record.report, record.tally.ballots)
        wide = max((reason.n for reason in found if reason.kind != ADDRESS), default=0)
        entry = entry_of(Author(who, now), "network.looked", poll.id, after={"ballots": 0})
        self._store.look_at_network(slug, poll.id, wide, entry)

    def texts(self, slug: str, poll: str) -> list[OtherText]:
        """Return the free texts of ballots that count: those that wait first, then by votes."""
        order = {state: number for number, state in enumerate(TEXT_STATES)}
        return sorted(
            self._store.read(slug, poll).texts,
            key=lambda text: (order[text.state], -text.votes, text.text),
        )

    def moderate(self, slug: str, poll: str, text: str, state: str, who: str, now: float) -> None:
        """Approve a free text (readers see it), reject it, or let it wait again.

        Raises:
            InvalidInputError: there is no such state.
            NotFoundError: nobody wrote this.
        """
        if state not in TEXT_STATES:
            raise InvalidInputError(
                "state {state!r}: use one of {text_states}.",
                state=state[:40],
                text_states=", ".join(TEXT_STATES),
            )
        what, named = f"text.{state}", {"text": text}
        entry = entry_of(Author(who, now), what, poll, named, {**named, "state": state})
        if self._store.moderate(slug, poll, text, state, entry) is None:
            raise NotFoundError(
                "Nobody wrote {text!r} in the poll {poll!r}.", text=text[:80], poll=poll
            )


def result_rows(poll: Poll, record: PollRecord) -> list[ResultRow]:
    """Return the result as a table: each choice, each approved text, and what else was written."""
    found = results(poll, record.tally)
    votes = record.tally.votes
    whole = record.tally.ballots if poll.multiple else sum(votes.values())

    def row(choice: str, kind: str, text: str, number: int) -> ResultRow:
        return ResultRow(choice, kind, text, number, percent_of(number, whole))

    rows = [row(c.id, "choice", "", c.votes or 0) for c in found.choices if c.id != OTHER]
    if len(rows) < len(found.choices):
        states = Counter[str]()
        for text in sorted(record.texts, key=lambda text: (-text.votes, text.text)):
            states[text.state] += text.votes
            if text.state == "approved":
                rows.append(row(OTHER, "approved", text.text, text.votes))
        rows += [row(OTHER, state, "", states[state]) for state in ("pending", "rejected")]
        unkept = votes.get(OTHER, 0) - states.total()
        rows += [row(OTHER, "unkept", "", unkept)] if unkept else []
    return rows


def group_of(name: str, stored: StoredGroup) -> Group:
    """Return a group, its name `2026-11-23T09-a…` taken apart."""
    hour, _, network = name.rpartition("-")
    return Group(
        name=name,
        network=_NETWORKS.get(network[:1], "address"),
        watched=network.endswith(_WATCHED),
        hour=hour,
        state=stored.state,
        ballots=stored.ballots,
        votes=stored.votes,
        texts=stored.texts,
        kiosk=network[1:].removesuffix(_WATCHED) if network.startswith("k") else "",
    )

"""Polls for administrators: define, open, close, archive, copy; and their results."""

import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from msgspec.structs import asdict, replace

from stats_service.errors import (
    ConflictError,
    InvalidInputError,
    StoreUnavailableError,
    UnknownPollError,
    UnknownSiteError,
)
from stats_service.models.audit import Author
from stats_service.models.polls import Poll, PollSummary, PollTally
from stats_service.services.accounts.audit import entry_of, entry_of_change
from stats_service.services.polls.lists import PAGE_SIZE, PollPage, PollRow, find_polls
from stats_service.services.polls.presentation import closing_time, state_at
from stats_service.services.polls.rules import check_poll, new_id, vote_altering
from stats_service.services.revisions import raise_stale
from stats_service.store.polls.ballots import VOTERS_KEPT_SECONDS, BallotStore
from stats_service.store.polls.polls import PollStore

#: Most polls of one site; more would be a mistake in a program.
POLLS_MAX = 2_000
#: The fields that `Polls.edit` may change; other fields have methods of their own, or are fixed.
DEFINITION = frozenset(Poll.__struct_fields__) - {
    *("id", "status", "opened", "closed", "created", "revision", "birth", "listed")
}
#: How often a change is tried again when another administrator changed the same poll in between.
ATTEMPTS = 5


class Polls:
    """The polls of every site. Every change is audited under the name `who`."""

    def __init__(self, store: PollStore, ballots: BallotStore) -> None:
        self._store = store
        self._ballots = ballots

    def all(self, slug: str) -> list[Poll]:
        """Return every poll of a site, drafts included, the newest first."""
        return sorted(self._store.all(slug), key=lambda poll: (-poll.created, poll.id))

    def get(self, slug: str, poll: str) -> Poll:
        """Return a poll, drafts included; UnknownPollError if there is none."""
        found = self._store.get(slug, poll)
        if found is None:
            raise UnknownPollError(poll)
        return found

    def tally(self, slug: str, poll: str) -> PollTally:
        """Return the tally of a poll."""
        return self._store.tally(slug, poll)

    def summary(self, slug: str, poll: str) -> PollSummary:
        """Return the number of ballots of a poll."""
        return self._store.summaries(slug, [poll])[0]

    def page(self, slug: str, words: str, state: str, number: int, now: float) -> PollPage:
        """Return a page of a site's polls, the newest first.

        Args:
            slug: the site.
            words: words in the question or the id, accents ignored; empty: every poll.
            state: as in `state_at`; empty: every state.
            number: of the page, from 1; a number out of range becomes the nearest page.
            now: seconds since 1970.
        """
        found, states = find_polls(self.all(slug), words, state, now)
        pages = max(1, -(-len(found) // PAGE_SIZE))
        number = min(max(1, number), pages)
        shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        summaries = self._store.summaries(slug, [poll.id for poll in shown])
        rows = tuple(
            PollRow(poll, state_at(poll, now), summary)
            for poll, summary in zip(shown, summaries, strict=True)
        )
        return PollPage(rows, number, pages, len(found), states)

    def create(self, slug: str, poll: Poll, who: str, now: float) -> Poll:
        """Store a new poll, as a draft or open.

        Raises:
            InvalidInputError: naming the field that cannot be used.
            ConflictError: the id is taken, or the site has too many polls.
            UnknownSiteError: the site does not exist.
        """
        if poll.status not in ("draft", "open"):
            raise InvalidInputError(
                "status {status!r}: a new poll is draft or open.", status=poll.status
            )
        return self._create(slug, poll, Author(who, now), "poll.created")

    def copy(self, slug: str, poll: str, name: str, who: str, now: float) -> Poll:
        """Create a draft with the same question and choices, without votes and times.

        Errors as in `create`.

        Args:
            slug: the site.
            poll: id of the original.
            name: id of the copy; empty: derived from that of the original.
            who: name for the audit log.
            now: seconds since 1970.
        """
        original = self.get(slug, poll)
        taken = {known.id for known in self._store.all(slug)}
        wanted = replace(
            original,
            id=name or new_id(original.id, taken),
            status="draft",
            opens=None,
            closes=None,
            listed=True,
        )
        return self._create(slug, wanted, Author(who, now), "poll.copied", {"original": poll})

    def _create(self, slug: str, poll: Poll, by: Author, what: str, before: object = None) -> Poll:
        now = by.at
        opened = now if poll.status == "open" else 0.0
        # The revision of a deleted poll is still there.
        revision = self._store.revision(slug, poll.id) + 1
        new = check_poll(
            replace(
                poll,
                created=now,
                opened=opened,
                closed=0.0,
                birth=new_birth(),
                revision=revision,
            )
        )
        if new.status == "open":
            _check_not_over(new, now)
        if len(self._store.all(slug)) >= POLLS_MAX:
            raise ConflictError(
                "The site has {polls_max} polls, and that is the most.", polls_max=POLLS_MAX
            )
        entry = entry_of(by, what, poll.id, before, new)
        outcome = self._store.save(slug, new, entry, voteless=False, new=True)
        if outcome == "no-site":
            raise UnknownSiteError(slug)
        if outcome != "saved":
            raise ConflictError("There is a poll {id!r} already. Choose another id.", id=poll.id)
        return new

    def edit(
        self, slug: str, poll: str, who: str, now: float, based_on: int = 0, **changes: Any
    ) -> Poll:
        """Change fields of a poll; once somebody has voted, changes that alter votes are refused.

        `based_on` is the revision that the change started from; 0: any.

        Raises:
            InvalidInputError: naming the field that cannot be used.
            ConflictError: somebody has voted, or the poll is archived.
            StaleError: somebody changed the poll since that revision.
            UnknownPollError: there is no such poll.
        """
        if not changes.keys() <= DEFINITION:
            raise InvalidInputError("Only the definition can be edited, not its id or its state.")

        def change(before: Poll) -> Poll:
            if before.status == "archived":
                raise ConflictError("The poll {poll!r} is archived and stays as it is.", poll=poll)
            return replace(before, **changes)

        return self._change(slug, poll, who, "poll.changed", now, change, based_on, changes)

    def open(self, slug: str, poll: str, who: str, now: float, based_on: int = 0) -> Poll:
        """Open a draft, or reopen a closed poll as long as its voter list exists."""

        def change(before: Poll) -> Poll:
            if before.status == "archived":
                raise ConflictError("The poll {poll!r} is archived. Make a new one.", poll=poll)
            if now >= closing_time(before) + VOTERS_KEPT_SECONDS:
                raise ConflictError(
                    "The poll {poll!r} has been closed for so long that nobody knows any more who "
                    "has voted. Make a new one.",
                    poll=poll,
                )
            after = replace(before, status="open", opened=now, closed=0.0)
            _check_not_over(after, now)
            return after

        wanted = {"status": "open"}
        return self._change(slug, poll, who, "poll.opened", now, change, based_on, wanted)

    def close(self, slug: str, poll: str, who: str, now: float, based_on: int = 0) -> Poll:
        """Close an open poll: later ballots do not count."""

        def change(before: Poll) -> Poll:
            if before.status != "open":
                raise ConflictError(
                    "The poll {poll!r} is {status}, not open.", poll=poll, status=before.status
                )
            return replace(before, status="closed", closed=min(now, before.closes or now))

        wanted = {"status": "closed"}
        return self._change(slug, poll, who, "poll.closed", now, change, based_on, wanted)

    def archive(self, slug: str, poll: str, who: str, now: float, based_on: int = 0) -> Poll:
        """Close a poll for good; the results stay."""

        def change(before: Poll) -> Poll:
            closed = closing_time(before)
            return replace(before, status="archived", closed=min(now, closed))

        wanted = {"status": "archived"}
        return self._change(slug, poll, who, "poll.archived", now, change, based_on, wanted)

    def withdraw(self, slug: str, poll: str, who: str, now: float, based_on: int = 0) -> Poll:
        """Turn a poll without ballots back into a draft, which no reader can see."""

        def change(before: Poll) -> Poll:
            return replace(before, status="draft", opened=0.0, closed=0.0)

        wanted = {"status": "draft"}
        return self._change(
            slug, poll, who, "poll.withdrawn", now, change, based_on, wanted, voteless=True
        )

    def list_(self, slug: str, poll: str, who: str, now: float, based_on: int = 0) -> Poll:
        """Show a poll in the archive and in lists."""
        return self._change(
            slug,
            poll,
            who,
            "poll.listed",
            now,
            lambda before: replace(before, listed=True),
            based_on,
            {"listed": True},
        )

    def unlist(self, slug: str, poll: str, who: str, now: float, based_on: int = 0) -> Poll:
        """Hide a poll from lists; it is shown only where a page names it."""
        return self._change(
            slug,
            poll,
            who,
            "poll.unlisted",
            now,
            lambda before: replace(before, listed=False),
            based_on,
            {"listed": False},
        )

    def _change(
        self,
        slug: str,
        name: str,
        who: str,
        what: str,
        now: float,
        change: Callable[[Poll], Poll],
        based_on: int = 0,
        wanted: Mapping[str, Any] = MappingProxyType({}),
        *,
        voteless: bool = False,
    ) -> Poll:
        for _ in range(ATTEMPTS):
            before = self.get(slug, name)
            if based_on not in (0, before.revision):
                raise_stale(str(before.revision), asdict(before), wanted)
            after = check_poll(replace(change(before), revision=before.revision + 1))
            altering = vote_altering(before, after)
            entry = entry_of_change(Author(who, now), what, before, after, name)
            if voteless:
                altering = ["making a draft of it"]
            outcome = self._store.save(slug, after, entry, voteless=bool(altering))
            if outcome == "saved":
                self._ballots.expire(slug, after, closing_time(after), now)
                return after
            if outcome == "no-site":
                raise UnknownSiteError(slug)
            if outcome == "taken":
                raise UnknownPollError(name)
            if outcome == "voted":
                raise ConflictError(
                    "Somebody has voted in {name!r} already, which rules out {altering}. Texts can "
                    "be corrected and choices added or hidden.",
                    name=name,
                    altering="; ".join(altering),
                )
        raise StoreUnavailableError(
            "The poll {name!r} is being changed by others. Try again.", name=name
        )


def new_birth() -> str:
    """Return an id that distinguishes a poll from earlier and later ones with the same name."""
    return secrets.token_hex(4)


def _check_not_over(poll: Poll, now: float) -> None:
    if poll.closes is not None and poll.closes <= now:
        raise InvalidInputError("closes: is over already. Set a later time, or none.")

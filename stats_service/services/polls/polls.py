"""What an administrator does with polls: define, open, close, archive, copy; and the results."""

import secrets
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

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
from stats_service.store.polls.ballots import VOTERS_KEPT_SECONDS, BallotStore
from stats_service.store.polls.polls import PollStore

#: Polls of one site; more would be a mistake in somebody's program.
POLLS_MAX = 2_000
#: What `Polls.edit` may change; the rest has verbs of its own, or never changes.
DEFINITION = frozenset(Poll.__struct_fields__) - {
    *("id", "status", "opened", "closed", "created", "revision", "birth", "listed")
}
#: Attempts at a change while another administrator changes the same poll.
ATTEMPTS = 5


class Polls:
    """The polls of every site. Every change is audited under the name `who`."""

    def __init__(self, store: PollStore, ballots: BallotStore) -> None:
        self._store = store
        self._ballots = ballots

    def all(self, slug: str) -> list[Poll]:
        """Return every poll of a site, drafts included, the latest made first."""
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
        """Return how many ballots a poll has."""
        return self._store.summaries(slug, [poll])[0]

    def page(self, slug: str, words: str, state: str, number: int, now: float) -> PollPage:
        """Return a page of a site's polls, the latest made first.

        Args:
            slug: the site.
            words: that question or id must have, without regard to accents; empty: all.
            state: as `state_at` says it; empty: all.
            number: of the page, from 1; one that does not exist becomes the nearest.
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
            UnknownSiteError: there is no such site.
        """
        if poll.status not in ("draft", "open"):
            raise InvalidInputError(
                "status {status!r}: a new poll is draft or open.", status=poll.status
            )
        return self._create(slug, poll, Author(who, now), "poll.created")

    def copy(self, slug: str, poll: str, name: str, who: str, now: float) -> Poll:
        """Make a draft that asks the same, without votes and times; errors as `create`.

        Args:
            slug: the site.
            poll: what is copied.
            name: the id of the copy; empty: made of that of the original.
            who: who does it.
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
        # One that was deleted has left its revision.
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

    def edit(self, slug: str, poll: str, who: str, now: float, **changes: Any) -> Poll:
        """Change fields of a definition; what would alter votes is refused once there are any.

        Raises:
            InvalidInputError: naming the field that cannot be used.
            ConflictError: somebody has voted, or the poll is archived.
            UnknownPollError: there is no such poll.
        """
        if not changes.keys() <= DEFINITION:
            raise InvalidInputError("Only the definition can be edited, not its id or its state.")

        def change(before: Poll) -> Poll:
            if before.status == "archived":
                raise ConflictError("The poll {poll!r} is archived and stays as it is.", poll=poll)
            return replace(before, **changes)

        return self._change(slug, poll, who, "poll.changed", now, change)

    def open(self, slug: str, poll: str, who: str, now: float) -> Poll:
        """Open a draft, or a closed poll again while it is still known who has voted."""

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

        return self._change(slug, poll, who, "poll.opened", now, change)

    def close(self, slug: str, poll: str, who: str, now: float) -> Poll:
        """Close an open poll: no ballot that arrives later counts."""

        def change(before: Poll) -> Poll:
            if before.status != "open":
                raise ConflictError(
                    "The poll {poll!r} is {status}, not open.", poll=poll, status=before.status
                )
            return replace(before, status="closed", closed=min(now, before.closes or now))

        return self._change(slug, poll, who, "poll.closed", now, change)

    def archive(self, slug: str, poll: str, who: str, now: float) -> Poll:
        """Close a poll for good; its results stay."""

        def change(before: Poll) -> Poll:
            closed = closing_time(before)
            return replace(before, status="archived", closed=min(now, closed))

        return self._change(slug, poll, who, "poll.archived", now, change)

    def withdraw(self, slug: str, poll: str, who: str, now: float) -> Poll:
        """Make a draft of a poll again in which nobody has voted: no reader finds it."""

        def change(before: Poll) -> Poll:
            return replace(before, status="draft", opened=0.0, closed=0.0)

        return self._change(slug, poll, who, "poll.withdrawn", now, change, voteless=True)

    def list_(self, slug: str, poll: str, who: str, now: float) -> Poll:
        """Show a poll in the archive and other lists."""
        return self._change(
            slug, poll, who, "poll.listed", now, lambda before: replace(before, listed=True)
        )

    def unlist(self, slug: str, poll: str, who: str, now: float) -> Poll:
        """Show a poll only where it is named, and in no list."""
        return self._change(
            slug, poll, who, "poll.unlisted", now, lambda before: replace(before, listed=False)
        )

    def _change(
        self,
        slug: str,
        name: str,
        who: str,
        what: str,
        now: float,
        change: Callable[[Poll], Poll],
        *,
        voteless: bool = False,
    ) -> Poll:
        for _ in range(ATTEMPTS):
            before = self.get(slug, name)
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
    """Return what tells a poll from every other one that had, or will have, its id."""
    return secrets.token_hex(4)


def _check_not_over(poll: Poll, now: float) -> None:
    if poll.closes is not None and poll.closes <= now:
        raise InvalidInputError("closes: is over already. Set a later time, or none.")

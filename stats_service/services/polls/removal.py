"""Delete a poll or its ballots; a removal can be undone for some days."""

import secrets
from datetime import date, timedelta

from msgspec.structs import replace

from stats_service.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    StoreUnavailableError,
    UnknownPollError,
    UnknownSiteError,
)
from stats_service.models.audit import Author
from stats_service.models.polls import Poll, RemovedPoll
from stats_service.models.sites import Site
from stats_service.services.accounts.audit import entry_of
from stats_service.services.periods import day_of
from stats_service.services.polls.polls import ATTEMPTS, new_birth
from stats_service.services.polls.presentation import closing_time
from stats_service.store.polls.ballots import BallotStore
from stats_service.store.polls.polls import PollStore
from stats_service.store.polls.removed import REMOVALS_MAX, RemovedPollStore

#: How long removed data is kept.
KEPT_DAYS = 7


class PollRemoval:
    """Delete, reset, undo. Every change is audited under the name `who`."""

    def __init__(self, store: RemovedPollStore, polls: PollStore, ballots: BallotStore) -> None:
        self._store = store
        self._polls = polls
        self._ballots = ballots

    def delete(self, site: Site, poll: str, name: str, revision: int, who: str, now: float) -> int:
        """Delete a poll with its ballots; return the number of ballots.

        Args:
            site: the site.
            poll: its id.
            name: the id again, as the administrator typed it to confirm.
            revision: revision of the poll that the administrator saw.
            who: name for the audit log.
            now: seconds since 1970.

        Raises:
            InvalidInputError: the typed id is a different one.
            ConflictError: the poll has another revision now, or too many removals are kept.
            UnknownPollError: the poll does not exist.
        """
        return self._remove(site, poll, name, revision, Author(who, now), "deleted")

    def reset(self, site: Site, poll: str, name: str, revision: int, who: str, now: float) -> int:
        """Remove a poll's ballots and let everybody vote again; otherwise as `delete`."""
        return self._remove(site, poll, name, revision, Author(who, now), "reset")

    def removed(self, slug: str, now: float) -> list[RemovedPoll]:
        """Return the removals that can be undone, the newest first."""
        return self._store.all(slug, now)

    def restore(self, slug: str, removal: str, who: str, now: float) -> Poll:
        """Undo a removal: the poll and its ballots are as before.

        Raises:
            NotFoundError: the removal does not exist, or not any more.
            ConflictError: there is a new poll of that id, or ballots since the reset.
        """
        for _ in range(ATTEMPTS):
            found = next((one for one in self._store.all(slug, now) if one.id == removal), None)
            if found is None:
                break
            name = found.poll.id
            after = replace(found.poll, revision=self._polls.revision(slug, name) + 1)
            what = {"ballots": found.ballots, "how": found.how}
            entry = entry_of(Author(who, now), "poll.restored", name, after=what)
            outcome = self._store.restore(slug, found, after, entry)
            if outcome == "restored":
                self._ballots.expire(slug, after, closing_time(after), now)
                return after
            if outcome == "no-site":
                raise UnknownSiteError(slug)
            if outcome == "voted":
                raise ConflictError(
                    "Somebody has voted in {name!r} since it was reset, and would lose that vote. "
                    "Nothing was changed.",
                    name=name,
                )
            if outcome == "taken":
                raise ConflictError(
                    "There is a poll {name!r} again, or it is gone since it was reset. Nothing was "
                    "changed.",
                    name=name,
                )
        raise NotFoundError(
            "There is nothing removed named {removal!r}; it is kept for {days} days.",
            removal=removal[:40],
            days=KEPT_DAYS,
        )

    def _remove(self, site: Site, poll: str, name: str, revision: int, by: Author, how: str) -> int:
        if name.strip() != poll:
            raise InvalidInputError(
                "name {name!r}: write {poll!r}, the name of the poll, to be sure.",
                name=name[:80],
                poll=poll,
            )
        found = self._polls.get(site.slug, poll)
        if found is None:
            raise UnknownPollError(poll)
        if found.revision != revision:
            raise _changed(poll)
        removed = RemovedPoll(
            id=secrets.token_hex(4),
            poll=found,
            how=how,
            at=by.at,
            until=by.at + KEPT_DAYS * 86_400,
            who=by.who,
        )
        before: dict[str, object] = {"ballots": 0}
        after = None
        if how == "deleted":
            before |= {"question": found.question, "status": found.status}
        else:
            after = replace(found, birth=new_birth(), revision=revision + 1)
        entry = entry_of(by, f"poll.{how}", poll, before, {} if after else None)
        today = date.fromisoformat(day_of(by.at, site.timezone))
        days = [(today + timedelta(n)).isoformat() for n in (-1, 0, 1)]
        outcome = self._store.remove(site.slug, removed, after, entry, days)
        match outcome:
            case "no-site":
                raise UnknownSiteError(site.slug)
            case "unknown":
                raise UnknownPollError(poll)
            case "stale":
                raise _changed(poll)
            case "full":
                raise ConflictError(
                    "{most} polls were deleted or reset within {days} days, and that is the most. "
                    "Wait, or do with fewer.",
                    most=REMOVALS_MAX,
                    days=KEPT_DAYS,
                )
        if not outcome.isdigit():
            raise StoreUnavailableError("The poll {poll!r} was not removed.", poll=poll)
        return int(outcome)


def _changed(poll: str) -> ConflictError:
    return ConflictError(
        "The poll {poll!r} was changed since you looked at it. Look again; nothing was removed.",
        poll=poll,
    )

"""Deleted polls and reset ballots: moved aside for some days, or restored."""

from collections.abc import Sequence
from typing import Any

import msgspec

from stats_service.models.audit import AuditEntry
from stats_service.models.polls import Poll, RemovedPoll
from stats_service.store.accounts.audit import packed_entry
from stats_service.store.keys import SiteKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

REMOVE_BALLOTS = load_script("accounts/audit_entry", "polls/remove_ballots")
RESTORE_BALLOTS = load_script("accounts/audit_entry", "polls/restore_ballots")

#: Most removals of a site at a time.
REMOVALS_MAX = 100
#: The stored parts of a poll's ballots, in the order that the scripts take them.
_PARTS = ("tally", "report", "voters", "groups", "changes", "others", "proofs")
_RESTORED = ("tally", "voters", "groups", "report", "changes", "others", "proofs")

_decoder = msgspec.json.Decoder(RemovedPoll)


class RemovedPollStore:
    """The removals of every site of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def remove(
        self,
        slug: str,
        removed: RemovedPoll,
        after: Poll | None,
        entry: AuditEntry,
        days: Sequence[str],
    ) -> str:
        """Move a poll's ballots aside, if the revision is that of `removed`.

        Args:
            slug: the site.
            removed: the poll as it is now.
            after: the definition that replaces it, with the next revision; None: no poll.
            entry: the audit entry; the ballots are added.
            days: the three days that may have numbers of networks.

        Returns:
            The number of ballots, or `no-site`, `unknown`, `stale`, `full`.
        """
        names, poll = SiteKeys(self._prefix, slug), removed.poll.id
        keys = [
            *(names.site, names.polls, names.poll_revisions, names.audit, names.removed_polls),
            names.removed(removed.id),
            *(names.poll(poll, f"networks:{day}") for day in days),
        ]
        for part in _PARTS:
            keys += (names.poll(poll, part), names.removed(removed.id, part))
        args = (
            poll,
            removed.poll.revision,
            msgspec.json.encode(after) if after else "",
            packed_entry(entry),
            removed.id,
            int(removed.at),
            int(removed.until),
            msgspec.json.encode(removed),
            REMOVALS_MAX,
        )
        with store_errors():
            reply: Any = REMOVE_BALLOTS.run(self._client, keys, args)
        return str(reply) if isinstance(reply, int) else text_of(reply)

    def all(self, slug: str, now: float) -> list[RemovedPoll]:
        """Return the removals of a site that can be undone, the newest first."""
        names = SiteKeys(self._prefix, slug)
        with store_errors():
            removals: list[Any] = self._client.zrange(
                names.removed_polls, "+inf", f"({now}", desc=True, byscore=True
            )
            keys = [names.removed(text_of(removal)) for removal in removals]
            documents = self._client.mget(keys) if keys else []
        return [_decoder.decode(document) for document in documents if document]

    def restore(self, slug: str, removed: RemovedPoll, after: Poll, entry: AuditEntry) -> str:
        """Restore a removal with the definition `after`, which has the next revision.

        Returns:
            `restored`, or `no-site`, `gone`, `taken`, `stale`, `voted`.
        """
        names, poll = SiteKeys(self._prefix, slug), removed.poll.id
        keys = [
            *(names.site, names.polls, names.poll_revisions, names.audit, names.removed_polls),
            names.removed(removed.id),
        ]
        for part in _RESTORED:
            keys += (names.poll(poll, part), names.removed(removed.id, part))
        args = (
            poll,
            after.revision - 1,
            msgspec.json.encode(after),
            packed_entry(entry),
            removed.id,
            "1" if removed.how == "deleted" else "",
        )
        with store_errors():
            reply: Any = RESTORE_BALLOTS.run(self._client, keys, args)
        return text_of(reply)

"""The audit log: who changed what and when. Append-only; whoever changes a thing records it.

What an administrator does to a site's settings, balances, polls, ratings or notices goes to Redis
together with its entry, in one step: neither can be there without the other. Accounts and tokens
lie elsewhere than their log, and a file that is brought in is many steps; their entries follow.
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.audit import AuditEntry, Author
from stats_service.models.sites import Site
from stats_service.store.accounts.audit import AuditStore

#: Most entries on one page.
PAGE_MAX = 200
#: Settings of a site whose changes have a history of their own.
BALANCES = ("opening_visits", "opening_views")
#: How an entry is numbered; nothing is before 0-0, which Redis does not even take for an end.
ENTRY_ID = re.compile(r"(?!0+-0+$)[0-9]{1,16}-[0-9]{1,10}")


def entry_of(
    by: Author, what: str, subject: str = "", before: Any = None, after: Any = None
) -> AuditEntry:
    """Return the entry of a change.

    Args:
        by: who makes it, and when.
        what: a noun and a verb in the past (`poll.closed`).
        subject: which poll, account, token…; empty for the site itself.
        before: values before the change; structs and plain values, never a secret.
        after: values after it.
    """
    return AuditEntry(
        at=by.at,
        who=by.who,
        what=what,
        subject=subject,
        before=msgspec.to_builtins(before),
        after=msgspec.to_builtins(after),
    )


def entry_of_change(
    by: Author, what: str, before: Any, after: Any, subject: str = ""
) -> AuditEntry | None:
    """Return an entry with the fields in which two structs differ; None if they do not."""
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    changed = [name for name in new if old.get(name) != new[name]]
    if not changed:
        return None
    return entry_of(
        by,
        what,
        subject,
        before={name: old.get(name) for name in changed},
        after={name: new[name] for name in changed},
    )


def entry_of_settings(by: Author, before: Site, after: Site) -> AuditEntry | None:
    """Return the entry of a site's new settings; None if they are the old ones."""
    balances = any(getattr(before, name) != getattr(after, name) for name in BALANCES)
    return entry_of_change(by, "opening.set" if balances else "site.changed", before, after)


class Audit:
    """Record changes, and read what was recorded. The site `""` is the installation itself."""

    def __init__(self, store: AuditStore) -> None:
        self._store = store

    def record(
        self,
        slug: str,
        who: str,
        what: str,
        now: float,
        *,
        subject: str = "",
        before: Any = None,
        after: Any = None,
    ) -> None:
        """Record that `who` did `what` at `now` (seconds); the rest as `entry_of` takes it.

        Args:
            slug: the site concerned, or `""`.
            who: an account's name, or `models.audit.COMMAND_LINE`.
            what: a noun and a verb in the past.
            now: seconds since 1970.
            subject: which account, token…
            before: values before the change.
            after: values after it.
        """
        self._store.add(slug, entry_of(Author(who, now), what, subject, before, after))

    def record_added_site(self, who: str, now: float, added: Site) -> None:
        """Record in the log of the installation that a site was added, beside its removal."""
        self.record("", who, "site.created", now, subject=added.slug, after=added)

    def newest(self, slug: str, limit: int = 50, before: str = "") -> list[AuditEntry]:
        """Return a page of entries, newest first; `before` is the id of the last one seen."""
        if before and not ENTRY_ID.fullmatch(before):
            raise InvalidInputError(
                "before {before!r}: use the id of an entry.", before=before[:40]
            )
        return self._store.newest(slug, min(limit, PAGE_MAX), before)

    def all(self, slug: str) -> Iterator[AuditEntry]:
        """Give every entry, oldest first, for an export."""
        return self._store.all(slug)

"""The audit log: who changed what and when. Append-only; whoever changes a thing records it."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.audit import AuditEntry
from stats_service.models.sites import Site
from stats_service.store.audit import AuditStore

#: Most entries on one page.
PAGE_MAX = 200
#: Settings of a site whose changes have a history of their own.
BALANCES = ("opening_visits", "opening_views")
#: How an entry is numbered.
ENTRY_ID = re.compile(r"\d{1,16}-\d{1,10}")


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
        """Record that `who` did `what` (`poll.closed`) to `subject` at `now` (seconds).

        Args:
            slug: the site concerned, or `""`.
            who: an account's name, or `models.audit.COMMAND_LINE`.
            what: a noun and a verb in the past.
            now: seconds since 1970.
            subject: which poll, account, token…; empty for the site itself.
            before: values before the change; structs and plain values, never a secret.
            after: values after it.
        """
        entry = AuditEntry(
            at=now,
            who=who,
            what=what,
            subject=subject,
            before=msgspec.to_builtins(before),
            after=msgspec.to_builtins(after),
        )
        self._store.add(slug, entry)

    def record_change(
        self, slug: str, who: str, what: str, now: float, before: Any, after: Any, subject: str = ""
    ) -> None:
        """Record only the fields in which two structs differ; nothing if they do not."""
        old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
        changed = [name for name in new if old.get(name) != new[name]]
        if changed:
            self.record(
                slug,
                who,
                what,
                now,
                subject=subject,
                before={name: old.get(name) for name in changed},
                after={name: new[name] for name in changed},
            )

    def record_site(self, who: str, now: float, before: Site | None, after: Site) -> None:
        """Record that a site was added (`before` is None) or has other settings.

        That it was added stands in the log of the installation, beside its removal.
        """
        if before is None:
            self.record("", who, "site.created", now, subject=after.slug, after=after)
            return
        balances = any(getattr(before, name) != getattr(after, name) for name in BALANCES)
        what = "opening.set" if balances else "site.changed"
        self.record_change(after.slug, who, what, now, before, after)

    def newest(self, slug: str, limit: int = 50, before: str = "") -> list[AuditEntry]:
        """Return a page of entries, newest first; `before` is the id of the last one seen."""
        if before and not ENTRY_ID.fullmatch(before):
            raise InvalidInputError(f"before {before[:40]!r}: use the id of an entry.")
        return self._store.newest(slug, min(limit, PAGE_MAX), before)

    def all(self, slug: str) -> Iterator[AuditEntry]:
        """Give every entry, oldest first, for an export."""
        return self._store.all(slug)

"""The audit log: who changed what and when. Append-only; whoever changes a thing records it.

An administrator's change of a site's settings, balances, polls, ratings or notices goes to Redis
together with its entry, in one step, so that neither exists without the other. Accounts and tokens
are stored apart from their log, and an import takes many steps; their entries follow the change.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.audit import AuditEntry, Author
from stats_service.models.sites import Site
from stats_service.store.accounts.audit import AuditStore

#: Most entries on one page.
PAGE_MAX = 200
#: Most entries that are searched for those of one kind: some dozens of milliseconds.
SEARCHED_MAX = 5_000
#: Entries about one account that its owner sees, and how many entries are searched for them.
ACCOUNT_SHOWN = 12
ACCOUNT_LOOKED_AT = 1_000
#: Settings of a site whose changes have a history of their own.
BALANCES = ("opening_visits", "opening_views")
#: The form of an entry's id; 0-0 is excluded, because Redis does not accept it as an end.
ENTRY_ID = re.compile(r"(?!0+-0+$)[0-9]{1,16}-[0-9]{1,10}")


def entry_of(
    by: Author, what: str, subject: str = "", before: Any = None, after: Any = None
) -> AuditEntry:
    """Return the entry of a change.

    Args:
        by: the author and the time.
        what: a noun and a past participle (`poll.closed`).
        subject: id of the poll, account or token; empty: the site itself.
        before: values before the change; structs and plain values, never a secret.
        after: values after the change.
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
    """Return the entry of a change of a site's settings; None if nothing changed."""
    balances = any(getattr(before, name) != getattr(after, name) for name in BALANCES)
    return entry_of_change(by, "opening.set" if balances else "site.changed", before, after)


class Audit:
    """Records changes and reads them. The site `""` is the installation itself."""

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
        """Record that `who` did `what` at `now`; the arguments are those of `entry_of`.

        Args:
            slug: the site, or `""`.
            who: an account's name, or `models.audit.COMMAND_LINE`.
            what: a noun and a past participle.
            now: seconds since 1970.
            subject: id of the account or token.
            before: values before the change.
            after: values after it.
        """
        self._store.add(slug, entry_of(Author(who, now), what, subject, before, after))

    def record_added_site(self, who: str, now: float, added: Site) -> None:
        """Record in the installation's log that a site was added, where its removal is recorded."""
        self.record("", who, "site.created", now, subject=added.slug, after=added)

    def newest(self, slug: str, limit: int = 50, before: str = "") -> list[AuditEntry]:
        """Return a page of entries, newest first; `before` is the id of the last entry shown."""
        if before and not ENTRY_ID.fullmatch(before):
            raise InvalidInputError(
                "before {before!r}: use the id of an entry.", before=before[:40]
            )
        return self._store.newest(slug, min(limit, PAGE_MAX), before)

    def newest_of(self, slug: str, what: str, limit: int) -> list[AuditEntry]:
        """Return the newest entries of one kind; at most `SEARCHED_MAX` entries are searched."""
        return self._found(slug, lambda entry: entry.what == what, SEARCHED_MAX, limit)

    def of_account(self, name: str) -> list[AuditEntry]:
        """Return the latest entries of the installation about one account, newest first.

        The latest `ACCOUNT_LOOKED_AT` entries are searched.
        """
        return self._found(
            "",
            lambda entry: entry.subject == name and entry.what.startswith("account."),
            ACCOUNT_LOOKED_AT,
            ACCOUNT_SHOWN,
        )

    def _found(
        self, slug: str, wanted: Callable[[AuditEntry], bool], among: int, limit: int
    ) -> list[AuditEntry]:
        found: list[AuditEntry] = []
        before = ""
        for _ in range(among // PAGE_MAX):
            page = self._store.newest(slug, PAGE_MAX, before)
            found += filter(wanted, page)
            if len(page) < PAGE_MAX or len(found) >= limit:
                break
            before = page[-1].id
        return found[:limit]

    def all(self, slug: str) -> Iterator[AuditEntry]:
        """Yield every entry, oldest first, for an export."""
        return self._store.all(slug)

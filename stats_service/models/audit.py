"""Entries of the audit log: what was changed, by whom and when."""

from typing import Any, NamedTuple

import msgspec

#: The author of changes on the command line.
COMMAND_LINE = "(command line)"
#: The author of refused sign-ins; `accounts/lua/note_refusal.lua` has the same.
NOBODY = "(not signed in)"


class Author(NamedTuple):
    """The author and the time of a change."""

    #: Name of an account, or `COMMAND_LINE`.
    who: str
    #: Seconds since 1970.
    at: float


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change. It never contains a password, a token or a link."""

    #: Id of the entry, by which entries are ordered; set by the store.
    id: str = ""
    #: Seconds since 1970.
    at: float
    #: Name of the account, `COMMAND_LINE` or `NOBODY`.
    who: str
    #: A noun and a past participle: `site.changed`, `poll.closed`, `account.created`.
    what: str
    #: Id of the poll, name of the account; empty for the site itself.
    subject: str = ""
    #: The changed values as JSON; None where there was (or is) none.
    before: Any = None
    after: Any = None

"""What was changed, by whom and when."""

from typing import Any, NamedTuple

import msgspec

#: Who is named where a change was made on the command line, by whoever may run it there.
COMMAND_LINE = "(command line)"
#: Who is named where somebody was not let in; `accounts/lua/note_refusal.lua` has the same.
NOBODY = "(not signed in)"


class Author(NamedTuple):
    """Who makes a change, and when."""

    #: An account's name, or `COMMAND_LINE`.
    who: str
    #: Seconds since 1970.
    at: float


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One change. Never holds a password, a token or a link."""

    #: Orders the entries; given by the store.
    id: str = ""
    #: Seconds since 1970.
    at: float
    #: The account's name, `COMMAND_LINE` or `NOBODY`.
    who: str
    #: A noun and a verb in the past: `site.changed`, `poll.closed`, `account.created`.
    what: str
    #: Which one: the poll's id, the account's name; empty for the site itself.
    subject: str = ""
    #: What was changed, as JSON values; None where there was (or is) nothing.
    before: Any = None
    after: Any = None

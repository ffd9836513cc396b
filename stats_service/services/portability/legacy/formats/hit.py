"""The contents of a line of any access log."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Hit(NamedTuple):
    """One request."""

    #: Seconds since 1970.
    at: float
    #: As in the log; several addresses, as in X-Forwarded-For, are separated by commas.
    address: str
    method: str
    #: With the query; or a whole URL, as in a request to a proxy.
    path: str
    status: str
    #: Empty or `-`: none.
    agent: str
    #: Empty or `-`: not in the log.
    host: str
    #: Address of the page before; empty or `-`: none.
    referrer: str = ""


#: Parses a line; returns the reason if it has no request: `unreadable`, `no-page`, or an empty text
#: for a line that is part of the format (a heading, an empty line).
Parse = Callable[[str], Hit | str]

UNREADABLE = "unreadable"
#: A request that was aborted or is not HTTP; it is not for a page.
NO_PAGE = "no-page"


@dataclass(frozen=True, slots=True)
class Format:
    """The format of a file's lines."""

    name: str
    parse: Parse
    #: The lines contain user agents.
    agents: bool = True
    #: The lines contain the addresses of the pages before.
    referrers: bool = False
    #: Returns whether a line is a heading, without which the lines behind it cannot be read.
    is_heading: Callable[[str], bool] | None = None

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

    def shared(self, request: tuple[str, str]) -> "Quick":
        """Return the line as `Quick`, with method and path in one."""
        return self.at, (self.address, self.host), request, self.status, self.referrer, self.agent


#: A line with texts that many lines have in common: seconds since 1970; address and host, or what
#: `Format.source_of` takes; method and path, or a text such as `GET /tin/1 HTTP/1.1`; status;
#: address of the page before; user agent.
Quick = tuple[float, tuple[str, str] | str, tuple[str, str] | str, str, str, str]

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
    #: Parses a usual line in a fraction of the time; None: `parse` has to.
    quick: Callable[[str], Quick | None] | None = None
    #: Returns address and host of a source that is one text.
    source_of: Callable[[str], tuple[str, str]] | None = None
    #: Returns whether a line is a heading, without which the lines behind it cannot be read.
    is_heading: Callable[[str], bool] | None = None

"""What a line of any access log says."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Hit(NamedTuple):
    """One request."""

    #: Seconds since 1970.
    at: float
    #: As it is written; several, as in X-Forwarded-For, are separated by commas.
    address: str
    method: str
    #: With the query; or a whole URL, as proxies are asked.
    path: str
    status: str
    #: Empty or `-`: there was none.
    agent: str
    #: Empty or `-`: the log does not say it.
    host: str


#: Says what stands in a line; or why there is no request in it: `unreadable`, `no-page`, or an
#: empty text for a line that is part of the format (a head, an empty line).
Parse = Callable[[str], Hit | str]

UNREADABLE = "unreadable"
#: A request that was broken off, or is no request: it asks for no page.
NO_PAGE = "no-page"


@dataclass(frozen=True, slots=True)
class Format:
    """How the lines of a file are read."""

    name: str
    parse: Parse
    #: Browsers' names are in it.
    agents: bool = True

"""Whether a site drops a parameter that tells its articles apart, as one worker sees it.

A view brings the whole address, and its key has what is kept of it: by the site's settings, or
because the page's canonical link says so. One key under many values of a dropped parameter is
perhaps many articles: the name is told, once a day, and changes no key by itself, so that every
worker counts an address under the same. Nothing but digests of values is remembered, bounded, and
only of addresses with a question mark. Values that were drawn for one reader, such as click ids,
tell no articles apart.
"""

import re

from stats_service.services.articles.canonical_links import looks_drawn
from stats_service.services.articles.keys import (
    VIEW_PARAMETERS,
    dropped_parameters,
    is_tracking_parameter,
)

#: Before the name of the parameter, among the signs of a day.
MERGES_SIGN = "merges-"
#: Values of one parameter under one key, from which they are told.
VALUES = 20
#: Pairs of key and parameter, and addresses, that are remembered at a time.
PAIRS_MAX = 500
ADDRESSES_MAX = 4_096
#: Names that a worker tells of a site in a day.
NAMES_MAX = 3

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


class ParameterWatch:
    """Looks at the addresses of one site."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], set[int]] = {}
        self._seen: set[int] = set()
        self._told: set[str] = set()
        self._day = ""
        #: Names, in lower case, that canonical links were believed to leave out.
        self.left_out: set[str] = set()

    def sign(self, address: str, key: str, day: str) -> str:
        """Return the sign to count with a view, or an empty text.

        Args:
            address: as the page sends it; has a question mark.
            key: under which it is counted.
            day: today.
        """
        if day != self._day:
            self._values, self._seen, self._told, self._day = {}, set(), set(), day
        digest = hash(address)
        if digest in self._seen or len(self._told) >= NAMES_MAX:
            return ""
        if len(self._seen) >= ADDRESSES_MAX:
            self._seen.clear()
        self._seen.add(digest)
        sign = ""
        for name in dropped_parameters(address, key):
            lower = name.lower()
            if lower in self._told or lower in VIEW_PARAMETERS or is_tracking_parameter(lower):
                continue
            if _NAME.fullmatch(lower) and self._number(key, lower, address) >= VALUES:
                self._told.add(lower)
                sign = MERGES_SIGN + lower
        return sign

    def _number(self, key: str, name: str, address: str) -> int:
        """Remember the values that an address has for a parameter; return how many there are."""
        if len(self._values) >= PAIRS_MAX:
            self._values.clear()
        values = self._values.setdefault((key, name), set())
        query = address.partition("#")[0].partition("?")[2].replace("&amp;", "&")
        for part in query.split("&"):
            found, _, value = part.partition("=")
            if value and found.lower() == name and not looks_drawn(value):
                values.add(hash(value))
        return len(values)

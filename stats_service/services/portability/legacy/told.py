"""What a visit in a file tells of itself, by the rules of live visits (`visitors.traits`).

A text of lines, joined by line feeds: the letter of a dimension and a value each.
"""

import re
from typing import NamedTuple

from stats_service.models.sites import Site
from stats_service.models.traffic.readers import ALL_GROUPS, DIMENSIONS, DIRECT
from stats_service.services.visitors.clients import client_lines
from stats_service.services.visitors.sources import source_and_campaign, source_in_app
from stats_service.services.visitors.traits import joined_lines

#: Longest user agent and query that are looked at, in characters, as of a live view.
AGENT_MAX, QUERY_MAX = 1024, 900
#: Pages before, with queries, that are remembered.
VIAS_MAX = 5000
#: Stands for a source that is not told; no host has a line feed.
_UNTOLD = "\n"
_AFTER_HOST = re.compile(r"[/?#]")


class Client(NamedTuple):
    """What a user agent tells: each line with its line feed, `""` if it does not tell it."""

    #: Source of a visit that no page before has.
    app: str
    device: str
    browser: str
    system: str


class Told:
    """Says what visits of a site tell.

    Args:
        site: the site; what it has switched off is not told.
    """

    def __init__(self, site: Site) -> None:
        self._off = site.readers_off
        self._letters_off = _letters_off(site)
        # Files have the hosts with and without `www.`; to neither a reader comes from elsewhere.
        bare = {host.removeprefix("www.") for host in site.hosts}
        self._hosts = frozenset(bare | {f"www.{host}" for host in bare})
        #: Whether nothing is told.
        self.is_off = ALL_GROUPS in site.readers_off
        #: By page before and query, what they tell.
        self._vias: dict[tuple[str | None, str], tuple[str, str]] = {}

    def via(self, referrer: str | None, query: str) -> tuple[str, str]:
        """Return the source of a request, and the lines of its campaign.

        Args:
            referrer: the address of the page before, or its host; None: the file has none of any
                request, so that no source is told.
            query: of the page's own address, without the question mark.

        Returns:
            The source, `""` if nothing but the user agent may tell it.
        """
        found = self._vias.get((referrer, query))
        if found is None:
            source, campaign = source_and_campaign(_via(referrer or "", query), self._hosts)
            found = (source if referrer is not None else _UNTOLD), campaign
            if len(self._vias) >= VIAS_MAX:
                self._vias.clear()
            self._vias[referrer, query] = found
        return found

    def client(self, agent: str) -> Client:
        """Return what a user agent tells."""
        agent = agent[:AGENT_MAX]
        return Client(source_in_app(agent), *client_lines(agent))

    def by_request(self, referrer: str | None, query: str, agent: str) -> str:
        """Return what a request tells; the arguments are those of `via` and `client`."""
        return "" if self.is_off else self.by_parts(self.via(referrer, query), self.client(agent))

    def by_parts(self, via: tuple[str, str], client: Client, country: str = "") -> str:
        """Return what a request tells.

        Args:
            via: as `via` gives it.
            client: as `client` gives it.
            country: as `Countries.line` gives it.
        """
        if self.is_off:
            return ""
        source, campaign = via
        off = self._off if source != _UNTOLD else (*self._off, "source")
        source = source or client.app
        lines = joined_lines(off, source, campaign, client.device, client.browser, client.system)
        return (lines + ("" if "country" in self._off else country)).rstrip("\n")

    def by_names(self, referrer: str, query: str, *lines: str) -> str:
        """Return what a visit tells of which a file has the names of its browser and so on.

        Args:
            referrer: the address of the page before, or its host; empty: none.
            query: of the page's own address, without the question mark.
            lines: further lines, empty ones among them.
        """
        source, campaign = source_and_campaign(_via(referrer, query), self._hosts)
        told = [_source_line(source), *campaign.split("\n"), "e", *filter(None, lines)]
        # Once each: an event may have in its own row what its session tells, too.
        told = [*dict.fromkeys(line for line in told if line)]
        return "\n".join(line for line in told if line[0] not in self._letters_off)

    def source_line(self, referrer: str) -> str:
        """Return the line of a source, as in `by_names`."""
        return _source_line(source_and_campaign(_via(referrer, ""), self._hosts)[0])

    def wants(self, line: str) -> bool:
        """Return whether the site counts the dimension of a line."""
        return line[:1] not in self._letters_off


def _letters_off(site: Site) -> frozenset[str]:
    """Return the letters of what a site has switched off."""
    off = site.readers_off
    return frozenset(
        dimension.letter
        for dimension in DIMENSIONS.values()
        if dimension.group in off or ALL_GROUPS in off
    )


def _source_line(source: str) -> str:
    """Return the line of what `source_and_campaign` found."""
    return "s" if source == "?" else f"s{source or DIRECT}"


def _via(referrer: str, query: str) -> str:
    """Return what the script would send (`PageQuery.via`)."""
    if referrer == "-":
        referrer = ""
    _, scheme, rest = referrer.partition("://")
    host = _AFTER_HOST.split(rest if scheme else referrer, maxsplit=1)[0]
    # A host has no comma, behind which the words of a campaign stand.
    return f"{host.replace(',', ' ')},{query[:QUERY_MAX]}"

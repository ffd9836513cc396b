"""Access logs in combined format, counted by the rules of live views as far as a log tells.

A log knows neither whether a page came before a reader's eyes nor who asked not to be tracked;
and it has the requests for pictures, styles and data, which a counting page never sends.
"""

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from urllib.parse import unquote

from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.models.traffic import VISIT_GAP_SECONDS
from stats_service.services.articles.keys import canonical_article
from stats_service.services.periods import FIRST_MOMENT, LAST_MOMENT, periods_at
from stats_service.services.portability.legacy.tally import Tally
from stats_service.services.visitors.addresses import (
    canonical_address,
    in_networks,
    ipv6_48_prefix,
    network_prefix,
)
from stats_service.services.visitors.bots import is_bot
from stats_service.services.visitors.hosts import canonical_host

#: Longer lines are rubbish or an attack; what they ask for is no article either.
LINE_MAX_BYTES = 32_768
#: Seconds over which the ceilings of an address are counted, as live.
CEILING_SECONDS = 1800
#: How many times as much a /48 may have as an address; `record_views.lua` has the same.
IPV6_48_VIEWS_FACTOR = 10

#: `[host:port ]address identity user [time] "method path protocol" status bytes "referer" "agent"`
_LINE = re.compile(
    r'(?:(?P<host>[\w.-]+(?::\d+)?) )?(?P<address>[0-9A-Fa-f:.]+|\S+) \S+ (?:\S+|"[^"]*") '
    r"\[(?P<time>[^\]]+)\] "
    r'"(?P<method>[A-Z]+) (?P<path>\S+)[^"]*" (?P<status>\d{3}) \S+'
    r'(?: "(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)")?'
)
#: What a page's address may end in; everything else with an ending is a file.
_PAGE_ENDINGS = frozenset(
    ("htm", "html", "shtml", "xhtml", "php", "asp", "aspx", "jsp", "jspx", "cfm", "do")
)
_ENDING = re.compile(r"\.([A-Za-z0-9]{1,5})$")
#: Addresses without an ending that no reader looks at.
_NO_PAGE = re.compile(r"/(?:feed|rss|atom|wp-json|wp-admin|wp-login\.php|xmlrpc\.php)(?:/|$|\?)")


class LogReader:
    """Reads lines of access logs into tallies.

    Visitors are known by address and user agent, in memory and for half an hour alone.

    Args:
        site: whose settings say what counts.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._hosts = frozenset(site.hosts)
        self._last_seen: dict[int, float] = {}
        self._bucket = -1
        self._views: Counter[str] = Counter()
        self._identities: Counter[str] = Counter()

    def read(self, lines: Iterable[bytes], tally: Tally) -> None:
        """Add every view of `lines` to `tally`, and say of the others why they are none."""
        for line in lines:
            tally.lines += 1
            reason = self._line(line, tally)
            if reason:
                tally.ignored[reason] += 1

    def _line(self, line: bytes, tally: Tally) -> str:
        match = _LINE.match(line[:LINE_MAX_BYTES].decode("utf-8", "replace"))
        now = _moment(match["time"]) if match else None
        if not match or now is None or not FIRST_MOMENT <= now <= LAST_MOMENT:
            return "unreadable"
        reason = self._no_view(match)
        if reason:
            return reason
        address = canonical_address(match["address"])
        network = network_prefix(address) or match["address"]
        ipv6_48 = ipv6_48_prefix(address) if ":" in address else ""
        self._begin(now)
        if _beyond(self._views, network, ipv6_48, self._site.view_ceiling):
            return "ceiling"
        periods = periods_at(now, self._site.timezone)
        visits = int(self._begins_visit(network, ipv6_48, match["agent"], now))
        tally.add(periods.day, periods.hour, views=1, visits=visits)
        try:
            article = canonical_article(match["path"], self._site.article_parameters)
        except InvalidInputError:
            return ""
        tally.add_article(periods.day, article)
        return ""

    def _no_view(self, match: re.Match[str]) -> str:
        if match["method"] != "GET" or match["status"] not in ("200", "304"):
            return "no-page"
        if not _is_page(match["path"]):
            return "no-page"
        agent = match["agent"]
        if not agent or agent == "-":
            return "no-user-agent"
        if is_bot(agent):
            return "bot"
        if match["host"] and not self._is_ours(match["host"]):
            return "host"
        if self._site.excluded and in_networks(
            canonical_address(match["address"]), self._site.excluded
        ):
            return "excluded"
        return ""

    def _is_ours(self, host: str) -> bool:
        try:
            name = canonical_host(host.removesuffix(":80").removesuffix(":443"))
        except InvalidInputError:
            return False
        return name in self._hosts

    def _begin(self, now: float) -> None:
        """Begin a new half hour: forget the ceilings, and the visitors who are gone."""
        bucket = int(now // CEILING_SECONDS)
        if bucket <= self._bucket:
            return
        self._bucket = bucket
        self._views.clear()
        self._identities.clear()
        gone = now - VISIT_GAP_SECONDS
        self._last_seen = {who: last for who, last in self._last_seen.items() if last > gone}

    def _begins_visit(self, network: str, ipv6_48: str, agent: str, now: float) -> bool:
        who = hash((network, agent))  # Python's own, keyed anew in every process
        last = self._last_seen.get(who)
        if last is not None and now - last < VISIT_GAP_SECONDS:
            self._last_seen[who] = max(last, now)
            return False
        if _beyond(self._identities, network, ipv6_48, self._site.identity_cap):
            return False
        self._last_seen[who] = now
        return True


def _beyond(counted: Counter[str], network: str, ipv6_48: str, ceiling: int) -> bool:
    """Count one more from a network and, if not "", the /48 around it; tell if it is too much."""
    counted[network] += 1
    if counted[network] > ceiling:
        return True
    if ipv6_48:
        counted[ipv6_48] += 1
    return counted[ipv6_48] > ceiling * IPV6_48_VIEWS_FACTOR


def _is_page(path: str) -> bool:
    bare = path.partition("?")[0]
    if _NO_PAGE.search(path):
        return False
    ending = _ENDING.search(unquote(bare).rpartition("/")[2])
    return not ending or ending[1].lower() in _PAGE_ENDINGS


def _moment(text: str) -> float | None:
    """Return the seconds since 1970 of `17/May/2015:10:05:03 +0000`."""
    minute, zone = text[:17], text[20:]
    start = _minute(minute, zone)
    if start is None or not text[18:20].isdigit():
        return None
    return start + int(text[18:20])


@lru_cache(maxsize=1024)
def _minute(text: str, zone: str) -> float | None:
    try:
        return datetime.strptime(text + zone, "%d/%b/%Y:%H:%M %z").timestamp()
    except ValueError:
        return None

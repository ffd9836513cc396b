"""Load balancers: HAProxy, and Amazon's (ALB and the classic ELB)."""

import re
from collections.abc import Sequence

from stats_service.services.portability.legacy.formats.hit import (
    NO_PAGE,
    UNREADABLE,
    Format,
    Hit,
)
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.text import request_of
from stats_service.services.portability.legacy.formats.times import clf_time, iso_time

_HAPROXY = re.compile(
    r"(?:.*?haproxy\S*: )?(?P<address>[0-9A-Fa-f.:]+):\d+ \[(?P<time>[^\]]+)\] "
    r"\S+ \S+/\S+ [\d/+-]+ (?P<status>\d{3}|-1) \S+ \S+ \S+ \S+ [\d/+]+ [\d/]+ "
    r'(?:\{(?P<captured>[^}]*)\} )?(?:\{[^}]*\} )?"(?P<request>.*)"?'
)
_AMAZON = re.compile(
    r"(?:(?:https?|h2|grpcs|wss?) )?(?P<time>\d{4}-\d\d-\d\dT\S+Z) \S+ (?P<address>\S+):\d+ \S+ "
    r'\S+ \S+ \S+ (?P<status>\d{3}|-) \S+ \d+ \d+ "(?P<request>[^"]*)" "(?P<agent>[^"]*)"'
)


def haproxy_format(sample: Sequence[str], options: LogOptions) -> Format | None:
    """Return the format of a file whose first lines are those of HAProxy's `option httplog`."""
    found = [match for line in sample if (match := _HAPROXY.match(line))]
    if not found or 2 * len(found) < len(sample):
        return None

    def parse(line: str) -> Hit | str:
        match = _HAPROXY.match(line)
        at = clf_time(match["time"], options.zone) if match else None
        if not match or at is None:
            return UNREADABLE
        method, path = request_of(match["request"].rstrip('"'))
        if not method:
            return NO_PAGE
        captured = (match["captured"] or "").split("|")
        agent = next((value for value in captured if "/" in value and " " in value), "")
        host = next((value for value in captured if "." in value and " " not in value), "")
        return Hit(at, match["address"], method, path, match["status"], agent, host)

    return Format("haproxy", parse, agents=any(match["captured"] for match in found))


def amazon_format(sample: Sequence[str], options: LogOptions) -> Format | None:
    """Return the format of a file whose first lines are those of Amazon's load balancers."""
    del options  # times are in UTC and have an offset
    found = [line for line in sample if _AMAZON.match(line)]
    if not found or 2 * len(found) < len(sample):
        return None
    return Format("elb", _amazon)


def _amazon(line: str) -> Hit | str:
    match = _AMAZON.match(line)
    at = iso_time(match["time"]) if match else None
    if not match or at is None:
        return UNREADABLE
    method, path = request_of(match["request"])
    if not method:
        return NO_PAGE
    # Every URL has the balancer's port; the site's host is compared without a port.
    path = re.sub(r"\A(https?://[^/:]+):\d+", r"\1", path)
    return Hit(at, match["address"], method, path, match["status"], match["agent"], "")

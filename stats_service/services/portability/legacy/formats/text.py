"""Logs of Apache and nginx: common, combined, with a host field, with more fields at the end."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from stats_service.services.portability.legacy.formats.hit import (
    NO_PAGE,
    UNREADABLE,
    Format,
    Hit,
    Parse,
    Quick,
)
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.times import (
    MINUTES_MAX,
    SECONDS,
    clf_time,
)
from stats_service.services.visitors.addresses import canonical_address

_TIME = re.compile(r"\[(\d{1,2}/[A-Za-z]{3}/\d{4}:[^\]]+|\d{4}-\d\d-\d\dT[^\]]+)\]")
#: A line with a quotation mark in a value: the request ends where a status follows.
_QUOTED = re.compile(r'(?P<head>[^"]*)"(?P<request>.*?)" (?P<middle>\d{3} [^"]*)(?P<tail>".*)?')
#: Matches nearly every address; anything else is checked more closely.
_IPV4 = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\Z")
_WORD = re.compile(r"\S+\Z")
_METHOD = re.compile(r"[A-Z]+\Z")
_HOST = re.compile(r"(?:[A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*(?::\d+)?\Z")
_BYTE = re.compile(r"\\x([0-9A-Fa-f]{2})")
_ESCAPED = re.compile(r"\\(.)")

#: Characters of a usual time, `17/May/2015:10:05:03 +0000`.
TIME_LENGTH = 26
#: Prefixes that other programs write.
_WRAPPERS = (
    # journald and syslog, with or without a priority
    re.compile(
        r"(?:<\d{1,3}>)?(?:1 )?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) "
        r"\S+ [\w./-]+(?:\[\d+\])?: "
    ),
    re.compile(r"\d{4}-\d\d-\d\dT\S+ (?:stdout|stderr) [FP] "),  # containerd
    re.compile(r"[\w.-]+ +\| (?:\d{4}-\d\d-\d\dT\S+ )?"),  # docker compose
    re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S* (?=\S+ )"),  # a time
)


def text_format(sample: Sequence[str], options: LogOptions) -> Format | None:
    """Return the format of a file whose first lines are of this family."""
    found = [line for line in sample if _TIME.search(line) and line.count('"') >= 2]
    if not found or 2 * len(found) < len(sample):
        return None
    strip = _wrapper(found)
    bare = [strip(line) for line in found] if strip else found
    host_behind = _host_behind(bare, options)
    lines = _Lines(options, host_behind)
    agents = any(line.count('"') >= 4 for line in bare)
    name = "combined" if agents else "common"
    if strip:
        return Format(name, _stripped(strip, lines.parse), agents=agents, referrers=agents)
    is_usual = agents and not options.reader and host_behind is None
    return Format(
        name,
        lines.parse,
        agents=agents,
        referrers=agents,
        quick=lines.quick if is_usual else None,
        source_of=_source_of,
    )


def unescaped(text: str) -> str:
    """Return a value without the escapes of Apache and nginx; bytes are percent-encoded."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(r"\1", _BYTE.sub(r"%\1", text))


def request_of(text: str) -> tuple[str, str]:
    """Return method and path of `GET /tin/1 HTTP/1.1`; the method is empty if it is no request."""
    method, _, rest = text.partition(" ")
    path, _, protocol = rest.rpartition(" ")
    if not protocol.startswith("HTTP/"):
        path = rest
    if not path or not _METHOD.match(method):
        return "", ""
    return method, unescaped(path)


def unescaped_text(text: str) -> str:
    """Return a value as the client sent it, as text."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(r"\1", _BYTE.sub(lambda match: chr(int(match[1], 16)), text))


class _Lines:
    """Parses lines; `host_behind` is the number of the host's field after the user agent."""

    def __init__(self, options: LogOptions, host_behind: int | None) -> None:
        self._zone = options.zone
        self._reader = options.reader.lower()
        self._host_behind = host_behind
        self._minutes: dict[str, float] = {}
        #: The same by all of the head but address and second.
        self._begun: dict[str, int] = {}

    def quick(self, line: str) -> Quick | None:
        """Parse a line of the format "combined" without anything unusual; None: it has."""
        parts = line.split('"')
        if len(parts) != 7 or "\\" in line:
            return None
        head, request, middle, referrer, _, agent, _ = parts
        begun = self._begun.get(head[-30:-10] + head[-8:])
        second = SECONDS.get(head[-10:-8])
        status = middle[1:4]
        if begun is None or second is None or " [" in head[:-30] or middle[4:5] != " ":
            self._note_minute(head)
            return None
        if middle[0] != " " or not status.isdigit() or not request:
            return None
        return begun + second, head[:-30], request, status, referrer, agent

    def _note_minute(self, head: str) -> None:
        """Remember a minute in the text before the request: `1.2.3.4 - - [17/May/2015:10:…] `."""
        time = head[-28:-2]
        if head[-30:-28] == " [" and head[-2:] == "] " and "]" not in time:
            at = self._time(time)
            if at is not None and time[17:18] == ":" and time[18:20] in SECONDS:
                if len(self._begun) >= MINUTES_MAX:
                    self._begun.clear()
                self._begun[head[-30:-10] + head[-8:]] = int(at) - SECONDS[time[18:20]]

    def parse(self, line: str) -> Hit | str:
        """Parse a line."""
        values = self._values(line)
        if values is None:
            return self._junk(line)
        head, request, middle, referrer, agent, behind = values
        before, bracket, rest = head.partition(" [")
        if not bracket:
            return UNREADABLE
        time, bracket, between = rest.partition("]")
        at = self._time(time)
        status = middle[:3]
        if not bracket or at is None or len(status) < 3 or not status.isdigit():
            return UNREADABLE
        if request[:5] == "GET /" and request[-9:-3] == " HTTP/" and "\\" not in request:
            method, path = "GET", request[4:-9]
        else:
            method, path = request_of(request)
            if not method:
                return NO_PAGE
        between = between.strip()
        address, host = _front(before, between) if between else _source_of(before)
        if self._reader:
            address = self._address(line, before)
        if self._host_behind is not None and not host:
            fields = behind.split()
            if self._host_behind < len(fields):
                host = fields[self._host_behind].strip('"')
        return Hit(at, address, method, path, status, agent, host, referrer)

    def _values(self, line: str) -> tuple[str, str, str, str, str, str] | None:
        """Return what is before, in, between and after the quoted values; None: no request."""
        parts = line.split('"')
        if "\\" not in line and " [" in parts[0]:
            if len(parts) == 7:
                head, request, middle, referrer, _, agent, behind = parts
                return head, request, middle.lstrip(), referrer, agent, behind
            if len(parts) == 3:
                head, request, middle = parts
                return head, request, middle.lstrip(), "", "", ""
        if parts[0] == "" and len(parts) > 3:  # a quoted host at the start
            line = parts[1] + '"'.join(parts[2:])
        match = _QUOTED.match(line)
        if not match:
            return None
        return match["head"], match["request"], match["middle"], *_tail(match["tail"] or "")

    def _time(self, text: str) -> float | None:
        seconds = text[18:20]
        if len(text) != TIME_LENGTH or text[17] != ":" or not seconds.isdecimal():
            return clf_time(text, self._zone)
        minute = text[:18] + text[20:]
        begun = self._minutes.get(minute)
        if begun is None:
            at = clf_time(text, self._zone)
            if at is None:
                return None
            if len(self._minutes) >= MINUTES_MAX:
                self._minutes.clear()
            begun = self._minutes[minute] = at - int(seconds)
        return begun + int(seconds)

    def _address(self, line: str, before: str) -> str:
        if self._reader == "first":
            return before.split(maxsplit=1)[0] if before.split() else ""
        line = line.rstrip()
        if line.endswith('"'):
            return line[:-1].rpartition('"')[2]
        return line.rpartition(" ")[2]

    def _junk(self, line: str) -> str:
        """Return whether a line holds something that is no request, or is no line of a log."""
        time = _TIME.search(line)
        return NO_PAGE if time and clf_time(time[1], self._zone) is not None else UNREADABLE


def _tail(tail: str) -> tuple[str, str, str]:
    """Return the parts of `"referrer" "user agent" more`."""
    pieces = tail.rstrip().split('" "')
    if len(pieces) < 2:
        return "", "", ""
    referrer = unescaped(pieces[0][1:])
    if len(pieces) > 2:
        return referrer, unescaped_text(pieces[1]), '"' + '" "'.join(pieces[2:])
    agent, _, behind = pieces[1].rpartition('"')
    return referrer, unescaped_text(agent), behind


def _source_of(before: str) -> tuple[str, str]:
    """Return address and host from the text before the time."""
    if before[-4:] == " - -" and _WORD.match(before[:-4]):
        return before[:-4], ""
    return _front(before, "")


@lru_cache(maxsize=8192)
def _front(before: str, between: str) -> tuple[str, str]:
    """Return address and host from the text before the time and the text after it."""
    fields = before.split()
    at = len(fields) - 3
    if at == 0 and not between and _IPV4.match(fields[0]):
        return fields[0], ""
    fields = [field.strip('"') for field in fields]
    if at < 0 or not canonical_address(fields[at].rstrip(",")):
        found = [n for n, field in enumerate(fields) if canonical_address(field.rstrip(","))]
        if found:
            at = found[-1]
        elif at < 0:
            return _between(between)
    address = fields[at]
    while at and fields[at - 1].endswith(","):  # X-Forwarded-For: the first is the reader
        at -= 1
        address = fields[at].rstrip(",")
    hosts = [field for n, field in enumerate(fields) if n != at and _HOST.match(field)]
    hosts += [field.strip('"') for field in between.split() if _HOST.match(field.strip('"'))]
    return address, hosts[0] if hosts else ""


def _between(between: str) -> tuple[str, str]:
    """Return the address that S3 writes after the time."""
    address = next((field for field in between.split() if canonical_address(field)), "")
    return address, ""


def _host_behind(lines: Sequence[str], options: LogOptions) -> int | None:
    """Return the number of the field after the user agent that has the site's host in some line."""
    hosts = frozenset(host.partition(":")[0] for host in options.hosts)
    for line in lines:
        parts = line.split('"')
        if len(parts) < 7:
            continue
        for number, field in enumerate('"'.join(parts[6:]).split()):
            if field.strip('"').partition(":")[0].lower() in hosts:
                return number
    return None


def _wrapper(lines: Sequence[str]) -> Callable[[str], str] | None:
    for wrapper in _WRAPPERS:
        if all(wrapper.match(line) for line in lines):
            return lambda line: wrapper.sub("", line, count=1)
    return None


def _stripped(strip: Callable[[str], str], parse: Parse) -> Parse:
    return lambda line: parse(strip(line))

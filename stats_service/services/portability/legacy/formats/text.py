"""Lines of Apache and nginx: common, combined, with the host somewhere, with more fields behind."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from stats_service.services.portability.legacy.formats.hit import (
    NO_PAGE,
    UNREADABLE,
    Format,
    Hit,
    Parse,
)
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.times import clf_time
from stats_service.services.visitors.addresses import canonical_address

_TIME = re.compile(r"\[(\d{1,2}/[A-Za-z]{3}/\d{4}:[^\]]+|\d{4}-\d\d-\d\dT[^\]]+)\]")
#: A line in which a value has a quotation mark: the request ends where a status follows.
_QUOTED = re.compile(r'(?P<head>[^"]*)"(?P<request>.*?)" (?P<middle>\d{3} [^"]*)(?P<tail>".*)?')
#: Nearly every address; what else is one is worth a closer look.
_IPV4 = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\Z")
_METHOD = re.compile(r"[A-Z]+\Z")
_HOST = re.compile(r"(?:[A-Za-z0-9_-]+\.)+[A-Za-z][A-Za-z0-9-]*(?::\d+)?\Z")
_BYTE = re.compile(r"\\x([0-9A-Fa-f]{2})")
_ESCAPED = re.compile(r"\\(.)")

#: What other programs write in front of a line.
_WRAPPERS = (
    # journald's and syslog's own, with or without a priority
    re.compile(
        r"(?:<\d{1,3}>)?(?:1 )?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) "
        r"\S+ [\w./-]+(?:\[\d+\])?: "
    ),
    re.compile(r"\d{4}-\d\d-\d\dT\S+ (?:stdout|stderr) [FP] "),  # containerd
    re.compile(r"[\w.-]+ +\| (?:\d{4}-\d\d-\d\dT\S+ )?"),  # docker compose
    re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S* (?=\S+ )"),  # a time in front
)


def text_format(sample: Sequence[str], options: LogOptions) -> Format | None:
    """Return how a file is read if its first lines are of this kind."""
    found = [line for line in sample if _TIME.search(line) and line.count('"') >= 2]
    if not found or 2 * len(found) < len(sample):
        return None
    strip = _wrapper(found)
    bare = [strip(line) for line in found] if strip else found
    parse: Parse = _Lines(options, _host_behind(bare, options)).parse
    agents = any(line.count('"') >= 4 for line in bare)
    if strip:
        parse = _stripped(strip, parse)
    return Format("combined" if agents else "common", parse, agents=agents)


def unescaped(text: str) -> str:
    """Return a value without the escapes of Apache and nginx; bytes as a URL has them."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(r"\1", _BYTE.sub(r"%\1", text))


def request_of(text: str) -> tuple[str, str]:
    """Return method and path of `GET /tin/1 HTTP/1.1`; an empty method: it is no request."""
    method, _, rest = text.partition(" ")
    path, _, protocol = rest.rpartition(" ")
    if not protocol.startswith("HTTP/"):
        path = rest
    if not path or not _METHOD.match(method):
        return "", ""
    return method, unescaped(path)


def unescaped_text(text: str) -> str:
    """Return a value as it was sent, for people."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(r"\1", _BYTE.sub(lambda match: chr(int(match[1], 16)), text))


class _Lines:
    """Reads lines; `host_behind` is the number of the field behind the browser with the host."""

    def __init__(self, options: LogOptions, host_behind: int | None) -> None:
        self._zone = options.zone
        self._reader = options.reader.lower()
        self._host_behind = host_behind

    def parse(self, line: str) -> Hit | str:
        """Say what stands in a line."""
        parts = line.split('"')
        if len(parts) in (3, 7) and "\\" not in line and " [" in parts[0]:
            head, request, middle = parts[0], parts[1], parts[2].lstrip()
            agent = parts[5] if len(parts) == 7 else ""
            behind = parts[6] if len(parts) == 7 else ""
        else:
            if parts[0] == "" and len(parts) > 3:  # a quoted host in front
                line = parts[1] + '"'.join(parts[2:])
            match = _QUOTED.match(line)
            if not match:
                return self._junk(line)
            head, request, middle = match["head"], match["request"], match["middle"]
            agent, behind = _agent(match["tail"] or "")
        before, bracket, rest = head.partition(" [")
        if not bracket:
            return UNREADABLE
        time, bracket, between = rest.partition("]")
        at = clf_time(time, self._zone)
        status = middle[:3]
        if not bracket or at is None or not status.isdigit():
            return UNREADABLE
        method, path = request_of(request)
        if not method:
            return NO_PAGE
        address, host = _front(before, between.strip())
        if self._reader:
            address = self._address(line, before)
        if self._host_behind is not None and not host:
            fields = behind.split()
            if self._host_behind < len(fields):
                host = fields[self._host_behind].strip('"')
        return Hit(at, address, method, path, status, agent, host)

    def _address(self, line: str, before: str) -> str:
        if self._reader == "first":
            return before.split(maxsplit=1)[0] if before.split() else ""
        line = line.rstrip()
        if line.endswith('"'):
            return line[:-1].rpartition('"')[2]
        return line.rpartition(" ")[2]

    def _junk(self, line: str) -> str:
        """Tell what was no request from what is no line of a log."""
        time = _TIME.search(line)
        return NO_PAGE if time and clf_time(time[1], self._zone) is not None else UNREADABLE


def _agent(tail: str) -> tuple[str, str]:
    """Return the browser's name out of `"referrer" "browser" more`, and what is behind it."""
    pieces = tail.rstrip().split('" "')
    if len(pieces) < 2:
        return "", ""
    if len(pieces) > 2:
        return unescaped_text(pieces[1]), '"' + '" "'.join(pieces[2:])
    agent, _, behind = pieces[1].rpartition('"')
    return unescaped_text(agent), behind


@lru_cache(maxsize=8192)
def _front(before: str, between: str) -> tuple[str, str]:
    """Return address and host out of what stands before the time, and behind it."""
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
    while at and fields[at - 1].endswith(","):  # X-Forwarded-For: the reader is the first
        at -= 1
        address = fields[at].rstrip(",")
    hosts = [field for n, field in enumerate(fields) if n != at and _HOST.match(field)]
    hosts += [field.strip('"') for field in between.split() if _HOST.match(field.strip('"'))]
    return address, hosts[0] if hosts else ""


def _between(between: str) -> tuple[str, str]:
    """Return the address that S3 writes behind the time."""
    address = next((field for field in between.split() if canonical_address(field)), "")
    return address, ""


def _host_behind(lines: Sequence[str], options: LogOptions) -> int | None:
    """Return which field behind the browser has the site's host in some line."""
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

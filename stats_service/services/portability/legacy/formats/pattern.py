"""A format that a person pastes: Apache's LogFormat, or nginx's log_format."""

import re
from collections.abc import Iterator

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.formats.hit import (
    NO_PAGE,
    UNREADABLE,
    Format,
    Hit,
)
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.text import (
    request_of,
    unescaped,
    unescaped_text,
)
from stats_service.services.portability.legacy.formats.times import clf_time, iso_time

_APACHE = re.compile(
    r"%[<>]?(?:!?\d+(?:,\d+)*)?(?:\{(?P<name>[^}]*)\})?(?P<letter>\^t[io]|[A-Za-z%])"
)
_NGINX = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<name>\w+))")
_LOGFORMAT = re.compile(r'\s*LogFormat\s+"(?P<text>.*)"(?:\s+\S+)?\s*\Z', re.IGNORECASE | re.DOTALL)
_LOG_FORMAT = re.compile(
    r"\s*log_format\s+\S+\s+(?:escape=\S+\s+)?(?P<text>.*?);?\s*\Z", re.IGNORECASE | re.DOTALL
)
_PIECE = re.compile(r"'([^']*)'|\"((?:[^\"\\]|\\.)*)\"")

_APACHE_FIELDS = {
    "h": "address", "a": "address", "t": "time", "r": "request", "m": "method", "U": "path",
    "q": "query", "s": "status", "v": "host", "V": "host",
}  # fmt: skip
_NGINX_FIELDS = {
    "remote_addr": "address", "time_local": "time", "time_iso8601": "time", "msec": "time",
    "request": "request", "request_method": "method", "request_uri": "path", "uri": "path",
    "args": "query", "query_string": "query", "status": "status",
    "http_user_agent": "agent", "http_referer": "referrer",
    "host": "host", "http_host": "host", "server_name": "host",
}  # fmt: skip
_HEADERS = {"user-agent": "agent", "referer": "referrer", "host": "host"}


def pattern_format(options: LogOptions) -> Format:
    """Return the format of `options.pattern`.

    Raises:
        InvalidInputError: the pattern lacks a field that a page view needs.
    """
    names: list[str] = []
    expression = "".join(_expression(_text(options.pattern), names, options.reader.lower()))
    found = set(names)
    path = "request" in found or "path" in found
    if not {"address", "time", "status"} <= found or not path:
        raise InvalidInputError(
            "format: {pattern!r} has no {missing}. Paste the whole line of the server's "
            "configuration: LogFormat of Apache, or log_format of nginx.",
            pattern=options.pattern[:200],
            missing=", ".join(sorted({"address", "time", "status"} - found) or ["request"]),
        )
    compiled = re.compile(expression)
    # A group name may not begin with digits, so every group is numbered instead.
    places = {name: number for number, name in reversed(list(enumerate(names, 1)))}

    def parse(line: str) -> Hit | str:
        match = compiled.match(line.rstrip("\r\n"))
        if not match:
            return UNREADABLE

        def value(name: str) -> str:
            return (match[places[name]] if name in places else "") or ""

        at = _time(value("time"), options.zone)
        if at is None:
            return UNREADABLE
        if "request" in places:
            method, path = request_of(value("request"))
            if not method:
                return NO_PAGE
        else:
            method, path = value("method") or "GET", unescaped(value("path"))
            query = value("query").lstrip("?")
            path += f"?{query}" if query and query != "-" and "?" not in path else ""
        agent = unescaped_text(value("agent"))
        return Hit(
            at,
            value("address"),
            method,
            path,
            value("status"),
            agent,
            value("host"),
            unescaped(value("referrer")),
        )

    return Format("custom", parse, agents="agent" in found, referrers="referrer" in found)


def _text(pasted: str) -> str:
    """Return the format string in a line of a configuration, or the text itself."""
    match = _LOGFORMAT.match(pasted)
    if match:
        return match["text"].replace('\\"', '"')
    match = _LOG_FORMAT.match(pasted)
    if match:
        return "".join(single or double for single, double in _PIECE.findall(match["text"]))
    return pasted.strip().replace('\\"', '"')


def _expression(text: str, names: list[str], reader: str) -> Iterator[str]:
    """Yield the parts of the regular expression; append the name of each group to `names`."""
    fields = _NGINX if "$" in text and not re.search(r"%[>{a-zA-Z]", text) else _APACHE
    at = 0
    for match in fields.finditer(text):
        yield re.escape(text[at : match.start()])
        at = match.end()
        name = _field(match, reader)
        behind = text[at : at + 1]
        quoted = text[match.start() - 1 : match.start()] == '"' and behind == '"'
        if name == "time" and fields is _APACHE and match["name"] is None:
            names.append(name)
            yield r"\[([^\]]+)\]"
        elif name:
            names.append(name)
            yield f"({_until(behind, quoted=quoted)})"
        else:
            yield _until(behind, quoted=quoted)
    yield re.escape(text[at:])


def _until(behind: str, *, quoted: bool) -> str:
    if quoted:
        return r'(?:[^"\\]|\\.)*'
    return f"[^{re.escape(behind)}]*" if behind and behind != " " else r"\S*"


def _field(match: re.Match[str], reader: str) -> str:
    groups = match.groupdict()
    if "letter" not in groups:
        name = groups["braced"] or groups["name"]
        if reader:
            if name in (reader, "http_" + reader.replace("-", "_")):
                return "address"
            return "" if name == "remote_addr" else _NGINX_FIELDS.get(name, "")
        return _NGINX_FIELDS.get(name, "")
    letter, header = groups["letter"], (groups["name"] or "").lower()
    if letter == "i":
        if header == reader:
            return "address"
        return _HEADERS.get(header, "")
    if letter in ("h", "a"):
        return "" if reader else "address"
    if letter == "t" and header:
        return "time"
    return _APACHE_FIELDS.get(letter, "")


def _time(text: str, zone: str) -> float | None:
    if text.replace(".", "", 1).isdigit():
        seconds = float(text)
        return seconds / (1000 if seconds > 1e11 else 1)
    return clf_time(text, zone) or iso_time(text, zone)

"""JSON Lines: nginx, Caddy, Traefik, docker, and other programs with the same field names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from stats_service.services.portability.legacy.formats.hit import UNREADABLE, Format, Hit, Parse
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.text import request_of, text_format
from stats_service.services.portability.legacy.formats.times import clf_time, iso_time

#: Names of the fields in lower case, the preferred one first; a dot separates levels.
_ADDRESS = (
    "request.client_ip", "request.remote_ip", "clienthost", "remote_addr", "remote_address",
    "client_ip", "clientip", "ip", "remote_ip", "client", "source.ip", "http_x_forwarded_for",
    "clientaddr",
)  # fmt: skip
_TIME = (
    "startutc", "time_iso8601", "@timestamp", "timestamp", "time", "ts", "date", "datetime",
    "time_local", "msec", "startlocal",
)  # fmt: skip
_METHOD = (
    "request.method", "requestmethod", "request_method", "method", "http.request.method", "verb",
)  # fmt: skip
_PATH = (
    "request.uri", "requestpath", "request_uri", "uri", "path", "url", "url.original", "http.url",
)  # fmt: skip
_STATUS = ("downstreamstatus", "status", "status_code", "http.response.status_code", "code")
_AGENT = (
    "request.headers.user-agent", "request_user-agent", "http_user_agent", "user_agent",
    "useragent", "user-agent", "agent", "user_agent.original", "request.user-agent",
)  # fmt: skip
_HOST = (
    "request.host", "requesthost", "host", "http_host", "server_name", "vhost", "url.domain",
)  # fmt: skip
_REFERRER = (
    "request.headers.referer", "request_referer", "http_referer", "http_referrer", "referer",
    "referrer", "http.request.referrer",
)  # fmt: skip
#: Who logs these logs every header that was sent.
_HEADERS = ("request.headers.", "request_user-agent")
_REQUEST = ("request", "request_line")
_GROUPS = (_ADDRESS, _TIME, _STATUS)


def json_format(sample: Sequence[str], options: LogOptions) -> Format | None:
    """Return the format of a file whose first lines are JSON objects with a request."""
    rows = [row for row in map(_row, sample) if row is not None]
    if not rows or 2 * len(rows) < len(sample):
        return None
    if all("log" in row and "stream" in row for row in rows):
        inner = text_format([str(row["log"]) for row in rows], options)
        return _docker(inner) if inner else None
    if not any(all(_first(row, names) is not None for names in _GROUPS) for row in rows):
        return None
    agents = any(_first(row, _AGENT) is not None for row in rows)
    referrers = any(key in _REFERRER or key.startswith(_HEADERS) for row in rows for key in row)
    return Format("json", _JsonLines(options).parse, agents=agents, referrers=referrers)


class _JsonLines:
    def __init__(self, options: LogOptions) -> None:
        self._zone = options.zone
        named = options.reader.lower()
        self._address = (
            (named, f"request.headers.{named}", f"request_{named}") if named else _ADDRESS
        )

    def parse(self, line: str) -> Hit | str:
        """Parse a line."""
        row = _row(line)
        if row is None:
            return UNREADABLE if line.strip() else ""
        at = self._time(_first(row, _TIME))
        status = _first(row, _STATUS)
        method, path = _first(row, _METHOD), _first(row, _PATH)
        if path is None:
            method, path = request_of(str(_first(row, _REQUEST) or ""))
        if at is None or status is None or not path:
            return UNREADABLE
        return Hit(
            at,
            str(_first(row, self._address) or ""),
            str(method or "GET"),
            str(path),
            str(status),
            str(_first(row, _AGENT) or ""),
            str(_first(row, _HOST) or ""),
            str(_first(row, _REFERRER) or ""),
        )

    def _time(self, value: Any) -> float | None:
        if isinstance(value, int | float):
            return value / 1000 if value > 1e11 else float(value)
        text = str(value or "")
        if text.replace(".", "", 1).isdigit():
            return self._time(float(text))
        return clf_time(text, self._zone) or iso_time(text, self._zone)


def _docker(inner: Format) -> Format:
    parse: Parse = inner.parse

    def unwrapped(line: str) -> Hit | str:
        row = _row(line)
        if row is None:
            return UNREADABLE if line.strip() else ""
        return parse(str(row.get("log", "")).rstrip("\n"))

    return replace(inner, parse=unwrapped)


def _row(line: str) -> dict[str, Any] | None:
    """Return the fields of a line, nested ones included, by their names in lower case."""
    if not line.lstrip().startswith("{"):
        return None
    try:
        document = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    return dict(_flat(document)) if isinstance(document, dict) else None


def _flat(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        key = above + name.lower()
        if isinstance(value, dict):
            if above.count(".") < 4:
                yield from _flat(value, f"{key}.")
        elif isinstance(value, list):
            yield key, value[0] if value else None
        else:
            yield key, value


def _first(row: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((row[name] for name in names if row.get(name) not in (None, "", "-")), None)

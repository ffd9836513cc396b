"""W3C extended logs, of IIS and CloudFront, which name their fields in the file."""

import re
from collections.abc import Sequence
from urllib.parse import unquote

from stats_service.services.portability.legacy.formats.hit import UNREADABLE, Format, Hit
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.times import iso_time

_FIELDS = "#fields:"
_VALUE = re.compile(r'"([^"]*)"|(\S+)')
_NONE = ("-", "")


def w3c_format(sample: Sequence[str], options: LogOptions) -> Format | None:
    """Return the format of a file whose first lines name fields as IIS does."""
    heads = [line.strip().lower() for line in sample if line.lower().startswith(_FIELDS)]
    if not heads or not any("cs-uri-stem" in head for head in heads):
        return None
    agents = any("cs(user-agent)" in head for head in heads)
    return Format(
        "w3c",
        W3cLines(options).parse,
        agents=agents,
        referrers=any("cs(referer)" in head for head in heads),
        is_heading=lambda line: line[: len(_FIELDS)].lower() == _FIELDS,
    )


class W3cLines:
    """Parses lines; directives in the file name the fields, and may change them."""

    def __init__(self, options: LogOptions) -> None:
        self._options = options
        self._columns: dict[str, int] = {}
        self._tabs = False

    def parse(self, line: str) -> Hit | str:
        """Parse a line."""
        if line.startswith("#") or not line.strip():
            if line.lower().startswith(_FIELDS):
                names = line[len(_FIELDS) :].lower().split()
                self._columns = {name: number for number, name in enumerate(names)}
                # CloudFront separates values by tabs, and has other field names.
                self._tabs = "x-edge-location" in self._columns
            return ""
        values = self._values(line)
        if len(values) < len(self._columns) or "cs-uri-stem" not in self._columns:
            return UNREADABLE
        at = self._time(values)
        if at is None:
            return UNREADABLE
        query = self._value(values, "cs-uri-query")
        path = self._value(values, "cs-uri-stem") + (f"?{query}" if query else "")
        host = self._value(values, "x-host-header") or self._value(values, "cs-host")
        reader = self._options.reader.lower()
        if reader in ("first", "last"):
            address = values[0 if reader == "first" else -1]
        else:
            address = self._value(values, reader or "c-ip")
        return Hit(
            at,
            address.replace("+", " "),
            self._value(values, "cs-method") or "GET",
            path,
            self._value(values, "sc-status"),
            self._agent(self._value(values, "cs(user-agent)")),
            host or self._value(values, "cs(host)"),
            self._value(values, "cs(referer)"),
        )

    def _values(self, line: str) -> list[str]:
        if self._tabs:
            return line.rstrip("\r\n").split("\t")
        if '"' in line:
            return [quoted or plain for quoted, plain in _VALUE.findall(line)]
        return line.split()

    def _time(self, values: list[str]) -> float | None:
        date, time = self._value(values, "date"), self._value(values, "time")
        if date and time:
            return iso_time(f"{date}T{time}", "UTC")
        date, time = self._value(values, "date-local"), self._value(values, "time-local")
        return iso_time(f"{date}T{time}", self._options.zone) if date and time else None

    def _value(self, values: list[str], name: str) -> str:
        number = self._columns.get(name)
        value = values[number] if number is not None else ""
        return "" if value in _NONE else value

    def _agent(self, value: str) -> str:
        if self._tabs:
            return unquote(unquote(value))
        return value if " " in value else value.replace("+", " ")

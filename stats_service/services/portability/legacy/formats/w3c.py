"""W3C extended logs, of IIS and CloudFront, which name their fields in the file."""

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from urllib.parse import unquote

from stats_service.services.portability.legacy.formats.hit import UNREADABLE, Format, Hit, Quick
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.times import (
    MINUTES_MAX,
    SECONDS,
    iso_time,
)

_FIELDS = "#fields:"
_VALUE = re.compile(r'"([^"]*)"|(\S+)')
_NONE = ("-", "")
#: Fields with a host, the preferred one first.
_HOSTS = ("x-host-header", "cs-host", "cs(host)")
#: Characters of a date.
DATE_LENGTH = 10


def w3c_format(sample: Sequence[str], options: LogOptions) -> Format | None:
    """Return the format of a file whose first lines name fields as IIS does."""
    heads = [line.strip().lower() for line in sample if line.lower().startswith(_FIELDS)]
    if not heads or not any("cs-uri-stem" in head for head in heads):
        return None
    agents = any("cs(user-agent)" in head for head in heads)
    lines = W3cLines(options)
    return Format(
        "w3c",
        lines.parse,
        quick=None if options.reader else lines.quick,
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
        #: Picks what `quick` needs of the values and a `-` behind them; None: it cannot.
        self._picked: Callable[[list[str]], tuple[str, ...]] | None = None
        self._minutes: dict[str, int] = {}

    def quick(self, line: str) -> Quick | None:
        """Parse a line of IIS without anything unusual; None: it has."""
        if self._picked is None or '"' in line or line[:1] == "#":
            return None
        values = line.split()
        if len(values) < len(self._columns):
            return None
        values.append("-")
        date, time, address, method, path, query, status, agent, host, referrer = self._picked(
            values
        )
        second = SECONDS.get(time[6:])
        if second is None or time[5:6] != ":":
            return None
        minute = self._minutes.get(date + time[:5])
        if minute is None:
            at = iso_time(f"{date}T{time}", "UTC")
            if at is None or len(date) != DATE_LENGTH:
                return None
            if len(self._minutes) >= MINUTES_MAX:
                self._minutes.clear()
            minute = self._minutes[date + time[:5]] = int(at) - second
        if query != "-":
            path = f"{'' if path == '-' else path}?{query}"
        return (
            minute + second,
            ("" if address == "-" else address.replace("+", " "), "" if host == "-" else host),
            ("GET" if method == "-" else method, "" if path == "-" else path),
            "" if status == "-" else status,
            "" if referrer == "-" else referrer,
            "" if agent == "-" else agent.replace("+", " "),
        )

    def _pick(self) -> None:
        """Find what `quick` needs."""
        columns = self._columns
        host = next((name for name in _HOSTS if name in columns), "")
        names = ["date", "time", "c-ip", "cs-method", "cs-uri-stem", "cs-uri-query", "sc-status"]
        names += ["cs(user-agent)", host, "cs(referer)"]
        # Of two fields with a host, the one may be empty where the other is not.
        several = sum(name in columns for name in _HOSTS) > 1
        usual = not self._tabs and not several and {"date", "time", "cs-uri-stem"} <= set(columns)
        self._picked = itemgetter(*(columns.get(name, -1) for name in names)) if usual else None

    def parse(self, line: str) -> Hit | str:
        """Parse a line."""
        if line.startswith("#") or not line.strip():
            if line.lower().startswith(_FIELDS):
                names = line[len(_FIELDS) :].lower().split()
                self._columns = {name: number for number, name in enumerate(names)}
                # CloudFront separates values by tabs, and has other field names.
                self._tabs = "x-edge-location" in self._columns
                self._pick()
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

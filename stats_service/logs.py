"""Logs: one JSON object a line, without addresses and secrets, safe to show in a terminal.

    {"time": "2026-03-04T05:00:00.123Z", "level": "warning",
     "logger": "stats_service.run.supervisor", "process": 12, "message": "…", "exception": "…"}

Each entry of `extra=` becomes a field of the line.
"""

import ipaddress
import json
import logging
import logging.config
import re
import sys
from collections.abc import Collection
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TextIO
from urllib.parse import unquote, urlsplit

from stats_service.config import Settings

#: Longest message or field, in characters.
FIELD_MAX = 1_000

#: Longest traceback, in characters; its end, which names the error, is kept.
EXCEPTION_MAX = 8_000

#: Longest textual address, in characters, with room to spare.
_ADDRESS_MAX = 64

_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# Controls of a terminal, line ends of any kind, and marks that reorder what a reader sees.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)
_ADDRESS = re.compile(
    r"(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F]*:[0-9a-fA-F:.]*)(?!\w)"
)
#: What `services.accounts.tokens` makes.
_TOKEN = re.compile(r"\bsst_[a-z0-9-]{1,39}_[0-9a-f]{12}_[\w-]+")
_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+(?=@)")


class JsonFormatter(logging.Formatter):
    """Format a record as one line.

    Args:
        secrets: Texts that never appear.
        addresses: The installation's own addresses, which may.
    """

    def __init__(self, secrets: Collection[str] = (), addresses: Collection[str] = ()) -> None:
        super().__init__()
        self._secrets = tuple(sorted((s for s in secrets if s), key=len, reverse=True))
        self._addresses = frozenset(addresses)

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one JSON object without a line end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": self._clean(_message(record)),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD_FIELDS and name not in line:
                line[self._clean(name)] = self._value(value)
        if record.exc_info:
            # Joined again after the cleaning: only the traceback's own line ends stay.
            lines = self.formatException(record.exc_info)[-EXCEPTION_MAX:].split("\n")
            line["exception"] = "\n".join(self._clean(text) for text in lines)
        return json.dumps(line, ensure_ascii=False, allow_nan=False)

    def _value(self, value: object) -> object:
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, IPv4Address | IPv6Address):
            return str(value)  # passed only if a setting allows it
        return self._clean(str(value))

    def _clean(self, text: str) -> str:
        too_long = len(text) > FIELD_MAX
        # Cut beyond the limit first, so that no secret or address is cut in two and missed.
        text = text[: FIELD_MAX + _ADDRESS_MAX]
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        text = _TOKEN.sub("[secret]", _CREDENTIALS.sub("[secret]", text))
        text = _ADDRESS.sub(self._hide_address, text)
        text = _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)
        return text[: FIELD_MAX - _ADDRESS_MAX] + "…" if too_long else text

    def _hide_address(self, found: re.Match[str]) -> str:
        text = found[0].rstrip(":.")
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return found[0]
        if address.is_loopback or address.is_unspecified or text in self._addresses:
            return found[0]
        return "[address]" + found[0][len(text) :]


class LogHandler(logging.StreamHandler[TextIO]):
    """Write lines to a stream; once a full disk takes lines again, say how many it did not take."""

    #: Lines of this process that the stream did not take.
    lost = 0

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._missing = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, and behind it what was lost before it, if anything."""
        before, missing = LogHandler.lost, self._missing
        super().emit(record)
        if missing and LogHandler.lost == before:
            self._missing = 0
            text = f"{missing} lines of this log could not be written: the disk took none."
            values = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING"}
            super().emit(logging.makeLogRecord(values | {"msg": text}))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Count a line that the stream did not take; anything else is a fault of the caller."""
        if isinstance(sys.exc_info()[1], OSError):
            LogHandler.lost += 1
            self._missing += 1
        else:
            super().handleError(record)


def logging_config(settings: Settings) -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`, gunicorn's loggers included."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": JsonFormatter,
                "secrets": _secrets(settings),
                "addresses": _own_addresses(settings),
            }
        },
        "handlers": {
            "stderr": {
                "()": LogHandler,
                "formatter": "json",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": settings.log_level.upper(), "handlers": ["stderr"]},
        "loggers": {
            "gunicorn.error": {
                "level": settings.log_level.upper(),
                "handlers": ["stderr"],
                "propagate": False,
            },
            # No access log: it would record who read what and when.
            "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
        },
    }


def configure_logging(settings: Settings) -> None:
    """Log from now on as `settings` say."""
    logging.config.dictConfig(logging_config(settings))
    logging.captureWarnings(True)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - a wrong log call must not lose the line
        return f"{record.msg} [{len(record.args or ())} arguments do not fit: {error}]"


def _secrets(settings: Settings) -> list[str]:
    password = urlsplit(settings.redis_url).password or ""
    return [settings.secret, password, unquote(password)]


def _own_addresses(settings: Settings) -> list[str]:
    # Sentinel and Cluster URLs name several: host:port,host:port
    places = [settings.bind, *urlsplit(settings.redis_url).netloc.rpartition("@")[2].split(",")]
    hosts = [(place.rpartition(":")[0] or place).strip("[]") for place in places]
    return [host for host in hosts if host]

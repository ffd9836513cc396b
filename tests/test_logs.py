"""What a log line may and may not contain."""

import contextlib
import io
import json
import logging
import sys
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.logs import FIELD_MAX, JsonFormatter, LogHandler, logging_config

SECRET = "0123456789abcdef0123456789abcdef"


def line(
    message: str, *args: object, formatter: JsonFormatter | None = None, **extra: object
) -> str:
    """Format one record."""
    record = logging.LogRecord("test", logging.WARNING, __file__, 1, message, args, None)
    vars(record).update(extra)
    return (formatter or JsonFormatter()).format(record)


def message_of(text: str) -> str:
    """Return the message of a formatted line."""
    return str(json.loads(text)["message"])


def test_one_object_with_time_level_logger_and_message() -> None:
    """A line is what a log collector expects."""
    record = logging.LogRecord("a.b", logging.ERROR, __file__, 1, "%s lượt", (7,), None)
    record.created = 1772600400.25

    found = json.loads(JsonFormatter().format(record))

    assert found == {
        "time": "2026-03-04T05:00:00.250Z",
        "level": "error",
        "logger": "a.b",
        "process": record.process,
        "message": "7 lượt",
    }


@pytest.mark.parametrize(
    "bad", ["\n", "\r", "\x1b[31m", "\x9b31m", "\u2028", "\u202e", "\ud800", "\x00"]
)
def test_control_characters_are_neutralised_everywhere(bad: str) -> None:
    """Neither a forged line nor a terminal's escape sequence gets out, even once decoded."""
    text = line("page %s", f"a{bad}b", key=f"c{bad}d")

    assert len(text.splitlines()) == 1
    text.encode()
    for value in json.loads(text).values():
        assert bad[0] not in str(value)


def test_long_fields_are_cut() -> None:
    """Ten kilobytes of anything take one kilobyte."""
    found = json.loads(line("x" * 10_240, key="y" * 10_240))

    assert len(found["message"]) <= FIELD_MAX
    assert found["message"].endswith("…")
    assert len(found["key"]) <= FIELD_MAX


@pytest.mark.parametrize(
    "address",
    [
        "203.0.113.9",
        "10.1.2.3",
        "2001:db8::7",
        "2001:0db8:0000:0000:0000:0000:0000:0007",
        "::ffff:203.0.113.9",
        "fe80::1",
    ],
)
@pytest.mark.parametrize("text", ["ip={}: bad", "from [{}]:4711", "{}", "a {}, b", "({})."])
def test_addresses_are_hidden(address: str, text: str) -> None:
    """Wherever an address stands, it does not get into the log."""
    assert message_of(line(text.format(address))) == text.format("[address]")


def test_address_at_the_cut_is_not_left_in_part() -> None:
    """The cut falls into an address: nothing of it stays."""
    for shift in range(80):
        text = message_of(line("x" * (FIELD_MAX - shift) + " 203.0.113.9 " * 100))

        assert "203" not in text


@pytest.mark.parametrize(
    "text",
    [
        "Listening at: http://127.0.0.1:8080",
        "12:34:56",
        "0.0.0.0:80",
        "[::]:80",
        "v9.1.2",
        "::",
        "a:b:c",
    ],
)
def test_what_is_no_visitor_stays(text: str) -> None:
    """Times, versions and the machine's own addresses are readable."""
    assert message_of(line(text)) == text


def test_own_addresses_and_secrets_come_from_the_settings() -> None:
    """An operator sees which Redis was meant, and never its password."""
    settings = Settings(
        secret=SECRET, bind="10.0.0.5:80", redis_url="redis://u:p%40ssw0rd@10.0.0.7:6379/0"
    )
    arguments = logging_config(settings)["formatters"]["json"]
    formatter = JsonFormatter(arguments["secrets"], arguments["addresses"])

    text = line(
        "%s %s at redis://u:p%%40ssw0rd@10.0.0.7:6379, p@ssw0rd, 10.0.0.5",
        SECRET,
        "x",
        formatter=formatter,
    )

    assert message_of(text) == ("[secret] x at redis://[secret]@10.0.0.7:6379, [secret], 10.0.0.5")


def test_exception_is_one_field_and_clean() -> None:
    """A traceback keeps its lines inside one JSON string; what it quotes is neutralised."""
    formatter = JsonFormatter(secrets=[SECRET])
    try:
        raise ValueError(f"\x1b[31m {SECRET} 203.0.113.9")
    except ValueError:
        text = line("failed", formatter=formatter, exc_info=sys.exc_info())

    found = json.loads(text)
    assert len(text.splitlines()) == 1
    assert found["exception"].startswith("Traceback")
    assert found["exception"].endswith("ValueError: \\x1b[31m [secret] [address]")
    assert SECRET not in text


def test_a_wrong_log_call_still_gives_a_line() -> None:
    """Arguments that do not fit the message must not cost the line."""
    assert "do not fit" in message_of(line("%d views", "many"))


def test_extra_values_keep_their_type() -> None:
    """Numbers stay numbers; what JSON does not know becomes text."""
    found = json.loads(line("m", n=3, ok=True, nothing=None, ratio=float("nan"), what=[1]))

    assert (found["n"], found["ok"], found["nothing"]) == (3, True, None)
    assert (found["ratio"], found["what"]) == ("nan", "[1]")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_lines_that_a_full_disk_did_not_take_are_told() -> None:
    """Counted while it is full; the log says how many once it takes lines again."""
    before, taken = LogHandler.lost, io.StringIO()
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails
    handler = LogHandler(full)
    record = logging.makeLogRecord({"msg": "a line", "levelname": "ERROR"})

    handler.emit(record)
    handler.emit(record)
    handler.stream = taken
    handler.emit(record)
    handler.emit(record)

    assert LogHandler.lost == before + 2
    told = "2 lines of this log could not be written: the disk took none."
    assert taken.getvalue().splitlines() == ["a line", told, "a line"]
    with contextlib.suppress(OSError):
        full.close()

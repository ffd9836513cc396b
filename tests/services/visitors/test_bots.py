"""Programs are recognised, people are not taken for programs, and no string costs much."""

import time
from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from stats_service.services.visitors import bots
from stats_service.services.visitors.bots import is_bot

SUPPORT = Path(__file__).parents[2] / "support"


def lines(name: str) -> list[str]:
    """Return the lines of a list in tests/support, without its comments."""
    text = (SUPPORT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("user_agent", lines("browsers.txt"))
def test_a_browser_is_no_bot(user_agent: str) -> None:
    """Whoever reads a portal counts: in-app browsers, televisions and old telephones too."""
    assert not is_bot(user_agent)


@pytest.mark.parametrize("user_agent", lines("programs.txt"))
def test_a_program_is_a_bot(user_agent: str) -> None:
    """Monitors, libraries, scanners and headless browsers count nowhere."""
    assert is_bot(user_agent)


def test_every_crawler_of_the_list_is_a_bot() -> None:
    """All strings that the library itself gives as instances are recognised."""
    instances = [
        instance for entry in CRAWLER_USER_AGENTS_DATA for instance in entry.get("instances", [])
    ]

    assert len(CRAWLER_USER_AGENTS_DATA) >= 1498
    assert len(instances) > 2000
    assert [instance for instance in instances if not is_bot(instance)] == []


def test_the_list_is_looked_up_as_the_library_does() -> None:
    """Splitting it into texts and expressions lost no pattern."""
    expressions = bots._PATTERNS.pattern

    assert len(bots._NAMES) > 1400
    assert all(
        name in bots._NAMES
        for name in ("Googlebot/", "bingbot", "archive.org_bot", "SkypeUriPreview")
    )
    assert all(pattern in expressions for pattern in ("[wW]get", "^curl", "(^| )PTST\\/"))


def test_no_name_is_a_bot() -> None:
    """A client that names nothing is a program's; `-` is what logs write for it."""
    assert is_bot("")
    assert is_bot(" ")
    assert is_bot("-")


@given(st.text(max_size=300))
def test_any_string_has_an_answer(user_agent: str) -> None:
    """Odd characters are no error."""
    assert is_bot(user_agent) in (True, False)


@pytest.mark.parametrize(
    "unit",
    [
        *("Mozilla/5.0 ", "Current", "Spider", "ContextualBot", "compatible;", "; compatible; "),
        *("a", "(", " ", "@a", "BlogTraffic/1.1", "cubot", "bo", "\x00", "ứ", "http:"),
    ],
)
def test_no_string_takes_long(unit: str) -> None:
    """A megabyte of anything takes below 50 ms, because only its beginning is looked at."""
    user_agent = unit * (1_000_000 // len(unit))

    began = time.thread_time()
    is_bot(user_agent)
    is_bot("Mozilla/5.0 (X11) " + user_agent)

    assert time.thread_time() - began < 0.05


def test_the_memory_of_answers_is_bounded() -> None:
    """Invented user agents push each other out."""
    for number in range(bots.CACHE_SIZE + 100):
        is_bot(f"invented/{number}")

    assert bots._is_bot.cache_info().currsize == bots.CACHE_SIZE

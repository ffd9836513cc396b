"""Programs are recognised, people are not taken for programs, and no string costs much."""

import re
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from stats_service.services.visitors import bots
from stats_service.services.visitors.bots import is_bot

SUPPORT = Path(__file__).parents[2] / "support"

#: Versions of Android with a build each, as makers of telephones ship them; one is invented.
BUILDS = (
    *("15; {} Build/AP3A.240617.008", "15; {} Build/AP3A.240905.015.A2", "13; {}"),
    *("14; {} Build/AP2A.240605.024", "14; {} Build/UP1A.231005.007"),
    *("14; {} Build/UKQ1.230924.001", "13; {} Build/TP1A.220624.014"),
    *("16; {} Build/BP2A.250605.031.A3", "16; {} Build/CP1A.260305.018"),
    *("15; {} Build/AQ3A.240829.003", "12; {} Build/SP1A.210812.016", "12; HarmonyOS; {}"),
    *("11; {} Build/RP1A.200720.011", "10; {} Build/QP1A.190711.020"),
    *("9; {} Build/PPR1.180610.011", "8.1.0; {} Build/OPM1.171019.026"),
    *("7.1.1; {} Build/NMF26X", "6.0.1; {} Build/MMB29M", "5.1.1; {} Build/LMY47V"),
    *("4.4.4; vi-vn; {} Build/KTU84P", "10; {} Build/BOT10.spider.3"),
)


def phone_string(phone: str, build: str, app: str) -> str:
    """Return the user agent that `app` sends on `phone`."""
    return (
        f"Mozilla/5.0 (Linux; Android {build.format(phone)}; wv) AppleWebKit/537.36 (KHTML, like"
        " Gecko) Version/4.0 Chrome/143.0.7499.34 Mobile Safari/537.36 "
    ) + app.replace("{}", phone)


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


def refusals(user_agents: Iterable[str]) -> dict[str, str]:
    """Return the patterns and shapes that take `user_agents` for programs, with one string each."""
    culprits: dict[str, str] = {}
    for user_agent in user_agents:
        if not is_bot(user_agent):
            continue
        patterns = [
            entry["pattern"]
            for entry in CRAWLER_USER_AGENTS_DATA
            if entry["pattern"] not in bots.PATTERNS_OF_PEOPLE
            and re.search(entry["pattern"], user_agent)
        ]
        shape = bots._BEGINNING.match(user_agent) or bots._FORM.search(user_agent)
        for culprit in patterns or [f"shape {shape.group() if shape else ''}"]:
            culprits.setdefault(culprit, user_agent)
    return culprits


def test_no_phone_and_no_app_is_a_bot() -> None:
    """Every model, build and in-app browser counts; the names in the way are printed."""
    phones, apps = lines("phones.txt"), ["", *lines("apps.txt")]
    strings = {
        phone_string(phone, BUILDS[(row + column) % len(BUILDS)], app)
        for row, phone in enumerate(phones)
        for column, app in enumerate(apps)
    } | {phone_string("CPH2557", build, app) for build in BUILDS for app in apps}

    assert len(strings) > 10_000
    assert refusals(strings) == {}


def test_no_browser_is_refused_by_a_pattern() -> None:
    """A new pattern of the list that refuses people is printed with whom it refuses."""
    assert refusals(lines("browsers.txt")) == {}


def test_a_robot_that_poses_as_any_phone_is_a_bot() -> None:
    """Passing over the model hides nothing that stands elsewhere in the string."""
    robots = ("(compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "GTmetrix", "PTST/2")

    assert [
        (phone, robot)
        for phone in lines("phones.txt")
        for robot in robots
        if not is_bot(phone_string(phone, BUILDS[0], robot))
    ] == []


def test_nearly_every_crawler_of_the_list_is_a_bot() -> None:
    """Of the strings that the library gives as instances, those that people send as well count."""
    instances = [
        (entry["pattern"], instance)
        for entry in CRAWLER_USER_AGENTS_DATA
        for instance in entry.get("instances", [])
    ]
    missed = [pattern for pattern, instance in instances if not is_bot(instance)]

    assert len(CRAWLER_USER_AGENTS_DATA) >= 1498
    assert len(instances) > 2000
    assert set(missed) <= set(bots.PATTERNS_OF_PEOPLE)
    assert len(missed) <= 0.03 * len(instances)


def test_every_exception_is_for_a_pattern_of_the_list() -> None:
    """An exception that the list has made needless is taken out."""
    assert set(bots.PATTERNS_OF_PEOPLE) <= {entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA}


def test_the_list_is_looked_up_as_the_library_does() -> None:
    """Splitting it into texts and expressions lost no pattern."""
    expressions = {pattern.pattern for pattern, _ in bots._PATTERNS.items()}

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
        *("Android;", "Android;(a)", "Android;U;", "Android (1/", "[FBAN/", "Snapchat/1 (()"),
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

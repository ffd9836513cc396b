"""Lines that are parsed the quick way: they give what the slow way gives, whatever is in them."""

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import msgspec
import pytest

from stats_service.models.sites import Site
from stats_service.services.portability.legacy import logs
from stats_service.services.portability.legacy.formats.hit import Format
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.recognise import format_of
from stats_service.services.portability.legacy.logs import LogPart, LogReader
from stats_service.services.portability.legacy.rows import unpack_rows
from tests.support.pages import BROWSER

FRONTS = (
    *("192.0.2.1 - -", "192.0.2.2 - -", "2001:db8::7 - -", "kimson.example.vn:80 192.0.2.3 - -"),
    *("other.example.vn 192.0.2.3 - -", "192.0.2.4 - Nguyễn An", "192.0.2.5, 10.0.0.1 - -"),
    *("- - -", "", "x [y", "198.51.100.7 - -", "999.1.1.1 - -", "1.2.3.4 -  -"),
)
TIMES = (
    *("17/Feb/2026:10:05:03 +0700", "17/Feb/2026:10:05:59 +0700", "17/Feb/2026:10:35:07 +0000"),
    *("17/Feb/2026:10:05:60 +0700", "17/Feb/2026:10:05:0² +0700", "17/Feb/2026:25:05:03 +0700"),
    *("17/Feb/2026:10:05:03.250 +0700", "2026-02-17T10:05:03+07:00", "2026-02-17T10:05:03 +07:00"),
    *("01/Jan/1970:00:00:00 +0000", "17/Feb/2026:10:05:03", "x"),
)
REQUESTS = (
    *(
        "GET / HTTP/1.1",
        "GET /tin/1 HTTP/1.1",
        "GET /tin/1?utm_source=x HTTP/2.0",
        "GET /a.png HTTP/1.1",
    ),
    *("POST /tin/1 HTTP/1.1", "GET http://www.google.com/ HTTP/1.1", "GET /a b HTTP/1.1", "-", ""),
    *(
        "GET http://kimson.example.vn/tin/2 HTTP/1.1",
        "GET /tin/1",
        "GET /tin/1 HTTP/2",
        "GET /feed/ HTTP/1.1",
    ),
    *(
        "\\x16\\x03",
        "GET /b\\xC3\\xA0i HTTP/1.1",
        "GET /index.php?option=a&id=1 HTTP/1.1",
        "GET /HTTP/1.1",
    ),
)
MIDDLES = (
    " 200 5 ",
    " 304 0 ",
    " 404 5 ",
    " 2000 5 ",
    " 20 ",
    "  200 5 ",
    " - - ",
    " ²00 5 ",
    "200 5 ",
)
REFERRERS = (
    "-",
    "",
    "https://www.google.com/",
    "https://kimson.example.vn/x",
    'a\\"b',
    "android-app://com.zing.zalo/",
)
AGENTS = (BROWSER, "-", "", "curl/8", f"{BROWSER} Zalo android/1", "a+b", BROWSER + "x" * 600)
TAILS = ("", " 0.003", ' "x"', " -")


def combined(numbers: random.Random) -> str:
    """Return a line that may be anything."""
    head = f"{numbers.choice(FRONTS)} [{numbers.choice(TIMES)}] "
    request, middle = numbers.choice(REQUESTS), numbers.choice(MIDDLES)
    referrer, agent = numbers.choice(REFERRERS), numbers.choice(AGENTS)
    return f'{head}"{request}"{middle}"{referrer}" "{agent}"{numbers.choice(TAILS)}'


FIELDS = (
    (
        "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent) "
        "cs(Referer)"
    ),
    "#Fields: date time cs-uri-stem c-ip cs-host sc-status cs(User-Agent)",
    "#Fields: date time cs-uri-stem c-ip cs-host cs(Host) sc-status cs(User-Agent)",
    "#Fields: date cs-uri-stem c-ip sc-status cs(User-Agent)",
)


def w3c(numbers: random.Random) -> str:
    """Return a line of IIS that may be anything, headings among them."""
    if numbers.random() < 0.02:
        return numbers.choice(FIELDS)
    if numbers.random() < 0.05:
        return numbers.choice(("", "# x", "2026-02-17", '2026-02-17 03:05:03 "a b" x', "x y z"))
    dates = (*["2026-02-17"] * 9, "2026-2-17", "-", "20260217")
    times = (*["03:05:03", "03:05:59"] * 9, "03:05:60", "3:05:03", "03:05:03.5", "03.05.03", "-")
    values = [
        numbers.choice(dates),
        numbers.choice(times),
        numbers.choice(("192.0.2.1", "2001:db8::7", "192.0.2.3,+10.0.0.9", "-", "/tin/1")),
        numbers.choice(("GET", "-", "POST", "192.0.2.9")),
        numbers.choice(("/tin/1", "/a.png", "-", "kimson.example.vn", "other.example.vn")),
        numbers.choice(("-", "id=1", "200")),
        numbers.choice(("200", "304", "500", "-", BROWSER.replace(" ", "+"))),
        numbers.choice((BROWSER.replace(" ", "+"), "-", "curl/8", "a+b")),
        numbers.choice(("-", "https://www.google.com/")),
    ]
    return " ".join(values[: numbers.choice((9, 9, 9, 9, 7, 5, 10))])


def read(site: Site, lines: Sequence[str], form: Format, cut: int) -> list[LogPart]:
    """Return what parts of some lines contain, each with its rows unpacked."""
    reader = LogReader(site, b"salt", LogOptions(), numbers=count(1))
    return [reader.read(lines[at : at + cut], form) for at in range(0, len(lines), cut)]


@pytest.mark.parametrize("few", [False, True])
@pytest.mark.parametrize("excluded", [(), ("198.51.100.0/24",)])
@pytest.mark.parametrize("line", [combined, w3c])
def test_the_quick_way_gives_what_the_slow_way_gives(
    site: Site,
    line: object,
    excluded: tuple[str, ...],
    few: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every count, every view, and what visits tell; also if hardly anything is remembered."""
    if few:
        for name in ("READERS", "PAGES", "AGENTS"):
            monkeypatch.setattr(logs, f"{name}_REMEMBERED", 700)
        monkeypatch.setattr(logs, "TELLINGS_REMEMBERED", 3)
    numbers = random.Random(7)
    site = msgspec.structs.replace(site, excluded=excluded)
    usual = FIELDS[0] if line is w3c else combined(random.Random(1))
    lines = [usual, *(line(numbers) for _ in range(4000))]  # type: ignore[operator]
    sample = [FIELDS[0]] if line is w3c else [f'a [{TIMES[0]}] "GET / HTTP/1.1" 200 1 "-" "x"']
    quick, slow = format_of(sample, LogOptions()), format_of(sample, LogOptions())

    assert quick is not None
    assert slow is not None
    assert quick.quick is not None
    found = read(site, lines, quick, 500)
    expected = read(site, lines, replace(slow, quick=None), 500)

    assert found == expected
    assert sum(len(unpack_rows(rows)) for part in found for rows in part.views.values()) > 30


def test_nearly_every_line_is_quick() -> None:
    """The second line of a minute is, and so is the rest of it."""
    sample = [f'192.0.2.1 - - [{TIMES[0]}] "GET / HTTP/1.1" 200 1 "-" "{BROWSER}"']
    form = format_of(sample, LogOptions())

    assert form is not None
    assert form.quick is not None
    assert form.quick(sample[0]) is None
    assert form.quick(sample[0]) == (
        1771297503,
        "192.0.2.1 - -",
        "GET / HTTP/1.1",
        "200",
        "-",
        BROWSER,
    )


def test_readers_of_long_user_agents_are_not_remembered(site: Site) -> None:
    """Each would keep a user agent of up to 32,768 characters; whoever sends requests makes it."""
    line = '192.0.2.{} - - [{}] "GET /tin/1 HTTP/1.1" 200 1 "-" "{}"'
    lines = [line.format(n, TIMES[0], BROWSER + "x" * 600 + str(n)) for n in range(20)]
    form = format_of(lines, LogOptions())
    reader = LogReader(site, b"salt", LogOptions(), numbers=count(1))

    assert form is not None
    part = reader.read(lines, form)

    assert sum(len(unpack_rows(rows)) for rows in part.views.values()) == 20
    assert len(reader._readers) == 0

"""What visits in access logs tell: each dimension and day as an independent count has it."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
import redis

from stats_service.config import Settings
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.portability.legacy import logs
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.recognise import format_of
from stats_service.services.portability.legacy.logs import LogReader
from stats_service.services.portability.legacy.rows import unpack_rows
from stats_service.services.portability.legacy.work import Plan
from stats_service.services.visitors.countries import Countries
from stats_service.store.keys import SiteKeys
from tests.support.clock import FakeClock

#: User agents, and what each tells, by hand; the versions are below.
AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/121.0.0.0 Safari/537.36": ("dcomputer", "bChrome", "oWindows"),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.1 Mobile/15E148 Safari/604.1": ("dphone", "bSafari", "oiOS"),
    "Mozilla/5.0 (Linux; Android 13; SM-A536E) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/120.0.0.0 Mobile Safari/537.36 Zalo android/12": (
        "dphone",
        "bZalo",
        "oAndroid",
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0": (
        "dcomputer",
        "bFirefox",
        "oLinux",
    ),
}
#: Browsers with their versions, which are told if many visits have them.
VERSIONS = {"bChrome": "vChrome 121", "bSafari": "vSafari 17", "bFirefox": "vFirefox 121"}
#: Pages before, and the source that each tells; empty: the user agent tells it.
REFERRERS = {
    "-": "",
    "": "",
    "https://www.google.com/search?q=a": "sGoogle",
    "https://l.facebook.com": "sFacebook",
    "android-app://com.zing.zalo/": "sZalo",
    "https://Tin.Bao.vn:8443/bai?a=https://x.vn/": "sbao.vn",
    "https://kimson.example.vn/tin/2?x": "",
    "khong phai dia chi": "s",
}
#: Queries, and what each tells of a campaign.
QUERIES: dict[str, tuple[str, ...]] = {
    "": (),
    "?id=7&trang=2": (),
    "?utm_source=zalo&utm_campaign=t%E1%BA%BFt": ("uzalo", "ktết"),
    "?UTM_Medium=oa&id=3": ("moa",),
    "?fbclid=abc123": ("gFacebook",),
    "?utm_term=lan%40x.vn": ("t",),
}


class Request(NamedTuple):
    """One view."""

    at: int
    address: str
    agent: str
    path: str
    query: str
    referrer: str


def requests(seed: int, number: int = 900) -> list[Request]:
    """Return views of some readers over some days, no two in one second."""
    numbers = random.Random(seed)
    moments = sorted(numbers.sample(range(1_771_000_000, 1_771_000_000 + 3 * 86_400), number))
    addresses = [f"192.0.2.{n}" for n in range(12)] + ["2001:db8:1::7", "2001:db8:2::7"]
    return [
        Request(
            at,
            numbers.choice(addresses),
            numbers.choice(list(AGENTS)),
            f"/tin/{numbers.randrange(5)}",
            numbers.choice(list(QUERIES)),
            numbers.choice(list(REFERRERS)),
        )
        for at in moments
    ]


def written(some: list[Request]) -> str:
    """Return the lines of a log in the format "combined"."""
    return "".join(
        f"{one.address} - - [{datetime.fromtimestamp(one.at, UTC):%d/%b/%Y:%H:%M:%S} +0000] "
        f'"GET {one.path}{one.query} HTTP/1.1" 200 5 "{one.referrer}" "{one.agent}"\n'
        for one in some
    )


def counted(some: list[Request], zone: str) -> dict[str, Counter[str]]:
    """Count by hand: by day, how many visits tell each line."""
    last: dict[tuple[str, str], int] = {}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for one in some:
        reader = (one.address, one.agent)
        if one.at - last.get(reader, -(10**9)) >= 1800:
            source = REFERRERS[one.referrer]
            click = [word for word in QUERIES[one.query] if word[0] == "g"]
            if not source and click:
                source = "sFacebook"
            if not source:
                source = "sZalo" if "Zalo" in one.agent else "s@direct"
            article = one.path + ("?id=7" if "id=7" in one.query else "")
            article += "?id=3" if "id=3" in one.query else ""
            day = datetime.fromtimestamp(one.at, ZoneInfo(zone)).date().isoformat()
            found[day].update([source, *QUERIES[one.query], f"e{article}", *AGENTS[one.agent]])
        last[reader] = one.at
    for lines in found.values():
        for browser, version in VERSIONS.items():
            if lines[browser] >= 50:
                lines[version] = lines.pop(browser)
    return {day: +lines for day, lines in found.items()}


@pytest.fixture
def bring(services: Services, tmp_path: Path) -> Callable[..., LegacySummary]:
    """Give what imports some requests in two overlapping files."""

    def import_them(some: list[Request], site: Site) -> LegacySummary:
        parts = some[: len(some) * 2 // 3], some[len(some) // 3 :]
        paths = [tmp_path / "b.log", tmp_path / "a.log"]
        for path, part in zip(paths, parts, strict=True):
            path.write_text(written(part))
        plan = Plan(kind="access-log")
        return services.portability.legacy.run(Source(site), paths, plan, FakeClock().now())

    return import_them


@pytest.fixture
def told(redis_client: redis.Redis, settings: Settings) -> Callable[[str], dict[str, int]]:
    """Give what stands in Redis of a day, by line."""
    keys = SiteKeys(settings.key_prefix, "kimson")
    return lambda day: {line: int(n) for line, n in redis_client.hgetall(keys.readers(day)).items()}


@pytest.mark.parametrize("zone", ["Asia/Ho_Chi_Minh", "America/St_Johns", "Pacific/Apia"])
def test_each_visit_tells_where_it_began_on_its_day(
    services: Services,
    site: Site,
    bring: Callable[..., LegacySummary],
    told: Callable[[str], dict[str, int]],
    zone: str,
) -> None:
    """As a naive model counts it, in any zone; and the undo leaves nothing."""
    some = requests(len(zone))
    expected = counted(some, zone)

    summary = bring(some, msgspec.structs.replace(site, timezone=zone))

    assert {day: told(day) for day in expected} == expected
    assert summary.readers["source"] == summary.readers["entry"] == summary.visits
    services.portability.legacy.undo("kimson", summary.id, FakeClock().now())
    assert not any(told(day) for day in expected)


def test_what_a_site_has_switched_off_is_not_told(
    site: Site, bring: Callable[..., LegacySummary], told: Callable[[str], dict[str, int]]
) -> None:
    """As for live visits."""
    some = requests(1, 100)
    off = msgspec.structs.replace(site, readers_off=("source", "browser"))
    expected = {
        day: {line: n for line, n in lines.items() if line[0] not in "sb"}
        for day, lines in counted(some, site.timezone).items()
    }

    bring(some, off)

    assert {day: told(day) for day in expected} == expected


W3C = "#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)"


@pytest.mark.parametrize(
    ("lines", "options", "expected"),
    [
        # Without pages before, no source is told; the campaign is in the page's own address.
        (
            ['192.0.2.1 - - [17/Feb/2026:10:00:00 +0000] "GET /a?utm_source=x HTTP/1.1" 200 5'],
            {"without_agents": True},
            "ux\ne",
        ),
        (
            [W3C, "2026-02-17 10:00:00 192.0.2.1 GET /a - 200 Mozilla/5.0+(X11;+Linux)+F/1"],
            {},
            "e\ndcomputer\noLinux",
        ),
        (
            [
                f"{W3C} cs(Referer)",
                (
                    "2026-02-17 10:00:00 192.0.2.1 GET /a - 200 Mozilla/5.0+(X11;+Linux)+F/1 "
                    "https://zalo.me/"
                ),
            ],
            {},
            "sZalo\ne\ndcomputer\noLinux",
        ),
        (
            [
                (
                    '{"ts": 1771322400, "request": {"remote_ip": "192.0.2.1", "method": "GET", '
                    '"uri": "/a", "headers": {"User-Agent": ["Mozilla/5.0 (X11; Linux) F/1"], '
                    '"Referer": ["https://www.bing.com/"]}}, "status": 200}'
                )
            ],
            {},
            "sBing\ne\ndcomputer\noLinux",
        ),
        (
            [
                (
                    '192.0.2.1 - - [17/Feb/2026:10:00:00 +0000] "GET /a HTTP/1.1" 200 5 '
                    '"https://www.bing.com/?q=\\x22a\\x22" "Mozilla/5.0 (X11; Linux) F/1"'
                )
            ],
            {},
            "sBing\ne\ndcomputer\noLinux",
        ),
        (
            ["192.0.2.1 [17/Feb/2026:10:00:00 +0000] GET /a 200 https://t.co/x Mozilla/5.0_(X11)"],
            {
                "pattern": "$remote_addr [$time_local] $request_method $request_uri $status "
                "$http_referer $http_user_agent"
            },
            "sX\ne\ndcomputer",
        ),
    ],
)
def test_each_format_tells_what_is_in_it(
    site: Site, lines: list[str], options: dict[str, object], expected: str
) -> None:
    """A source where the pages before are in the log, a browser where user agents are."""
    chosen = LogOptions(**options)  # type: ignore[arg-type]
    form = format_of(lines, chosen)

    assert form is not None
    part = LogReader(site, b"salt", chosen).read(lines, form)

    assert [text for _, text in part.told] == [expected]
    assert [len(unpack_rows(rows)) for rows in part.views.values()] == [1]


def test_countries_are_told_by_the_readers_address(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of the first address of a list; none is told without a database."""
    asked = []

    def line(_: Countries, address: str) -> str:
        asked.append(address)
        return "cVN\n" if address.startswith("192.") else ""

    monkeypatch.setattr(logs.Countries, "line", line)
    lines = written([one for one in requests(3, 40) if "Zalo" in one.agent]).splitlines()
    lines[0] = lines[0].replace(lines[0].split()[0], "198.51.100.7, 192.0.2.200", 1)
    options = LogOptions()
    form = format_of(lines, options)
    countries = Countries()
    countries.is_known = True

    assert form is not None
    part = LogReader(site, b"salt", options, countries).read(lines, form)

    assert "198.51.100.7" in asked
    assert {address for address in asked if ":" in address} <= {"2001:db8:1::7", "2001:db8:2::7"}
    assert any(text.endswith("\ncVN") for _, text in part.told)
    assert any("cVN" not in text for _, text in part.told)

"""How large and how slow the admin pages are: `python -m benchmarks.admin_pages`.

The site that is looked at has three years of numbers and of what visits told, 50,000 articles, 200
polls and 2,000 rated articles, and shows them to everybody; beside it there are a hundred sites.
Every page that the URL map knows is asked for, each several times, by an operator, from a service
as `stats-service serve` runs it. The size is that of the page and of all that it loads, as it goes
over the wire at a first visit.
"""

import json
import random
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from http.cookiejar import CookieJar
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from flask import Flask

from benchmarks.first_start import measure_first_start
from benchmarks.report import LATEST
from benchmarks.servers import Server, running
from stats_service.app import create_app
from stats_service.models.polls import Choice, Poll
from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair
from stats_service.models.traffic.readers import DIMENSIONS, GROUPS
from stats_service.services.container import Services, create_services
from stats_service.store.keys import ARTICLE_DAYS_KEPT, SiteKeys
from stats_service.store.redis.client import connect

DAYS = 3 * 365
ARTICLES = 50_000
#: Articles that have views on one day.
ARTICLES_A_DAY = 400
POLLS = 200
RATED = 2_000
OTHER_SITES = 100
ROUNDS = 7
#: What no page may exceed.
MAX_MS = 300.0
MAX_KB = 150.0

PASSWORD = "correct horse battery staple"
SLUG = "big"
#: Pages with values in their address, and with the queries that ask for most.
VALUES = {"slug": SLUG, "poll_id": "poll-0", "name": "bench", "lang": "en", "page": "operate"}
QUERIES = {
    "traffic.show": ("", "?range=today", "?range=91", "?range=365", "?range=years", "MOST"),
    "articles.index": ("", "?range=91", "?range=all", "?range=365", "?range=28&order=rising"),
    "readers.show": ("", "?range=365", "MOST"),
    "statistics": ("", "?span=year"),
}
#: Values that a day keeps by name, by dimension, besides short lists such as devices.
READERS_A_DAY = {"source": 200, "campaign": 100, "entry": 300, "browser_version": 30}
#: What a browser loads with a page; `<a href>` it only offers.
_ASSET = re.compile(
    r'<(?:link|script|img)\b[^>]*? (?:href|src)="(/[^"?]+\.(?:css|js|svg|png|jpg)(?:\?[^"]*)?)"'
)
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Page(NamedTuple):
    """What was measured of one page."""

    name: str
    milliseconds: float
    kilobytes: float


def measure_admin_pages() -> dict[str, float]:
    """Print a table of all pages; return their figures, and how long the first start takes."""
    with running("ours") as server:
        # Large writes need patience that a page view must not have.
        fill(create_services(replace(server.services.settings, redis_timeout=30)))
        pages = list(_measure(server))
    print(f"{'admin page':<44} {'ms':>8} {'KB':>8}")
    for page in pages:
        over = page.milliseconds > MAX_MS or page.kilobytes > MAX_KB
        mark = "  over the limit" if over else ""
        print(f"{page.name:<44} {page.milliseconds:>8.1f} {page.kilobytes:>8.1f}{mark}")
    figures = {
        "admin_pages": len(pages),
        "admin_page_ms_max": max(page.milliseconds for page in pages),
        "admin_page_kb_max": max(page.kilobytes for page in pages),
    }
    figures |= {f"admin_ms:{page.name}": page.milliseconds for page in pages}
    return figures | measure_first_start()


def fill(services: Services) -> None:
    """Make the large site, and many small ones beside it."""
    chance = random.Random(1)
    now = services.clock.now()
    big = services.sites.sites.add(
        Site(
            slug=SLUG,
            name="Cổng thông tin lớn",
            hosts=("big.example",),
            public=True,
            public_articles=True,
            readers_public=GROUPS,
        )
    )
    names = [f"/tin-tuc/2026/11/bai-viet-so-{n:05}" for n in range(ARTICLES)]
    today = datetime.fromtimestamp(now, ZoneInfo(big.timezone)).date()
    for begin in range(0, DAYS, 50):
        days = range(begin, min(begin + 50, DAYS))
        past = [_day(today - timedelta(days=DAYS - 1 - n), names, chance) for n in days]
        services.traffic.history.write(big, past)
    client = connect(services.settings.redis_url, 30)
    keys = SiteKeys(services.settings.key_prefix, SLUG)
    client.zadd(keys.articles, {name: chance.randrange(1, 9_000) for name in names})
    for span in _kept_spans(today):
        client.hset(keys.readers(span), mapping=_readers(names, chance))
    ratings = dict.fromkeys(chance.sample(names, RATED), "1,2,3,4,50")
    client.hset(keys.ratings, mapping=ratings)
    for number in range(POLLS):
        services.polls.polls.create(SLUG, _poll(number), "bench", now)
        tally = keys.poll(f"poll-{number}", "tally")
        client.hset(tally, mapping={"ballots": 900, "c:a": 500, "c:b": 300, "c:c": 100})
    for number in range(OTHER_SITES):
        site = Site(slug=f"site-{number:03}", name=f"Xã số {number}", hosts=(f"x{number}.example",))
        added = services.sites.sites.add(site)
        days = [_day(today - timedelta(days=n), names[:20], chance) for n in range(35)]
        services.traffic.history.write(added, days)
    services.accounts.accounts.add("bench", PASSWORD, "bench", now, operator=True)


def _day(day: date, names: list[str], chance: random.Random) -> DayHistory:
    hours = tuple(Pair(visits := chance.randrange(90), 3 * visits) for _ in range(24))
    read = chance.sample(names, min(ARTICLES_A_DAY, len(names)))
    articles = {name: chance.randrange(1, 300) for name in read}
    return DayHistory(day, hours, articles, {"bot": 900, "prefetch": 80, "host": 9})


def _kept_spans(today: date) -> list[str]:
    """Return the days whose readers are kept by day, and the months of three years."""
    days = [(today - timedelta(days=n)).isoformat() for n in range(ARTICLE_DAYS_KEPT)]
    return days + sorted({f"{today - timedelta(days=n):%Y-%m}" for n in range(31, DAYS)})


def _readers(names: list[str], chance: random.Random) -> dict[str, int]:
    """Return what the visits of a span told: as many values as are kept of one."""
    short = {"device": "phone", "system": "Android", "language": "vi", "country": "VN"}
    fields = {f"{DIMENSIONS[name].letter}{value}": 900 for name, value in short.items()}
    for name, number in READERS_A_DAY.items():
        letter = DIMENSIONS[name].letter
        for n in range(number):
            value = chance.choice(names) if name == "entry" else f"{name}-{n}.example 1"
            fields[letter + value] = chance.randrange(3, 400)
    return fields


def _poll(number: int) -> Poll:
    return Poll(
        id=f"poll-{number}",
        question={"vi": f"Câu hỏi bình chọn số {number} của cổng thông tin?"},
        choices=tuple(Choice(id=name, text={"vi": f"Phương án {name}"}) for name in "abc"),
        status="open",
    )


def _measure(server: Server) -> Iterator[Page]:
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    sizes: dict[str, int] = {}

    def get(path: str) -> tuple[bytes, str]:
        """Return a body and its type; of a page that leads elsewhere, nothing."""
        # As browsers ask; what is compressed counts as it goes over the wire.
        wanted = urllib.request.Request(server.url + path, headers={"Accept-Encoding": "gzip"})
        with opener.open(wanted, timeout=30) as answer:
            elsewhere = answer.url != server.url + path
            return answer.read(), "" if elsewhere else answer.headers.get_content_type()

    found = _TOKEN.search(get("/admin/sign-in")[0].decode())
    fields = {"name": "bench", "password": PASSWORD, "csrf_token": found[1] if found else ""}
    opener.open(f"{server.url}/admin/sign-in", urllib.parse.urlencode(fields).encode()).close()
    for name, path in _paths(create_app(server.services.settings)):
        try:
            body, kind = get(path)
        except urllib.error.HTTPError as error:
            error.close()
            continue
        if kind != "text/html":
            continue
        times = []
        for _ in range(ROUNDS):
            begin = time.perf_counter()
            get(path)
            times.append((time.perf_counter() - begin) * 1000)
        for asset in set(_ASSET.findall(body.decode())) - set(sizes):
            sizes[asset] = len(get(asset)[0])
        assets = sum(sizes[asset] for asset in set(_ASSET.findall(body.decode())))
        yield Page(name, round(median(times), 1), round((len(body) + assets) / 1000, 1))


def _paths(app: Flask) -> Iterator[tuple[str, str]]:
    """Give every page of the admin blueprint and the public ones, by name."""
    today = date.today()
    most = f"?from={today - timedelta(days=1090)}&to={today}&unit=day"
    adapter = app.url_map.bind("localhost")
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint)
    for rule in rules:
        blueprint, _, name = rule.endpoint.partition(".")
        if blueprint not in ("admin", "public") or "GET" not in (rule.methods or ()):
            continue
        if not set(rule.arguments) <= set(VALUES) or name.endswith("static"):
            continue
        values = {argument: VALUES[argument] for argument in rule.arguments}
        path = adapter.build(rule.endpoint, values)
        for query in QUERIES.get(name, ("",)):
            shown = f"{name}{query}" if query != "MOST" else f"{name}, three years by day"
            yield shown, path + (most if query == "MOST" else query)


def main() -> int:
    """Measure, and put the figures with those of the last `make bench`."""
    figures = measure_admin_pages()
    known = json.loads(LATEST.read_text()) if LATEST.exists() else {}
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(json.dumps(known | figures, indent=2, ensure_ascii=False) + "\n")
    for name, value in figures.items():
        if not name.startswith("admin_ms:"):
            print(f"{name:<28} {value}")
    ok = figures["admin_page_ms_max"] <= MAX_MS and figures["admin_page_kb_max"] <= MAX_KB
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())

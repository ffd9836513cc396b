"""The requests of a portal's readers, byte for byte as browsers send them through a proxy.

`HIT` and `ADDRESS` are places where load.lua puts a fresh value into every request.
"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stats_service.services.visitors.voters import Voters

HIT, ADDRESS = "\1", "\2"
HIT_LENGTH = 16

SITES = tuple(f"portal-{number}" for number in range(4))
HOST = "portal.example.vn"
ARTICLES = tuple(f"/tin-tuc/bai-viet-so-{number:03d}.html" for number in range(200))
LIST_LENGTH = 20
POLL = "muc-quan-tam"
CHOICES = ("tin-tuc", "thu-tuc", "van-ban", "lien-he")
#: Readers who come again and again; every template is one of them.
READERS = 4096
#: Every fourth page view is the first one of a new reader.
FIRST_VIEWS = 4

BROWSERS = (
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Safari/537.36"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
    ),
    (
        "Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Mobile Safari/537.36"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)

Templates = list[bytes]


@dataclass(frozen=True)
class Reader:
    """Somebody who comes to a site."""

    site: str
    address: str
    browser: str
    token: str


def readers(voters: Voters, now: float, number: int = READERS) -> list[Reader]:
    """Return readers with tokens that are old enough to vote."""
    chance = random.Random(11)
    return [
        Reader(
            site=SITES[at % len(SITES)],
            address=".".join(str(chance.randrange(1, 255)) for _ in range(4)),
            browser=chance.choice(BROWSERS),
            token=voters.issue(SITES[at % len(SITES)], now - 3600),
        )
        for at in range(number)
    ]


def page(people: Sequence[Reader]) -> Templates:
    """Return page views with everything: counters, article, poll, rating; a quarter first ones."""
    return [
        _first(reader, at) if at % FIRST_VIEWS == 0 else _repeated(reader, at)
        for at, reader in enumerate(people)
    ]


def page_first(people: Sequence[Reader]) -> Templates:
    """Return page views of readers whom nobody has seen yet, who want a voter's token."""
    return [_first(reader, at) for at, reader in enumerate(people)]


def page_repeat(people: Sequence[Reader]) -> Templates:
    """Return page views of readers who have been here before."""
    return [_repeated(reader, at) for at, reader in enumerate(people)]


def page_bare(people: Sequence[Reader]) -> Templates:
    """Return page views of pages that show neither poll nor rating."""
    return [_view(reader, {"article": _article(at)}) for at, reader in enumerate(people)]


def page_list(people: Sequence[Reader]) -> Templates:
    """Return views of a list page with the numbers of twenty articles and their ratings."""
    return [
        _view(
            reader,
            {
                "articles": [_article(at + step) for step in range(LIST_LENGTH)],
                "poll": "current",
                "rating": True,
                "voter": reader.token,
            },
        )
        for at, reader in enumerate(people)
    ]


def beat(people: Sequence[Reader]) -> Templates:
    """Return heartbeats of pages that stay open."""
    return [
        _post(reader, "page", {"beat": True, "article": _article(at), "voter": reader.token})
        for at, reader in enumerate(people)
    ]


def ballot(people: Sequence[Reader]) -> Templates:
    """Return ballots, one for each reader and never two alike."""
    return [
        _post(
            reader,
            f"polls/{POLL}/ballots",
            {
                "ballot": f"ballot-{random.getrandbits(48):012x}-{at:08d}",
                "choices": [CHOICES[at % len(CHOICES)]],
                "voter": reader.token,
            },
        )
        for at, reader in enumerate(people)
    ]


def page_votes(people: Sequence[Reader]) -> Templates:
    """Return page views, and in the place of every tenth a ballot."""
    votes = ballot(people)
    return [
        votes[at] if at % 10 == 9 else _repeated(reader, at) for at, reader in enumerate(people)
    ]


def rating(people: Sequence[Reader]) -> Templates:
    """Return ratings: each reader rates one article once."""
    return [
        _post(
            reader,
            "ratings",
            {"article": _article(at), "score": at % 5 + 1, "voter": reader.token},
        )
        for at, reader in enumerate(people)
    ]


def reading(path: str) -> Callable[[Sequence[Reader]], Templates]:
    """Return a maker of GETs of `path`, in which `{site}` stands for the reader's site."""

    def make(people: Sequence[Reader]) -> Templates:
        return [_get(reader, path.format(site=reader.site)) for reader in people]

    return make


def _article(at: int) -> str:
    return ARTICLES[at * 7 % len(ARTICLES)]


def _first(reader: Reader, at: int) -> bytes:
    fields = {"article": _article(at), "poll": "current", "rating": True, "voter": ""}
    return _view(reader, fields, address=ADDRESS)


def _repeated(reader: Reader, at: int) -> bytes:
    fields = {"article": _article(at), "poll": "current", "rating": True, "voter": reader.token}
    return _view(reader, fields)


def _view(reader: Reader, fields: dict[str, Any], address: str = "") -> bytes:
    return _post(reader, "page", {"hit": HIT} | fields, address)


def _post(reader: Reader, path: str, fields: dict[str, Any], address: str = "") -> bytes:
    body = json.dumps(fields, separators=(",", ":")).replace("\\u0001", HIT)
    length = len(body) + (HIT_LENGTH - 1) * body.count(HIT)
    head = _head(f"POST /v1/{reader.site}/{path}", reader, address, f"Content-Length: {length}")
    return f"{head}{body}".encode()


def _get(reader: Reader, path: str) -> bytes:
    return _head(f"GET {path}", reader, "", "").encode()


def _head(line: str, reader: Reader, address: str, length: str) -> str:
    lines = [
        f"{line} HTTP/1.1",
        "Host: stats.example.vn",
        f"X-Forwarded-For: {address or reader.address}",
        "X-Forwarded-Proto: https",
        "Connection: keep-alive",
        length,
        'sec-ch-ua: "Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
        'sec-ch-ua-platform: "Windows"',
        "sec-ch-ua-mobile: ?0",
        f"User-Agent: {reader.browser}",
        "Content-Type: text/plain;charset=UTF-8",
        "Accept: */*",
        f"Origin: https://{HOST}",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Mode: cors",
        "Sec-Fetch-Dest: empty",
        f"Referer: https://{HOST}/",
        "Accept-Encoding: gzip, deflate, br, zstd",
        "Accept-Language: vi-VN,vi;q=0.9,en-US;q=0.8,en;q=0.7",
    ]
    return "\r\n".join(line for line in lines if line) + "\r\n\r\n"

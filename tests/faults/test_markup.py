"""Markup and links in every input, which must come out nowhere."""

import itertools
import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask import Flask

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.pages import BROWSER, ORIGIN, view
from tests.support.redis_groups import client_of

Note = Callable[[str], None]
#: What an attacker writes wherever it fits; each has a word by which it is found again.
CORPUS = [
    '<script>alert("xss1")</script>',
    "\"><img src=x onerror=alert('xss2')>",
    "'><svg/onload=alert`xss3`>",
    "javascript:alert('xss4')",
    "</script><script src=//evil.example/xss5.js></script>",
    '<a href="https://nhacai.example/xss6">nhà cái uy tín</a>',
    "https://xss7.nhacai-evil.example/ca-cuoc",
    "//xss8.evil.example/dang-ky",
    "x\r\nSet-Cookie: xss9=1\r\n\r\n<h1>xss9</h1>",
    "{{7*7}}${7*7}<%= 7*7 %>xss10",
    "'; FLUSHALL; -- xss11",
    "\u202exss12\u0000",
    "data:text/html;base64,PHNjcmlwdD54c3MxMzwvc2NyaXB0Pg==xss13",
]


@pytest.mark.check("T6", "T7")
@pytest.mark.quick
def test_markup_and_links_come_out_nowhere(
    app: Flask, services: Services, site: Site, settings: Settings, measured: Note
) -> None:
    """Through every input of a view, a ballot and a rating; then every output is looked at."""
    client = app.test_client()
    sent = 0
    for text, place in itertools.product(CORPUS, ("ua", "referer", "cookie", "article", "host")):
        clean = text.replace("\r", "").replace("\n", " ").replace("\u0000", "")
        header = clean.encode("utf-8").decode("latin-1")
        headers = {"Referer": header} if place == "referer" else {}
        headers |= {"Cookie": header} if place == "cookie" else {}
        headers |= {"X-Forwarded-Host": header} if place == "host" else {}
        view(
            client,
            text if place == "article" else "/tin/1",
            user_agent=f"{BROWSER} {header}" if place == "ua" else BROWSER,
            headers=headers,
        )
        sent += 1
    for text in CORPUS:
        view(client, "/tin/1", articles=[text], poll=text, voter=text, hit=text)
        client.post("/v1/kimson/ratings", data=json.dumps({"article": text, "score": 5}))
        client.get(
            "/v1/kimson/dot.gif", headers={"Referer": ORIGIN + "/" + text[:20].split("\r")[0]}
        )
        sent += 3

    outputs = {
        path: client.get(path).get_data(as_text=True)
        for path in (
            "/v1/kimson/counts",
            "/v1/kimson/articles/views?key=/tin/1",
            "/v1/kimson/badge/total.svg",
            "/v1/kimson/badge/views.svg?article=/tin/1",
            "/v1/openapi.json",
            "/demo/",
        )
    }
    # Whoever asks for a wrong site is told which, as JSON, and nobody else is.
    errors = [client.get(f"/v1/{quote(text)}/counts") for text in CORPUS]
    top = [key for key, _ in _articles(settings)]
    foreign = [key for key in top if not key.startswith("/") and key != "(other)"]

    measured(
        f"{sent} requests; outputs with a trace: "
        f"{[path for path, text in outputs.items() if 'xss' in text]}; {len(top)} article keys"
    )
    for path, text in outputs.items():
        assert "xss" not in text, path
    for error in errors:
        assert error.status_code == 404
        assert error.mimetype in ("application/problem+json", "application/json")
    for trace in (b"nh\xc3\xa0 c\xc3\xa1i", b"<script", b"onerror=", b"Set-Cookie"):
        # In the key of a counted article it is text: see the admin's page.
        assert all(trace not in key.encode() for key in foreign), trace
    for key in top:
        assert "\r" not in key
        assert "\n" not in key
        assert "\u202e" not in key


def _articles(settings: Settings) -> list[tuple[str, float]]:
    key = f"{settings.key_prefix}:{{kimson}}:articles"
    raw = client_of(settings.redis_url, decode_responses=False)
    rows = raw.zrange(key, 0, -1, withscores=True)
    return [(name.decode(), score) for name, score in rows]


@pytest.mark.check("T6", "T7")
@pytest.mark.quick
def test_templates_show_article_keys_as_text(app: Flask, site: Site, settings: Settings) -> None:
    """Whatever a visitor named an article, the application's templates escape it."""
    client = app.test_client()
    for text in CORPUS:
        view(client, "/tin/" + text.replace("\r", "").replace("\n", ""))
    keys = [key for key, _ in _articles(settings)]

    template = app.jinja_env.from_string("{% for key in keys %}<td>{{ key }}</td>{% endfor %}")
    rendered = template.render(keys=keys)

    assert app.jinja_env.autoescape
    assert not re.search(r"<(?!/?td>)", rendered)

"""A visitor in Chromium, and what the embed did for him."""

import json
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Page, Request

from stats_service.models.traffic.views import SiteCounts
from stats_service.services.container import Services
from stats_service.web.embed.files import load_files
from stats_service.web.embed.snippet import snippet
from tests.support.portal import Portal


@dataclass(frozen=True)
class Embed:
    """One site, embedded into the pages of a portal."""

    slug: str
    #: URL of the service with its prefix.
    base: str
    portal: Portal
    services: Services

    @property
    def snippet(self) -> str:
        """The lines that `stats-service embed` prints."""
        return snippet(self.base, self.slug, load_files().newest)

    def script(self, options: str = "") -> str:
        """Return the snippet with more attributes."""
        return self.snippet.replace("<script async", f"<script async {options}", 1)

    def put(
        self,
        path: str,
        body: str,
        *,
        lang: str = "vi",
        head: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> str:
        """Publish a page with the snippet and return its URL."""
        head = self.snippet if head is None else head
        html = (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
            f'<title>{path}</title><link rel="icon" href="data:,">{head}</head>'
            f"<body>{body}</body></html>"
        )
        return self.portal.put(path, html, headers)

    def counts(self) -> SiteCounts:
        """Return the numbers that the service has."""
        now = self.services.clock.now()
        return self.services.traffic.views.counts(self.services.sites.sites.get(self.slug), now)

    def article_views(self, key: str) -> int:
        """Return the views of an article that the service has."""
        now = self.services.clock.now()
        site = self.services.sites.sites.get(self.slug)
        return self.services.traffic.views.articles(site, [key], now)[key].views


class Visitor:
    """Opens pages, and keeps what the script sent and said."""

    def __init__(self, page: Page, embed: Embed) -> None:
        self.page = page
        self.embed = embed
        #: Every body that went to the page endpoint.
        self.sent: list[dict[str, Any]] = []
        #: Warnings of scripts; what the browser itself logs of the network is not among them.
        self.warnings: list[str] = []
        #: Everything that must not happen: exceptions, errors of scripts.
        self.errors: list[str] = []
        page.on("request", self._request)
        page.on("console", self._console)
        page.on("pageerror", self._page_error)

    @property
    def views(self) -> list[dict[str, Any]]:
        """What was sent as a view."""
        return [body for body in self.sent if not body["beat"]]

    def open(self, url: str, *, answers: int = 1) -> None:
        """Open a page and wait until the script has got `answers` answers."""
        self.act(lambda: self.page.goto(url), answers=answers)

    def act(self, action: Any, *, answers: int = 1) -> None:
        """Do something and wait until the script has got `answers` answers to it."""
        got: list[str] = []
        self.page.on("response", lambda r: got.append(r.url) if self._ours(r.url) else None)
        action()
        for _ in range(400):
            if len(got) >= answers:
                break
            self.page.wait_for_timeout(25)
        assert len(got) >= answers, f"{len(got)} answers of {answers} came: {self.sent}"
        # The script shows an answer after its body has come.
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")

    def text(self, selector: str) -> str:
        """Return what an element shows."""
        return self.page.locator(selector).inner_text().strip()

    def rows(self, selector: str = "stats-visits") -> list[list[str]]:
        """Return the rows of a block of counters: label, value."""
        rows: list[list[str]] = self.page.locator(selector).evaluate(
            "e => [...e.shadowRoot.querySelectorAll('dl > div')]"
            ".map(row => [...row.children].map(cell => cell.textContent))"
        )
        return rows

    def _ours(self, url: str) -> bool:
        return url == f"{self.embed.base}/{self.embed.slug}/page"

    def _request(self, request: Request) -> None:
        if self._ours(request.url):
            self.sent.append(json.loads(request.post_data or "null"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "warning":
            self.warnings.append(message.text)
        elif message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def _page_error(self, error: Error) -> None:
        self.errors.append(str(error))

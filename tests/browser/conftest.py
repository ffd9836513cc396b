"""Fixtures: the service under gunicorn, a portal on another host, Chromium."""

import itertools
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from stats_service.cli.demo.command import add_demo_site
from stats_service.config import Settings
from stats_service.models.polls import Choice, Poll
from stats_service.models.portability.uploads import Upload
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.services.notices.outgoing import DeliveryError
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.redis.client import connect
from tests.browser.visitor import Embed, Visitor
from tests.browser.voting import Voter
from tests.support.admin import PASSWORD, add_account
from tests.support.pages import BROWSER
from tests.support.portal import Portal, running_portal
from tests.support.server import running_service

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Nothing of the browser's own goes over the network, and it does not say that a program drives it.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-blink-features=AutomationControlled",
    # Pages of real systems want pictures from elsewhere; to wait for a name server takes long.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder as one that needs Chromium, and run these last.

    Playwright keeps an event loop running in the main thread until the session's end: no test
    after it could run one of its own.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def settings(redis_server: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Give the settings of the service that all browser tests share."""
    return Settings(
        secret="test-" + "0" * 32,
        data_dir=tmp_path_factory.mktemp("browser"),
        redis_url=redis_server,
        key_prefix="tb" + secrets.token_hex(6),
        workers=1,
        site_cache_seconds=0,
        redis_timeout=5,
    )


@pytest.fixture(scope="session")
def services(settings: Settings) -> Services:
    """Give the wired services, to look at what the browser did."""
    return create_services(settings)


@pytest.fixture(autouse=True)
def nobody_has_tried_to_sign_in(settings: Settings) -> None:
    """Forget the sign-ins of the tests before: all come from one address, which is throttled."""
    client = connect(settings.redis_url, settings.redis_timeout)
    pattern = AdminKeys(settings.key_prefix).attempts("*")
    for key in list(client.scan_iter(match=pattern, count=10_000)):
        client.delete(key)
    client.close()


@pytest.fixture(scope="session")
def service_url(settings: Settings, services: Services) -> Iterator[str]:
    """Run the service with its demo portal; give its URL."""
    with running_service(settings, environ={"STATS_DEMO": "1"}) as url:
        add_demo_site(services, (url.removeprefix("http://"),))
        yield url


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Give the distribution's Chromium."""
    names = (os.environ["CHROMIUM"],) if os.environ.get("CHROMIUM") else CHROMIUM_NAMES
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.fail("The browser tests need Chromium: run `make test`, or scripts/chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=ARGUMENTS,
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        browser.close()


@pytest.fixture
def open_context(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Give a function that opens a fresh profile, by default that of a Vietnamese visitor."""
    opened: list[BrowserContext] = []

    def open_one(**options: object) -> BrowserContext:
        defaults = {"user_agent": BROWSER, "locale": "vi-VN"}
        opened.append(chromium.new_context(**(defaults | options)))  # type: ignore[arg-type]
        return opened[-1]

    yield open_one
    for context in opened:
        context.close()


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    """Give a fresh tab of a fresh profile."""
    return open_context().new_page()


@pytest.fixture(scope="session")
def portal() -> Iterator[Portal]:
    """Give a portal on a host of its own."""
    with running_portal() as running:
        yield running


@pytest.fixture
def embed(services: Services, service_url: str, portal: Portal) -> Embed:
    """Give a site of the test's own, and what its pages embed."""
    site = services.sites.sites.add(
        Site(
            slug=f"site{next(_numbers)}",
            name="Kim Sơn",
            hosts=(portal.host,),
            opening_visits=1_814_164,
            opening_day="2026-01-01",
        )
    )
    return Embed(site.slug, f"{service_url}/v1", portal, services)


@pytest.fixture
def visitor(page: Page, embed: Embed) -> Visitor:
    """Give somebody who reads the pages of `embed`."""
    return Visitor(page, embed)


@pytest.fixture
def voter(page: Page, embed: Embed) -> Voter:
    """Give somebody who votes and rates on the pages of `embed`."""
    return Voter(page, embed)


@pytest.fixture
def new_voter(open_context: Callable[..., BrowserContext], embed: Embed) -> Callable[..., Voter]:
    """Give a function that makes another voter, with a browser of their own."""
    return lambda **options: Voter(open_context(**options).new_page(), embed)


@pytest.fixture(scope="session")
def editor(services: Services) -> str:
    """Give the name of somebody who runs polls everywhere."""
    add_account(services, "hoa", operator=True)
    return "hoa"


@pytest.fixture
def admin(
    service_url: str, editor: str, embed: Embed, open_context: Callable[..., BrowserContext]
) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a page of the test's site; the console has to stay silent."""
    troubles: list[str] = []

    def open_one(path: str, **options: object) -> Page:
        page = open_context(**({"viewport": {"width": 1360, "height": 900}} | options)).new_page()
        page.on(
            "console",
            lambda message: (
                troubles.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"{service_url}/admin/sites/{embed.slug}/{path}")
        page.fill("#name", editor)
        page.fill("#password", PASSWORD)
        page.click("button.primary")
        page.wait_for_url(f"**/{path}")
        return page

    yield open_one
    assert troubles == []


@pytest.fixture(scope="session")
def operator(services: Services, service_url: str) -> str:
    """Give the name of an operator of the running service, and a poll to look at."""
    now = services.clock.now()
    add_account(services, "lan", operator=True)
    add_account(services, "minh", roles={"demo": "editor"})
    texts = ("Tin tức, sự kiện", "Thủ tục hành chính", "Văn bản")
    poll = Poll(
        id="admin-test",
        question={"vi": "Bạn quan tâm mục gì nhất?", "en": "Which section matters most?"},
        choices=tuple(Choice(id=f"c{n}", text={"vi": text}) for n, text in enumerate(texts)),
        status="draft",
    )
    services.polls.polls.create("demo", poll, "lan", now)
    services.sites.sites.edit("demo", public=True)
    services.accounts.tokens.add("demo", "báo cáo tháng", "read", "lan", now)
    add_data(services, now)
    return "lan"


def add_data(services: Services, now: float) -> None:
    """Add a file that waits for its confirmation, and notices that were sent and not."""
    services.portability.uploads.launch = lambda upload, _held: services.portability.uploads.run(
        upload, now
    )
    rows = "date,nb_visits,nb_pageviews\n2015-01-02,310,825\n2015-01-03,412,1130\n"
    devices = (
        "date,label,nb_visits,metadata_segment\n2015-01-02,Desktop,210,deviceType==desktop\n"
        "2015-01-02,Smartphone,90,deviceType==smartphone\n2015-01-02,Việt Nam,300,countryCode==vn\n"
    )
    upload = Upload(
        id="",
        site="demo",
        who="lan",
        made=now,
        kind="matomo",
        name="matomo.csv",
        more=("devices.csv",),
        keep_opening=True,
    )
    services.portability.uploads.add(
        upload,
        lambda path: path.write_text(rows),
        save_more=[lambda path: path.write_text(devices)],
    )
    book = services.notices.notices
    report = book.add_report("demo", "bientap@kimson.example.vn", "week", "vi", "lan", now)
    hook = book.add_webhook("demo", "https://chat.example.vn/hook/kimson", (), 6, "lan", now)
    book.delivered("demo", report.id, "report", now)
    error = DeliveryError(
        "{host} answered {status} instead of 200.", host="chat.example.vn", status=502
    )
    book.delivered("demo", hook.id, "silent", now, error)
    services.traffic.opening_balances.set(
        services.sites.sites.get("demo"), "/tin-tuc/cu", 366, "lan", now
    )


@pytest.fixture
def signed_in(
    service_url: str,
    operator: str,
    services: Services,
    open_context: Callable[..., BrowserContext],
) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a signed-in tab and fails on any message of the console."""
    troubles: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "404" not in message.text:
            troubles.append(message.text)

    # The account remembers what another test chose.
    services.accounts.accounts.set_language(operator, "vi")

    def open_one(**options: object) -> Page:
        # Those of other tests would be announced on every page.
        services.accounts.devices.remove_others(operator)
        page = open_context(**options).new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.goto(f"{service_url}/admin/")
        page.fill("#name", operator)
        page.fill("#password", PASSWORD)
        page.click("button.primary")
        page.wait_for_url("**/admin/")
        return page

    yield open_one
    assert troubles == []

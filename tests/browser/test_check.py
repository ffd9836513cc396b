"""The install checker on a portal's page: what is wrong is told, and nothing is counted for it."""

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from stats_service.models.install_checks import InstallCheck
from tests.browser.visitor import Embed
from tests.support.old_libraries import LIBRARIES

OUT = Path(__file__).parent / "out"
#: What a browser says of a page that it kept, said by the page itself.
WIDGET = "<p>Tin</p><stats-visits></stats-visits>"


class Checked:
    """A page that is opened for a check."""

    def __init__(self, page: Page, embed: Embed) -> None:
        self.page = page
        self.embed = embed
        now = embed.services.clock.now()
        self.token = embed.services.sites.install_checks.new_token(embed.slug, now)

    def open(self, url: str, *, token: bool = True) -> dict[str, str]:
        """Open a page for a check; return the titles in the panel by level."""
        self.page.goto(f"{url}#stats-check" + (f"={self.token}" if token else ""))
        return self.found()

    def found(self) -> dict[str, str]:
        """Wait for the panel's findings."""
        expect(self.page.locator("li").first).to_be_visible(timeout=20_000)
        items = self.page.locator("li").evaluate_all(
            "all => all.map(one => [one.className, one.querySelector('strong').textContent])"
        )
        levels: dict[str, str] = {}
        for level, title in items:
            levels[level] = f"{levels.get(level, '')}{title}\n"
        return levels

    def status(self) -> str:
        """Return what the panel says of itself."""
        return self.page.locator(".status span").inner_text()

    def stored(self) -> InstallCheck:
        """Return what the admin page would show."""
        services = self.embed.services
        check = services.sites.install_checks.latest(
            self.embed.slug, self.token, services.clock.now()
        )
        assert check is not None
        return check


@pytest.fixture
def checked(page: Page, embed: Embed) -> Checked:
    """Give a webmaster who checks pages of `embed`."""
    return Checked(page, embed)


def test_a_sound_page_is_told_so_and_counted_once(checked: Checked, embed: Embed) -> None:
    """The load is a view like any other; checking, and checking again, adds none."""
    found = checked.open(embed.put("/tin/1", WIDGET))

    assert "bad" not in found
    assert "warn" not in found
    assert f"Tên miền {embed.portal.host} có trong danh sách" in found["good"]
    assert "Đoạn mã là phiên bản 1, mới nhất" in found["good"]
    assert "nguyên vẹn" in found["good"]
    assert "bộ nhớ đệm" in found["good"]
    assert checked.status() == "Kết quả đã hiện ở trang quản trị."
    OUT.mkdir(exist_ok=True)
    checked.page.screenshot(path=OUT / "check-good.png")
    checked.page.get_by_role("button", name="Kiểm tra lại").click()
    expect(checked.page.locator(".status span")).to_have_text("Đang kiểm tra trang này…")
    checked.found()
    assert embed.counts().views.total == 1
    report = checked.stored().report
    assert (report.version, report.site, report.outcome) == ("1", embed.slug, "answered")
    assert (report.views, report.snippets, report.widgets) == (1, 1, 1)


def test_the_panel_is_accessible(checked: Checked, embed: Embed) -> None:
    """Axe finds nothing, in English and in the dark as well."""
    checked.page.emulate_media(color_scheme="dark")
    checked.page.set_viewport_size({"width": 360, "height": 740})
    checked.open(embed.put("/tin/1", f"<main><h1>News</h1>{WIDGET}</main>", lang="en"))

    checked.page.screenshot(path=OUT / "check-phone-dark.png")

    assert Axe().run(checked.page).response["violations"] == []
    assert checked.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_the_end_of_the_address_nothing_is_loaded(checked: Checked, embed: Embed) -> None:
    """A reader's page has no part of the checker."""
    files: list[str] = []
    checked.page.on("request", lambda request: files.append(request.url))

    checked.page.goto(embed.put("/tin/1", WIDGET))
    checked.page.wait_for_load_state("networkidle")

    assert not [url for url in files if "embed-" in url]


def test_a_strict_policy_lets_the_checker_work(checked: Checked, embed: Embed) -> None:
    """Nothing inline, nothing evaluated, trusted types demanded; images are not allowed here."""
    service = embed.base.removesuffix("/v1")
    policy = (
        f"default-src 'none'; script-src {service}; connect-src {service}; img-src data:; "
        "require-trusted-types-for 'script'; trusted-types stats"
    )
    url = embed.put(
        "/tin/1",
        WIDGET + "<stats-poll></stats-poll>",
        headers={"Content-Security-Policy": policy},
    )

    found = checked.open(url)

    assert "bad" not in found
    assert "CSP" in found["info"]
    assert "img-src" in found["info"]
    assert checked.stored().report.violations == ("img-src",)


def test_a_policy_that_stops_the_numbers_is_named(checked: Checked, embed: Embed) -> None:
    """Nothing reaches the service then, so the panel itself says what to add."""
    service = embed.base.removesuffix("/v1")
    policy = f"default-src 'self'; script-src {service}"

    found = checked.open(embed.put("/tin/1", WIDGET, headers={"Content-Security-Policy": policy}))

    assert "chặn yêu cầu" in found["bad"]
    assert f"Thêm {service} vào connect-src." in checked.page.locator("li").inner_text()
    assert embed.counts().views.total == 0


def test_a_second_snippet_is_found(checked: Checked, embed: Embed) -> None:
    """One too many is told; it counts once all the same."""
    found = checked.open(embed.put("/tin/1", embed.snippet + WIDGET))

    assert "2 lần" in found["warn"]
    assert embed.counts().views.total == 1


def test_a_snippet_of_another_site_is_found(checked: Checked, embed: Embed) -> None:
    """The first one counts, which is said."""
    other = embed.snippet.replace(f'data-site="{embed.slug}"', 'data-site="huyen-khac"')

    found = checked.open(embed.put("/tin/1", other + WIDGET))

    assert "2 đoạn mã" in found["bad"]
    assert "bỏ đoạn mã của" in checked.page.locator("ul").inner_text()


def test_an_unknown_host_is_named(checked: Checked, embed: Embed) -> None:
    """The page is the site's by another name: which one to add stands in both places."""
    url = embed.put("/tin/1", WIDGET).replace("localhost", "127.0.0.1")
    host = embed.portal.host.replace("localhost", "127.0.0.1")

    found = checked.open(url)

    assert f"Tên miền {host} không có trong danh sách" in found["bad"]
    assert (checked.stored().allowed, checked.stored().sender.host) == (False, host)
    assert embed.counts().views.total == 0


def test_without_a_token_an_unknown_host_learns_only_that(checked: Checked, embed: Embed) -> None:
    """The browser keeps the service's answer from such a page, as from any stranger's."""
    url = embed.put("/tin/1", WIDGET).replace("localhost", "127.0.0.1")

    found = checked.open(url, token=False)

    assert "không cho trang này đọc" in found["bad"]
    assert "127.0.0.1" in checked.page.locator("li").inner_text()


@pytest.mark.parametrize(
    ("site", "title"),
    [
        ("sai", "Đoạn mã ghi tên ngắn của trang web khác: “sai”"),
        ("", "Đoạn mã không cho biết thuộc trang web nào"),
    ],
)
def test_a_wrong_site_is_found(checked: Checked, embed: Embed, site: str, title: str) -> None:
    """The token says which site was meant."""
    snippet = embed.snippet.replace(
        f'data-site="{embed.slug}"', f'data-site="{site}"' if site else ""
    )

    found = checked.open(embed.put("/tin/1", WIDGET, head=snippet))

    assert title in found["bad"]
    assert embed.slug in checked.page.locator("ul").inner_text()
    assert checked.stored().report.site == site


def test_a_blocked_request_is_told_apart(checked: Checked, embed: Embed) -> None:
    """An ad blocker stops the numbers, not the report."""
    checked.page.route(f"{embed.base}/{embed.slug}/page", lambda route: route.abort())

    found = checked.open(embed.put("/tin/1", WIDGET))

    assert "bị chặn trên đường đi" in found["bad"]
    assert checked.stored().report.outcome == "blocked"


def test_when_nothing_gets_through_the_panel_says_so(checked: Checked, embed: Embed) -> None:
    """Then there is no report either."""
    checked.page.route(f"{embed.base}/{embed.slug}/*", lambda route: route.abort())

    found = checked.open(embed.put("/tin/1", WIDGET))

    assert "Không yêu cầu nào tới được" in found["bad"]


def test_proxies_that_are_not_trusted_are_counted(checked: Checked, embed: Embed) -> None:
    """The service takes the proxy for the reader; the setting to change is named."""

    def through_a_proxy(route: Route) -> None:
        route.continue_(headers=route.request.headers | {"x-forwarded-for": "203.0.113.9"})

    checked.page.route("**/check", through_a_proxy)

    found = checked.open(embed.put("/tin/1", WIDGET))

    assert "127.0.0.1" in found["warn"]
    assert "STATS_TRUSTED_PROXIES" in checked.page.locator("ul").inner_text()
    assert checked.stored().sender.forwarded == 1


def test_a_reader_learns_nothing_of_the_proxies(checked: Checked, embed: Embed) -> None:
    """Without a token one sees the own address, and nothing is kept."""
    found = checked.open(embed.put("/tin/1", WIDGET), token=False)

    everything = "".join(found.values())
    assert "Dịch vụ nhận ra địa chỉ của bạn là 127.0.0.1" in everything
    assert "proxy" not in everything.lower()
    assert "Chỉ bạn thấy bảng này" in checked.status()


def test_an_altered_script_is_found(checked: Checked, embed: Embed) -> None:
    """A snippet without integrity runs whatever comes; the bytes are compared."""

    def altered(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.body() + b"\n// optimised")

    checked.page.route("**/embed.js", altered)
    head = f'<script async src="{embed.base}/embed.js" data-site="{embed.slug}"></script>'

    found = checked.open(embed.put("/tin/1", WIDGET, head=head))

    assert "bị sửa đổi" in found["bad"]
    assert "integrity" in found["info"]


def test_a_pixel_set_free_is_found(checked: Checked, embed: Embed) -> None:
    """A plugin took it out of noscript: every view would count twice."""
    pixel = f'<img src="{embed.base}/{embed.slug}/dot.gif" alt="">'

    found = checked.open(embed.put("/tin/1", WIDGET + pixel))

    assert "Điểm ảnh" in found["bad"]


@pytest.mark.parametrize(
    ("script", "level"),
    [
        ("setTimeout(() => history.pushState({}, '', '/tin/2'), 900)", "info"),
        ("setTimeout(() => history.pushState({}, '', '?lan=2'), 900)", "bad"),
    ],
)
def test_more_views_than_one_are_told(
    checked: Checked, embed: Embed, script: str, level: str
) -> None:
    """Those of a single-page application are right; those without a change of page are not."""
    found = checked.open(embed.put("/tin/1", f"{WIDGET}<script>{script}</script>"))

    assert "2 lượt xem" in found[level]


def test_a_misspelt_widget_is_found(checked: Checked, embed: Embed) -> None:
    """What the page wrote comes out as text."""
    found = checked.open(embed.put("/tin/1", "<stats-visit></stats-visit>"))

    assert "stats-visit" in found["warn"]
    assert "không có tiện ích" in found["info"]


def test_a_link_made_up_by_somebody_leads_nowhere(checked: Checked, embed: Embed) -> None:
    """The site in a token cannot name another service."""
    asked: list[str] = []
    checked.page.on("request", lambda request: asked.append(request.url))

    checked.page.goto(embed.put("/tin/1", WIDGET) + "#stats-check=//evil.example/x.1.2.3")
    checked.found()

    assert not [url for url in asked if "evil" in url.split("#")[0]]
    assert "Chỉ bạn thấy" in checked.status()


def test_an_old_token_is_told(checked: Checked, embed: Embed) -> None:
    """The panel works; the admin page gets nothing."""
    services = embed.services
    past = services.clock.now() - 3600
    checked.token = services.sites.install_checks.new_token(embed.slug, past)

    checked.open(embed.put("/tin/1", WIDGET))

    assert "hết hạn" in checked.status()


def test_the_check_can_be_asked_for_on_an_open_page(checked: Checked, embed: Embed) -> None:
    """Heartbeats since then are no views, and a second check takes the first one's place."""
    page = checked.page
    page.goto(embed.put("/tin/1", WIDGET))
    expect(page.locator("stats-visits dd").first).to_have_text("1.814.165")

    for hash_ in ("#stats-check", f"#stats-check={checked.token}"):
        page.evaluate("hash => { location.hash = hash; }", hash_)
        found = checked.found()

    assert "bad" not in found
    expect(page.locator("#stats-check-panel")).to_have_count(1)
    assert embed.counts().views.total == 1


def test_what_old_libraries_replaced_is_told(checked: Checked, embed: Embed) -> None:
    """The check works beside them."""
    library = f"<script>{LIBRARIES['prototype']}</script>"

    found = checked.open(embed.put("/tin/1", WIDGET, head=library + embed.snippet))

    assert "bad" not in found
    assert "Array.from" in found["info"]
    assert "Array.from" in checked.stored().report.patched
    assert embed.counts().views.total == 1


def test_frames_are_told(checked: Checked, embed: Embed) -> None:
    """Those on the page, and the one that the page stands in."""
    framed = embed.put("/khung", "<p>Khung</p>")

    found = checked.open(embed.put("/", f'{WIDGET}<iframe src="{framed}"></iframe>'))

    assert "Số khung trên trang chứa trang khác của cổng: 1" in found["info"]
    report = f"{framed}#stats-check={checked.token}"
    stranger = embed.put(
        "/la", f'<iframe src="{report}" width="400" height="500"></iframe>', head=""
    )
    checked.page.goto(stranger.replace("localhost", "127.0.0.1"))
    frame = checked.page.frame_locator("iframe")
    expect(frame.get_by_text("nên không được tính")).to_be_visible(timeout=20_000)


def test_a_page_that_says_no_site_is_told(checked: Checked, embed: Embed) -> None:
    """Nobody can be asked then: the panel says it by itself."""
    head = f'<script async src="{embed.base}/embed.1.js"></script>'

    found = checked.open(embed.put("/tin/1", WIDGET, head=head), token=False)

    assert "không cho biết thuộc trang web nào" in found["bad"]


def test_the_check_runs_without_the_core(checked: Checked, embed: Embed) -> None:
    """An optimiser holds the script back: what is found is that it did not run."""
    checked.page.route("**/embed.1.js", lambda route: route.abort())
    alone = f'<script src="{embed.base}/embed-check.1.js"></script>'

    checked.page.goto(embed.put("/tin/1", WIDGET + alone))

    assert "Đoạn mã không chạy" in checked.found()["bad"]


def test_a_list_whose_items_name_nothing_is_found(checked: Checked, embed: Embed) -> None:
    """Every item shows the page's own number; with article="link" each shows its own."""
    items = "".join(
        f'<div><a href="/tin/{n}">{n}</a> <stats-views{{}}>–</stats-views></div>' for n in (1, 2, 3)
    )
    delayed = '<script type="rocketlazyloadscript"></script>'

    bare = checked.open(embed.put("/", items.replace("{}", "") + delayed))
    named = checked.open(embed.put("/muc", items.replace("{}", " article=link")))

    assert "3 tiện ích cùng loại không ghi bài viết" in bare["warn"]
    assert "WP Rocket" in bare["info"]
    assert "/tin/1, /tin/2, /tin/3" in named["warn"]
    assert "cùng loại" not in named["warn"]

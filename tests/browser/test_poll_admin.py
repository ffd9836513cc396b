"""Polls and ratings of the admin pages in a browser: the preview, the link, a burst taken out."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, expect

from stats_service.models.polls import BallotQuery, Choice, Poll
from stats_service.models.ratings import RatingQuery
from stats_service.models.traffic.views import PageQuery, Visitor
from stats_service.services.container import Services
from tests.browser.axe import faults
from tests.browser.visitor import Embed
from tests.support.pages import BROWSER, new_hit

OUT = Path(__file__).parent / "out"


def make_poll(services: Services, slug: str) -> str:
    """Open a poll with twenty ballots; return its id."""
    choices = (Choice(id="a", text={"vi": "Có"}), Choice(id="b", text={"vi": "Không"}))
    poll = Poll(id="in", question={"vi": "Có nên không?"}, choices=choices, status="open")
    now = services.clock.now()
    services.polls.polls.create(slug, poll, "lan", now)
    entry = services.sites.directory.load(slug, now)
    visitor = Visitor(
        "192.0.2.1", BROWSER, f"http://{entry.site.hosts[0]}", private=False, prefetch=False
    )
    for number in range(20):
        ballot = BallotQuery(
            ballot=f"ballot-{number:012}",
            choices=("ab"[number % 2],),
            voter=services.polls.voters.issue(slug, now - 60),
        )
        services.loop.run(services.polls.ballots.cast_ballot(entry, poll.id, ballot, visitor, now))
    return poll.id


def test_the_preview_is_the_widget_and_follows_the_typing(
    admin: Callable[..., Page], embed: Embed, services: Services
) -> None:
    """Both states, both languages, nothing stored, and nothing sent but the form to its preview."""
    page = admin("polls/new")
    sent: list[str] = []

    def note(request: Request) -> None:
        # The browser gets the page's icon when it likes.
        if not request.url.split("?")[0].endswith("/icon.svg"):
            sent.append(f"{request.method} {request.url.split('/', 3)[3]}")

    page.on("request", note)
    stage = page.locator("[data-stage]")
    expect(stage.locator("legend")).to_have_text("Câu hỏi của bạn")

    page.locator("#question").press_sequentially("Chợ phiên họp ngày nào?")
    page.fill("#question_en", "When should the market be?")
    page.fill("#choices", "Thứ bảy\nChủ nhật\nNgày rằm")
    page.fill("#choices_en", "Saturday\nSunday")

    expect(stage.locator("legend")).to_have_text("Chợ phiên họp ngày nào?")
    expect(stage.locator("label[part=choice]")).to_have_text(["Thứ bảy", "Chủ nhật", "Ngày rằm"])
    page.locator("[name=other]").check()
    expect(stage.locator("label[part=choice]")).to_have_count(4)
    page.fill("#max_choices", "2")
    expect(stage.locator("input[type=checkbox]")).to_have_count(4)
    page.locator("[data-lang=en]").click()
    expect(stage.locator("legend")).to_have_text("When should the market be?")
    expect(stage.locator("label[part=choice]").first).to_have_text("Saturday")
    page.locator("[data-lang=vi]").click()
    OUT.mkdir(exist_ok=True)
    page.screenshot(path=OUT / "admin-preview-form.png")

    page.locator("[data-show=results]").click()
    expect(stage.locator("[part=bars] li")).to_have_count(4)
    expect(page.locator("[data-sample]")).to_be_visible()
    page.fill("#question", "Chợ phiên nên họp ngày nào?")
    expect(stage.locator("p[part=question]")).to_have_text("Chợ phiên nên họp ngày nào?")
    page.screenshot(path=OUT / "admin-preview-results.png")
    page.select_option("#results_when", "admins")
    expect(stage).to_contain_text("không công bố tại đây")

    assert faults(page) == []
    assert {line.split("?")[0] for line in sent} == {
        f"POST admin/sites/{embed.slug}/polls/new/preview"
    }
    assert services.polls.polls.all(embed.slug) == []
    assert page.evaluate("localStorage.length") == 0


def test_a_vote_in_the_preview_goes_nowhere(admin: Callable[..., Page], embed: Embed) -> None:
    """The widget checks it as ever, and shows what its voter would see."""
    page = admin("polls/new")
    sent: list[str] = []
    page.fill("#question", "Gì?")
    stage = page.locator("[data-stage]")
    expect(stage.locator("legend")).to_have_text("Gì?")
    page.on(
        "request",
        lambda request: sent.append(request.url) if "icon.svg" not in request.url else None,
    )

    stage.get_by_role("button", name="Bình chọn").click()
    expect(stage.get_by_role("status")).to_have_text("Vui lòng chọn một mục.")
    stage.locator("label[part=choice]").first.click()
    stage.get_by_role("button", name="Bình chọn").click()

    expect(stage.locator("[part=bars] li")).to_have_count(2)
    expect(page.locator("[data-show=results]")).to_have_attribute("aria-pressed", "true")
    assert sent == []
    page.locator("[data-show=form]").click()
    expect(stage.get_by_role("button", name="Bình chọn")).to_be_visible()


def test_what_cannot_be_previewed_is_said_and_the_last_preview_stays(
    admin: Callable[..., Page],
) -> None:
    """A time that is over before it begins; the service away."""
    page = admin("polls/new")
    page.fill("#question", "Gì?")
    stage = page.locator("[data-stage]")
    expect(stage.locator("legend")).to_have_text("Gì?")
    told = page.locator("[data-problem]")
    # The console tells a 400 as an error of its own; here it is an answer.
    page.route(
        "**/preview",
        lambda route: route.fulfill(
            status=200, content_type="application/json", body='{"problem": "Sai giờ."}'
        ),
    )

    page.fill("#opens", "2026-03-02T08:00")
    expect(told).to_have_text("Sai giờ.")
    expect(stage.locator("legend")).to_have_text("Gì?")
    page.unroute("**/preview")
    page.route("**/preview", lambda route: route.fulfill(status=200, body="<p>proxy</p>"))
    page.fill("#question", "Gì nữa?")

    expect(told).to_contain_text("Hiện chưa xem trước được")
    page.unroute("**/preview")
    page.fill("#question", "Gì thế?")
    expect(stage.locator("legend")).to_have_text("Gì thế?")
    expect(told).to_be_hidden()


def test_without_javascript_the_form_makes_a_poll(
    admin: Callable[..., Page], embed: Embed, services: Services
) -> None:
    """No preview, and nothing that only a script could fill."""
    page = admin("polls/new", java_script_enabled=False)
    expect(page.locator("[data-preview]")).to_be_hidden()

    page.fill("#question", "Không có JavaScript?")
    page.fill("#choices", "Có\nKhông")
    page.get_by_role("button", name="Lưu và mở").click()

    expect(page.locator("h1")).to_have_text("Không có JavaScript?")
    (poll,) = services.polls.polls.all(embed.slug)
    assert (poll.status, len(poll.choices)) == ("open", 2)


def test_a_poll_is_shared_by_its_address_and_its_code(
    admin: Callable[..., Page], embed: Embed
) -> None:
    """The address is copied; it is that of the page for everybody; the code is drawn."""
    page = admin("polls/new")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.fill("#question", "Chia sẻ?")
    page.fill("#choices", "Có\nKhông")
    page.get_by_role("button", name="Lưu và mở").click()

    page.locator("[data-copy=address]").click()
    address = page.evaluate("navigator.clipboard.readText()")
    code = page.locator(".qr-code img")
    assert code.evaluate("image => image.complete && image.naturalWidth > 100")
    with page.expect_download() as download:
        page.locator(".qr-code a").click()

    assert download.value.suggested_filename == f"{embed.slug}-chia-se-qr.svg"
    page.goto(address)
    expect(page.locator("h1")).to_have_text("Chia sẻ?")


def test_a_burst_is_taken_out_by_clicking(
    admin: Callable[..., Page], embed: Embed, services: Services
) -> None:
    """From the list to the span, to the decision, and back."""
    site, now = services.sites.sites.get(embed.slug), services.clock.now()
    visitor = Visitor(
        "192.0.2.1", BROWSER, f"http://{site.hosts[0]}", private=False, prefetch=False
    )
    entry = services.sites.directory.load(site.slug, now)
    services.loop.run(
        services.traffic.recorder.record(
            entry, PageQuery(hit=new_hit(), article="/tin/1"), visitor, now
        )
    )
    for number in range(15):
        token = services.polls.voters.issue(site.slug, now - 60)
        services.loop.run(
            services.ratings.ratings.rate_article(
                entry, RatingQuery("/tin/1", 1 if number else 5, token), visitor, now
            )
        )
    page = admin("ratings")
    assert faults(page) == []

    page.locator(".bursts a").click()
    expect(page.locator(".verdict")).to_contain_text("15 đánh giá")
    assert faults(page) == []
    page.get_by_role("button", name="Loại 15 đánh giá này").click()

    expect(page.get_by_role("status")).to_have_text("Đã loại 15 đánh giá.")
    assert services.ratings.ratings.get(site, ["/tin/1"]).ratings["/tin/1"].rating.count == 0
    assert faults(page) == []
    page.locator("[name=decision] + button").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert services.ratings.ratings.get(site, ["/tin/1"]).ratings["/tin/1"].rating.count == 15


def test_the_integrity_report_is_made_for_paper(
    admin: Callable[..., Page], embed: Embed, services: Services
) -> None:
    """Without the menu, with the site's name and places for signatures, on a page or two."""
    poll = make_poll(services, embed.slug)
    page = admin(f"polls/{poll}/integrity", color_scheme="dark")
    expect(page.locator(".signatures")).to_be_hidden()

    page.emulate_media(media="print", color_scheme="dark")

    expect(page.locator(".letterhead")).to_contain_text(services.sites.sites.get(embed.slug).name)
    expect(page.locator(".signatures")).to_be_visible()
    expect(page.locator(".side")).to_be_hidden()
    expect(page.get_by_role("button", name="In báo cáo")).to_be_hidden()
    paper = page.pdf(path=OUT / "admin-integrity.pdf", format="A4")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 2


@pytest.mark.parametrize(
    "look",
    [
        pytest.param({}, id="wide"),
        pytest.param({"viewport": {"width": 360, "height": 780}, "is_mobile": True}, id="phone"),
        pytest.param({"color_scheme": "dark", "locale": "en-GB"}, id="dark"),
    ],
)
def test_an_editor_throws_a_test_poll_away_and_takes_that_back(
    admin: Callable[..., Page],
    services: Services,
    embed: Embed,
    look: dict[str, object],
    request: pytest.FixtureRequest,
) -> None:
    """Reset, deleted by its typed name, undone; every page on the way is accessible."""
    poll, name = make_poll(services, embed.slug), request.node.callspec.id
    page = admin(f"polls/{poll}/remove", **look)

    def look_at(what: str) -> None:
        OUT.mkdir(exist_ok=True)
        page.screenshot(path=OUT / f"removal-{what}-{name}.png", full_page=True)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    look_at("ask")
    page.fill("#delete-name", poll)
    page.locator("#delete-name").press("Enter")
    page.wait_for_url("**/polls")
    look_at("list")
    assert services.polls.polls.all(embed.slug) == []
    page.locator("form[action*=removed] button").click()
    page.wait_for_url(f"**/polls/{poll}")
    look_at("poll")
    assert services.polls.polls.tally(embed.slug, poll).ballots == 20
    page.goto(page.url + "/edit")
    look_at("form")
    page.goto(page.url.replace("/edit", "/integrity"))
    expect(page.locator("#events-title + ul li")).to_have_count(3)
    look_at("integrity")

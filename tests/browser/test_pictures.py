"""Pictures of choices in the widget, on the hosted page, in print and in the builder's preview."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from stats_service.models.audit import Author
from stats_service.models.polls import Poll
from stats_service.services.container import Services
from tests.browser.axe import faults
from tests.browser.visitor import Embed
from tests.browser.voting import make_poll, votes
from tests.support.pictures import picture_file

OUT = Path(__file__).parent / "out"
COLOURS = ("teal", "crimson", "goldenrod", "navy")


def pictured(embed: Embed, **fields: object) -> Poll:
    """Make a poll each of whose choices has a picture, wide or high."""
    poll = make_poll(embed, **fields)
    for number, choice in enumerate(poll.choices):
        size = (900, 600) if number % 2 else (400, 800)
        by = Author("an", embed.services.clock.now())
        file = picture_file(size, colour=COLOURS[number % 4])
        poll = embed.services.polls.pictures.put(embed.slug, poll.id, choice.id, file, by)
    return poll


def are_shown(images: Locator) -> bool:
    """Tell whether every picture has arrived and has a size that is its own."""
    script = "(all) => all.every((one) => one.complete && one.naturalWidth && one.width && "
    script += "Math.abs(one.width / one.height - one.naturalWidth / one.naturalHeight) < 0.05)"
    return bool(images.evaluate_all(script))


@pytest.mark.parametrize(
    ("look", "options"),
    [
        ("wide", {"viewport": {"width": 1280, "height": 900}}),
        ("narrow", {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}),
        ("contrast", {"viewport": {"width": 640, "height": 900}, "forced_colors": "active"}),
    ],
)
def test_the_widget_shows_them_in_form_and_results(
    open_context: Callable[..., BrowserContext],
    embed: Embed,
    look: str,
    options: dict[str, object],
) -> None:
    """Beside each answer, with words for who does not see them; nothing sticks out."""
    poll = pictured(embed)
    page = open_context(**options).new_page()
    page.goto(
        embed.put("/tin/1", f'<main><h1>Tin</h1><stats-poll poll="{poll.id}"></stats-poll></main>')
    )
    widget = page.locator("stats-poll")

    def look_at(state: str) -> None:
        images = widget.locator("img:visible")
        expect(images).to_have_count(4)
        expect(images.first).to_have_attribute("alt", "Ảnh: Tin tức - Sự kiện")
        page.wait_for_function(
            "() => [...document.querySelector('stats-poll').shadowRoot.querySelectorAll('img')]"
            ".every((one) => one.complete && one.naturalWidth)"
        )
        assert are_shown(images)
        OUT.mkdir(exist_ok=True)
        page.screenshot(path=OUT / f"pictures-{look}-{state}.png", full_page=True)
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    look_at("form")
    widget.get_by_text("Thủ tục hành chính").click()
    widget.get_by_role("button", name="Bình chọn").click()
    expect(widget.locator("[part=message]")).to_contain_text("Cảm ơn")
    look_at("results")
    assert votes(embed, poll) == {"thu-tuc": 1}


def test_a_click_on_a_picture_chooses(page: Page, embed: Embed) -> None:
    """It is part of its answer."""
    poll = pictured(embed)
    page.goto(embed.put("/tin/1", f'<stats-poll poll="{poll.id}"></stats-poll>'))

    page.locator("stats-poll img").nth(2).click()

    expect(page.locator("stats-poll").get_by_role("radio").nth(2)).to_be_checked()


def test_the_hosted_page_shows_and_prints_them(page: Page, embed: Embed) -> None:
    """Without JavaScript as well: they are plain images."""
    poll = pictured(embed)
    page.goto(f"{embed.base}/{embed.slug}/p/{poll.id}?lang=vi")
    expect(page.locator("label img")).to_have_count(4)
    assert are_shown(page.locator("img"))
    page.screenshot(path=OUT / "pictures-hosted-form.png", full_page=True)
    assert Axe().run(page).response["violations"] == []

    page.get_by_role("link", name="Xem kết quả").click()
    expect(page.locator("dt img")).to_have_count(4)
    page.emulate_media(media="print")
    expect(page.locator("dt img").first).to_be_visible()
    page.screenshot(path=OUT / "pictures-hosted-print.png", full_page=True)


@pytest.mark.parametrize("width", [1360, 320])
def test_an_editor_gives_a_choice_a_picture_and_a_desk_its_kiosk(
    admin: Callable[..., Page], embed: Embed, services: Services, tmp_path: Path, width: int
) -> None:
    """From the poll's pages, on a large screen and a small one, without a fault of axe."""
    poll = make_poll(embed, kiosk_pause=10)
    file = tmp_path / "lua.png"
    file.write_bytes(picture_file((900, 600)))
    page = admin(f"polls/{poll.id}/pictures", viewport={"width": width, "height": 900})

    page.locator("input[type=file]").first.set_input_files(str(file))
    page.locator("input[name=alt]").first.fill("Bông lúa vàng")
    page.get_by_role("button", name=re.compile("Lưu.*Tin tức")).click()
    expect(page.get_by_alt_text("Bông lúa vàng")).to_be_visible()
    assert faults(page) == []
    page.screenshot(path=OUT / f"admin-pictures-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.goto(page.url.replace(f"polls/{poll.id}/pictures", f"kiosks?poll={poll.id}"))
    page.get_by_label("Nơi đặt thiết bị").fill("Một cửa, quầy 1")
    page.get_by_role("button", name="Tạo liên kết dùng một lần").click()
    expect(page.get_by_alt_text("Mã QR của liên kết")).to_be_visible()
    assert faults(page) == []
    page.screenshot(path=OUT / f"admin-kiosks-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = services.polls.polls.get(embed.slug, poll.id).choices[0].picture
    assert found
    assert found.alt == {"vi": "Bông lúa vàng"}


def test_a_file_that_is_chosen_is_saved_and_said_in_the_window(
    admin: Callable[..., Page], embed: Embed, tmp_path: Path
) -> None:
    """Far down a page of many answers, without a click, and without losing the place."""
    poll = make_poll(embed)
    last = poll.choices[-1]
    file = tmp_path / "anh.png"
    file.write_bytes(picture_file())
    page = admin(f"polls/{poll.id}/pictures")
    page.set_viewport_size({"width": 1280, "height": 500})

    page.locator(f"#file-{last.id}").set_input_files(file)

    said = page.locator(".flash")
    expect(said).to_have_text("Đã lưu ảnh.")
    expect(said).to_be_in_viewport()
    expect(page.locator(f"#choice-{last.id}")).to_be_in_viewport()
    expect(page.locator(".nav a[aria-current=page]")).to_have_text("Bình chọn")
    stored = embed.services.polls.polls.get(embed.slug, poll.id).choices[-1]
    assert stored.picture is not None

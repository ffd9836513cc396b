"""Every state of polls and ratings in every look: nothing sticks out, axe-core agrees."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from stats_service.models.polls import Poll
from tests.browser.visitor import Embed
from tests.browser.voting import Voter, cast, make_poll, refusal

OUT = Path(__file__).parent / "out"
HOUR = 3600
LOOKS: dict[str, dict[str, object]] = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
    "narrow": {"viewport": {"width": 320, "height": 640}},
    "english": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "contrast": {"viewport": {"width": 1280, "height": 900}, "forced_colors": "active"},
    "rtl": {"viewport": {"width": 1280, "height": 900}},
    # A window of 1280 pixels at 200 %; that at 400 % is the narrow one.
    "zoomed": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
}
STYLE = """
:root { color-scheme: light dark; color: CanvasText; background: Canvas }
:root { font: 16px/1.5 "Noto Sans", sans-serif }
body { margin: 1rem } h1 { margin: 0; font-size: 1rem }
main { display: grid; gap: 1rem; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)) }
h1 { grid-column: 1 / -1 }
section { border: 1px solid #8886; border-radius: .5rem; padding: 1rem; min-width: 0 }
h2 { font-size: .9rem; margin: 0 0 .75rem }
"""
RATINGS = ("fresh", "rated", "keys", "spread", "unsent", "fixed")


def make_polls(embed: Embed) -> dict[str, Poll]:
    """Make a poll for every state, by the state's name."""
    now = embed.services.clock.now()
    two = {"multiple": True, "max_choices": 2}
    polls = {
        "form": make_poll(embed, closes=now + 73 * HOUR),
        "pick": make_poll(embed, closes=now + 5 * HOUR),
        "bounds": make_poll(embed, **two, min_choices=2),
        "other": make_poll(embed, **two, other=80),
        "seen": make_poll(embed, **two),
        "voted": make_poll(embed),
        "change": make_poll(embed, **two, change=True),
        "held": make_poll(embed, protection={"per_address": 1}),
        "away": make_poll(embed),
        "already": make_poll(embed),
        "closed": make_poll(embed),
        "counts": make_poll(embed, results_as="counts"),
        "after": make_poll(embed, results_when="after-voting"),
        "admins": make_poll(embed, results_when="admins"),
        "scheduled": make_poll(embed, opens=now + 26 * HOUR),
        "none": make_poll(embed, status="draft"),
    }
    for state in ("seen", "voted", "change", "already", "counts", "closed", "away"):
        for choice in ("tin-tuc", "tin-tuc", "thu-tuc", "tin-tuc", "van-ban", "thu-tuc"):
            cast(embed, polls[state], choice)
    embed.services.polls.polls.close(embed.slug, polls["closed"].id, "test", now)
    return polls


def publish(embed: Embed, polls: dict[str, Poll], lang: str, direction: str = "ltr") -> str:
    """Publish a page with every state, each in a section of its own, and return its URL."""
    elements = {
        state: f'<stats-poll poll="{poll.id}"></stats-poll>' for state, poll in polls.items()
    }
    elements |= {state: f'<stats-rating article="/{state}"></stats-rating>' for state in RATINGS}
    elements["archive"] = "<stats-poll-archive></stats-poll-archive>"
    elements["list"] = "".join(
        f'<stats-rating readonly article="/{state}"></stats-rating>' for state in RATINGS[:2]
    )
    body = "".join(
        f'<section id="{state}"><h2>{state}</h2>{element}</section>'
        for state, element in elements.items()
    )
    head = (
        f'<meta name="viewport" content="width=device-width">{embed.snippet}<style>{STYLE}</style>'
    )
    return embed.put(
        "/gallery", f'<main dir="{direction}"><h1>Gallery</h1>{body}</main>', lang=lang, head=head
    )


class Gallery:
    """The page with every state, and the way to them."""

    def __init__(self, voter: Voter, polls: dict[str, Poll]) -> None:
        self.voter = voter
        self.page: Page = voter.page
        self.polls = polls

    def at(self, state: str) -> Locator:
        """Return the section of a state."""
        return self.page.locator(f"#{state}")

    def choose(self, state: str, *numbers: int) -> None:
        """Choose answers of a poll."""
        for number in numbers:
            self.at(state).locator("[part=choice] input").nth(number).check()

    def press(self, state: str, part: str = "vote") -> None:
        """Press a button of a poll."""
        self.at(state).locator(f"[part~={part}]:visible").first.click()

    def says(self, state: str) -> None:
        """Wait until a widget has something to say."""
        expect(self.at(state).locator("[part=message][data-kind]")).to_be_visible()


def show_states(gallery: Gallery, embed: Embed, token: str) -> None:
    """Bring every widget of the page into the state that its section is named after."""
    polls, page = gallery.polls, gallery.page
    page.route(f"**/{polls['away'].id}/ballots", lambda route: route.abort())
    cast(embed, polls["held"], "tin-tuc", address="127.0.0.1")
    cast(embed, polls["already"], "tin-tuc", token=token)
    for state, numbers in {
        "pick": (),
        "bounds": (0,),
        "voted": (1,),
        "change": (0, 2),
        "held": (1,),
        "away": (2,),
        "already": (3,),
        "admins": (0,),
    }.items():
        gallery.choose(state, *numbers)
        gallery.press(state)
        gallery.says(state)
    gallery.choose("other", 0, 4)
    gallery.at("other").locator("[part=other-text]").fill("Đường giao thông")
    gallery.press("seen", "results")
    gallery.press("counts", "results")
    for state, number in {"rated": 3, "spread": 4}.items():
        gallery.at(state).locator("label").nth(number).click()
        gallery.says(state)
    gallery.at("spread").locator("summary").click()
    page.route("**/ratings", refusal(embed, 503, "store-unavailable"))
    gallery.at("unsent").locator("label").nth(1).click()
    gallery.says("unsent")
    gallery.at("keys").locator("input").nth(0).focus()
    page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("look", LOOKS)
def test_every_state_is_right_in_every_look(
    new_voter: Callable[..., Voter], embed: Embed, look: str
) -> None:
    """The pictures are kept in `out`."""
    voter = new_voter(**LOOKS[look], reduced_motion="reduce")
    token = voter.was_here_before()
    voter.page.add_init_script(
        f"localStorage.setItem('stats-ratings:{embed.slug}', "
        """'{"/fixed": {"score": 3, "until": "2026-01-01T00:00:00+07:00"}}')"""
    )
    polls = make_polls(embed)
    for state in RATINGS:
        voter.open(embed.put(f"/{state}", "<stats-count></stats-count>"))
    lang, direction = "en" if look == "english" else "vi", "rtl" if look == "rtl" else "ltr"
    voter.open(publish(embed, polls, lang, direction), answers=len(polls))
    show_states(Gallery(voter, polls), embed, token)

    OUT.mkdir(exist_ok=True)
    voter.page.screenshot(path=OUT / f"votes-{look}.png", full_page=True)
    sizes = voter.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert sizes[0] <= sizes[1]
    found = Axe().run(voter.page).response["violations"]
    assert [(each["id"], each["nodes"][0]["failureSummary"]) for each in found] == []
    assert voter.errors == []

"""A poll and its voters in a browser, and the ratings of an article."""

import itertools
import json
from typing import Any

from playwright.sync_api import Locator, Request, Route

from stats_service.models.polls import BallotQuery, Choice, Poll, Protection
from stats_service.models.sites import Site
from stats_service.models.traffic import views
from tests.browser.visitor import Embed, Visitor
from tests.support.pages import BROWSER

QUESTION = "Bạn quan tâm mục gì nhất trong Website của chúng tôi?"
TEXTS = {
    "tin-tuc": {"vi": "Tin tức - Sự kiện", "en": "News and events"},
    "thu-tuc": {"vi": "Thủ tục hành chính", "en": "Administrative procedures"},
    "van-ban": {"vi": "Văn bản chỉ đạo điều hành", "en": "Documents"},
    "hoi-dap": {"vi": "Hỏi đáp, góp ý"},
}
POLL = '<stats-poll id="poll"></stats-poll>'

_numbers = itertools.count(1)


def make_poll(embed: Embed, **fields: Any) -> Poll:
    """Open a poll on the site; `fields` are those of `Poll`."""
    protection = protection_with(fields.pop("protection", {}))
    poll = Poll(
        id=fields.pop("id", f"poll-{next(_numbers)}"),
        question=fields.pop("question", {"vi": QUESTION, "en": "What interests you most?"}),
        choices=fields.pop("choices", tuple(Choice(id=id_, text=TEXTS[id_]) for id_ in TEXTS)),
        status=fields.pop("status", "open"),
        protection=protection,
        **fields,
    )
    services = embed.services
    return services.polls.polls.create(embed.slug, poll, "test", services.clock.now())


def protection_with(fields: dict[str, Any]) -> Protection:
    """Return the usual protection with `fields`; tokens vote at once, so that no test waits."""
    return Protection(**({"wait": 0} | fields))


def votes(embed: Embed, poll: Poll) -> dict[str, int]:
    """Return the votes that the service has, without the choices that have none."""
    tally = embed.services.polls.polls.tally(embed.slug, poll.id)
    return {choice: number for choice, number in tally.votes.items() if number}


def cast(
    embed: Embed, poll: Poll, *choices: str, token: str = "", address: str = "192.0.2.9"
) -> None:
    """Cast a ballot without a browser: by somebody else, or by who has the token."""
    services = embed.services
    now = services.clock.now()
    ballot = BallotQuery(
        ballot=f"test-ballot-{next(_numbers):08}",
        choices=choices,
        voter=token or services.polls.voters.issue(embed.slug, now - 60),
    )
    visitor = views.Visitor(
        address=address,
        user_agent=BROWSER,
        origin=f"http://{embed.portal.host}",
        private=False,
        prefetch=False,
    )
    entry = services.sites.directory.load(embed.slug, now)
    services.loop.run(services.polls.ballots.cast_ballot(entry, poll.id, ballot, visitor, now))


class Voter(Visitor):
    """Somebody who votes, and everything that was sent for it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        #: Bodies of ballots and ratings.
        self.ballots: list[dict[str, Any]] = []
        self.page.on("request", self._ballot)

    def was_here_before(self) -> str:
        """Give the browser a token that is old enough to rate at once, and return it."""
        services = self.embed.services
        token = services.polls.voters.issue(self.embed.slug, services.clock.now() - 3600)
        self.page.add_init_script(
            f"localStorage.setItem('stats-voter:{self.embed.slug}', '{token}')"
        )
        return token

    @property
    def poll(self) -> Locator:
        """The poll on the page."""
        return self.page.locator("stats-poll").first

    @property
    def rating(self) -> Locator:
        """The rating on the page."""
        return self.page.locator("stats-rating").first

    def choose(self, *labels: str) -> None:
        """Choose answers, without sending them."""
        for label in labels:
            self.poll.get_by_label(label, exact=True).check()

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name).click()

    def vote(self, *labels: str) -> None:
        """Choose answers and send them."""
        self.choose(*labels)
        self.press("Bình chọn")

    def shown(self, host: str = "stats-poll") -> str:
        """Return the text that a widget shows; `inner_text` of the host leaves its shadow out."""
        text: str = self.page.locator(host).first.evaluate(
            "host => [...host.shadowRoot.children].map(child => child.innerText).join('\\n')"
        )
        assert text.strip(), f"{host} shows no text: nothing can be said of what is not in it"
        return text

    def message(self, host: str = "stats-poll") -> Locator:
        """What the widget tells its reader."""
        return self.page.locator(host).first.get_by_role("status")

    def bars(self, host: str = "stats-poll") -> list[tuple[str, str]]:
        """The results: each choice with its numbers; an asterisk marks the reader's own."""
        rows: list[list[str]] = (
            self.page.locator(host)
            .first.locator("[part~=bar]")
            .evaluate_all(
                "rows => rows.map(row => [(row.querySelector('[part=mark]') ? '*' : '') + "
                "row.querySelector('[part=name]').textContent, "
                "row.querySelector('[part=value]').textContent])"
            )
        )
        return [(name, value) for name, value in rows]

    def focused(self) -> str:
        """The part of the widget that has the focus."""
        part: str = self.page.evaluate(
            "() => { let at = document.activeElement;"
            " while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;"
            " return at.getAttribute('part') || at.id || at.localName }"
        )
        return part

    def _ballot(self, request: Request) -> None:
        if request.url.endswith(("/ballots", "/ratings")) and request.method == "POST":
            self.ballots.append(json.loads(request.post_data or "null"))


def refusal(embed: Embed, status: int, code: str, **headers: str) -> Any:
    """Return a route that answers as the service would if it refused."""

    def answer(route: Route) -> None:
        route.fulfill(
            status=status,
            headers={
                "Access-Control-Allow-Origin": f"http://{embed.portal.host}",
                "Access-Control-Expose-Headers": "Retry-After",
                "Content-Type": "application/problem+json",
            }
            | {name.replace("_", "-"): value for name, value in headers.items()},
            body=json.dumps({"code": code, "status": status}),
        )

    return answer


def set_scale(embed: Embed, scale: int) -> Site:
    """Let the site rate on another scale."""
    return embed.services.sites.sites.edit(embed.slug, rating_scale=scale)

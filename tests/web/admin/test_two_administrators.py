"""Two administrators at the same form: nobody undoes what the other did without seeing it."""

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import replace
from werkzeug.test import TestResponse

from stats_service.errors import StaleError
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.services.accounts.accounts import (
    operator_revision,
    rights_revision,
    role_revision,
)
from stats_service.services.container import Services
from stats_service.services.sites.sites import settings_revision
from stats_service.services.traffic.opening_balances import balance_revision
from tests.support.admin import Person, add_account
from tests.support.clock import FakeClock
from tests.support.votes import WHO, make_poll
from tests.web.api.manage.conftest import Program, writer

__all__ = ["writer"]

SETTINGS = "/admin/sites/kimson/settings"
ARTICLE = "/tin/1"
#: What the first card has in lists, which are not read out of its form.
_CHOSEN = {"timezone": "Asia/Ho_Chi_Minh", "language": "vi"}
_FORM = re.compile(r"<form[^>]*>.*?</form>", re.DOTALL)
_INPUT = re.compile(r"<input[^>]*>")
_ATTRIBUTE = re.compile(r' (name|value|type)="([^"]*)"')
_AREA = re.compile(r'<textarea[^>]*name="([a-z_]+)"[^>]*>([^<]*)</textarea>')


@pytest.fixture
def now(clock: FakeClock) -> float:
    """Give the moment at which all of it happens."""
    return clock.now()


def text_of(response: TestResponse) -> str:
    """Return a page as its reader sees the words."""
    return html.unescape(response.get_data(as_text=True))


def card(page: str, title: str) -> dict[str, str]:
    """Return the fields of one card of the settings, as its form holds them."""
    form = next(form for form in _FORM.findall(page) if f'aria-labelledby="{title}"' in form)
    inputs = [dict(_ATTRIBUTE.findall(text)) for text in _INPUT.findall(form)]
    fields = {one["name"]: one.get("value", "") for one in inputs if one.get("type") != "radio"}
    fields |= dict(_AREA.findall(form))
    return {name: value for name, value in fields.items() if name != "csrf_token"}


def test_a_late_save_is_refused_and_shows_both_versions(
    owner: Person, services: Services, site: Site, now: float
) -> None:
    """Nothing of the other is undone, nothing typed is lost, and who has seen both may go on."""
    fields = card(text_of(owner.get(SETTINGS)), "limits-title")
    services.sites.sites.edit(site.slug, Author("khac", now), article_cap=77)

    late = owner.post(SETTINGS, **fields | {"article_cap": "55"})

    page = text_of(late)
    assert late.status_code == StaleError.status
    assert services.sites.sites.get(site.slug).article_cap == 77
    assert re.search(r"77</td>.*?<strong>55</strong>", page, re.DOTALL)
    again = card(page, "limits-title")
    assert again["article_cap"] == "55"
    assert owner.post(SETTINGS, **again).status_code == 302
    assert services.sites.sites.get(site.slug).article_cap == 55


def test_another_card_is_no_conflict(
    owner: Person, services: Services, site: Site, now: float
) -> None:
    """Two who change different things are not in each other's way."""
    fields = card(text_of(owner.get(SETTINGS)), "limits-title")
    services.sites.sites.edit(site.slug, Author("khac", now), hosts=("khac.example.vn",))

    saved = owner.post(SETTINGS, **fields | {"article_cap": "55"})

    assert saved.status_code == 302
    found = services.sites.sites.get(site.slug)
    assert (found.hosts, found.article_cap) == (("khac.example.vn",), 55)


@pytest.mark.parametrize(
    ("title", "change"),
    [
        ("site-title", {"name": "Tên khác", **_CHOSEN, "headline": "views"}),
        ("balance-title", {"opening_views": "9"}),
        ("articles-title", {"article_parameters": "id", "rated_type": "MediaObject"}),
        ("public-title", {"public": "yes"}),
        ("limits-title", {"view_ceiling": "8000"}),
    ],
)
def test_every_card_holds_the_revision_of_what_it_shows(
    owner: Person, title: str, change: dict[str, str]
) -> None:
    """Each is saved as it came, so its revision is of its own fields."""
    fields = card(text_of(owner.get(SETTINGS)), title)

    assert fields["revision"]
    assert owner.post(SETTINGS, **fields | change).status_code == 302


def test_of_two_at_once_one_is_told(services: Services, site: Site, now: float) -> None:
    """What was compared is what is written over: no two of one revision both win."""
    revision = settings_revision(site, ["article_cap"])

    def save(cap: int) -> bool:
        try:
            services.sites.sites.edit(site.slug, Author(WHO, now), revision, article_cap=cap)
        except StaleError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(save, range(100, 116)))

    assert won.count(True) == 1
    assert services.sites.sites.get(site.slug).article_cap == 100 + won.index(True)


def test_of_two_balances_at_once_one_is_told(services: Services, site: Site, now: float) -> None:
    """The same for the balance of an article."""

    def save(views: int) -> bool:
        openings = services.traffic.opening_balances
        try:
            openings.set(site, ARTICLE, views, WHO, now, balance_revision(0))
        except StaleError:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(save, range(100, 116)))

    assert won.count(True) == 1
    assert services.traffic.opening_balances.get(site, ARTICLE).views == 100 + won.index(True)


def test_a_balance_that_is_there_is_shown_before_it_goes(
    owner: Person, services: Services, site: Site, now: float
) -> None:
    """The form knows of none: who gives one to an article that has one sees both first."""
    services.traffic.opening_balances.set(site, ARTICLE, 366, "khac", now)
    fields = {"article": ARTICLE, "article_views": "1000", "revision": balance_revision(0)}

    late = owner.post(f"{SETTINGS}/opening", **fields)

    page = text_of(late)
    assert late.status_code == StaleError.status
    assert "366" in page
    assert f'value="{ARTICLE}"' in page
    assert f'value="{balance_revision(366)}"' in page
    owner.post(f"{SETTINGS}/opening", **fields | {"revision": balance_revision(366)})
    assert services.traffic.opening_balances.get(site, ARTICLE).views == 1000


Change = Callable[[Services, float], object]


@pytest.mark.parametrize(
    ("path", "fields", "meanwhile"),
    [
        (
            "/admin/sites/kimson/people",
            {"name": "lan", "role": "editor", "revision": role_revision("viewer")},
            lambda services, now: services.accounts.accounts.set_role(
                "lan", "kimson", "owner", WHO, now
            ),
        ),
        (
            "/admin/accounts/lan/operator",
            {"operator": "no", "revision": "0" * 16},
            lambda services, now: services.accounts.accounts.set_operator(
                "lan", WHO, now, operator=True
            ),
        ),
        (
            "/admin/accounts/lan/remove",
            {"revision": "0" * 16},
            lambda services, now: services.accounts.accounts.set_role(
                "lan", "kimson", "owner", WHO, now
            ),
        ),
    ],
)
def test_rights_that_were_changed_meanwhile_stay(
    operator: Person,
    services: Services,
    site: Site,
    now: float,
    path: str,
    fields: dict[str, str],
    meanwhile: Change,
) -> None:
    """The account keeps what it got, and the page says what that is."""
    add_account(services, "lan", roles={site.slug: "viewer"})
    meanwhile(services, now)
    before = services.accounts.accounts.get("lan")

    operator.post(path, **fields)

    assert services.accounts.accounts.get("lan") == before
    told = text_of(operator.get("/admin/accounts"))
    assert "≠" in told


def test_forms_about_accounts_hold_revisions(
    operator: Person, services: Services, site: Site
) -> None:
    """As they come, they change what they name."""
    add_account(services, "lan", roles={site.slug: "viewer"})
    account = services.accounts.accounts.get("lan")

    accounts = text_of(operator.get("/admin/accounts"))
    people = text_of(operator.get("/admin/sites/kimson/people"))

    assert operator_revision(account) in accounts
    assert rights_revision(account) in accounts
    assert role_revision("viewer") in people
    assert role_revision("") in people


def test_a_program_says_what_it_read(writer: Program, services: Services, site: Site) -> None:
    """`ETag` out, `If-Match` in; late: 412 with both versions, and nothing is changed."""
    tag = writer.call("GET", f"/articles/opening?article={ARTICLE}").headers["ETag"]
    body = {"article": ARTICLE, "views": 366}

    first = writer.call("PUT", "/articles/opening", body, headers={"If-Match": tag})
    late = writer.call(
        "PUT", "/articles/opening", body | {"views": 9}, headers={"If-Match": f"W/{tag}"}
    )

    assert first.status_code == 200
    assert late.status_code == StaleError.status
    assert late.headers["ETag"] == first.headers["ETag"]
    assert late.get_json()["differences"] == [{"field": "views", "wanted": 9, "standing": 366}]
    assert services.traffic.opening_balances.get(site, ARTICLE).views == 366
    assert writer.call("PUT", "/articles/opening", body | {"views": 9}).status_code == 200
    bad = writer.call("PUT", "/articles/opening", body, headers={"If-Match": "366"})
    assert bad.status_code == 400


def test_a_poll_that_was_changed_meanwhile_keeps_the_change(
    operator: Person, services: Services, site: Site, now: float
) -> None:
    """One hides an answer and sets an end; the other, who corrects a word, sees both first."""
    make_poll(services, id="duong", question={"vi": "Hỏi?"})
    polls = services.polls.polls
    page = text_of(operator.get("/admin/sites/kimson/polls/duong/edit"))
    fields = {
        "question": "Hỏi gì?",
        "revision": re.search(r'name="revision" value="(\d+)"', page)[1],
    } | {f"text-{one.id}": one.text["vi"] for one in polls.get(site.slug, "duong").choices}
    first = polls.get(site.slug, "duong").choices[0]
    hidden = tuple(
        replace(one, hidden=one == first) for one in polls.get(site.slug, "duong").choices
    )
    polls.edit(site.slug, "duong", "khac", now, choices=hidden, closes=now + 3600)

    late = operator.post("/admin/sites/kimson/polls/duong/edit", **fields)

    page = text_of(late)
    assert late.status_code == StaleError.status
    assert 'value="Hỏi gì?"' in page
    standing = polls.get(site.slug, "duong")
    assert (standing.question, standing.choices) == ({"vi": "Hỏi?"}, hidden)
    assert f'name="revision" value="{standing.revision}"' in page
    again = fields | {"revision": str(standing.revision)}
    assert operator.post("/admin/sites/kimson/polls/duong/edit", **again).status_code == 302


def test_a_poll_is_opened_as_it_was_seen(
    operator: Person, services: Services, writer: Program, site: Site, now: float
) -> None:
    """A button of a page that is out of date does nothing; nor does a program."""
    make_poll(services, id="duong", status="draft")
    polls = services.polls.polls
    before = polls.get(site.slug, "duong").revision
    tag = writer.call("GET", "/polls/duong").headers["ETag"]
    polls.edit(site.slug, "duong", "khac", now, shuffle=True)

    operator.post("/admin/sites/kimson/polls/duong/state", to="open", revision=str(before))
    refused = writer.call("POST", "/polls/duong/open", headers={"If-Match": tag})
    late = writer.call("PATCH", "/polls/duong", {"shuffle": False}, headers={"If-Match": tag})

    assert polls.get(site.slug, "duong").status == "draft"
    assert refused.status_code == late.status_code == StaleError.status
    assert late.get_json()["differences"] == [
        {"field": "shuffle", "wanted": False, "standing": True}
    ]
    fresh = {"If-Match": late.headers["ETag"]}
    assert (
        writer.call("PATCH", "/polls/duong", {"shuffle": False}, headers=fresh).status_code == 200
    )

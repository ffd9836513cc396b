"""The page on which one votes without JavaScript: the same rules, and only its own form."""

import html
import re

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace
from werkzeug.test import TestResponse

from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.polls.rules import PRESETS
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER
from tests.support.votes import WHO, make_poll, new_voter, vote

PAGE = "/v1/kimson/p/muc-quan-tam"
POLL = "muc-quan-tam"


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


def show(client: FlaskClient, path: str = PAGE, **headers: str) -> TestResponse:
    """Open the page."""
    return client.get(path, headers={"User-Agent": BROWSER, **headers})


def fields(page: TestResponse) -> dict[str, str]:
    """Return the hidden fields of the page's form."""
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: html.unescape(value) for name, value in found}


def send(
    client: FlaskClient,
    page: TestResponse,
    *choices: str,
    origin: str = "http://localhost",
    **more: str,
) -> TestResponse:
    """Send the page's form, as a browser does."""
    return client.post(
        f"{PAGE}?lang=vi",
        data=fields(page) | {"choice": list(choices)} | more,
        headers={"User-Agent": BROWSER, "Origin": origin},
    )


def votes(services: Services) -> dict[str, int]:
    """Return the votes that count."""
    return services.polls.polls.tally("kimson", POLL).votes


def test_one_votes_with_the_form_and_sees_the_results(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """After the vote the browser is sent to the results; loading them again votes no more."""
    make_poll(services)
    page = show(client)
    clock.advance(5)

    sent = send(client, page, "a")
    results = show(client, sent.headers["Location"])

    assert page.status_code == 200
    assert "<legend><h1>Bạn quan tâm mục gì nhất?</h1></legend>" in page.text
    assert page.text.count('<input type="radio"') == 3
    assert sent.status_code == 303
    assert "Cảm ơn bạn" in results.text
    assert "<b>100%</b> (1 phiếu)" in results.text
    assert "<form" not in results.text
    assert "Trình duyệt này đã bình chọn." in show(client).text
    assert votes(services) == {"a": 1}


def test_a_second_ballot_is_told_and_not_counted(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """The same form sent again is the same ballot; a new one is refused."""
    make_poll(services)
    page, other = show(client), show(client)
    clock.advance(5)
    send(client, page, "a")

    again = send(client, page, "a")
    second = send(client, other, "b")

    assert again.status_code == 303
    assert second.status_code == 409
    assert "Trình duyệt này đã bình chọn" in second.text
    assert votes(services) == {"a": 1}


def test_only_its_own_form_votes(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    """Neither a foreign page's, nor one with another token, nor one without the cookie."""
    make_poll(services)
    page = show(client)
    clock.advance(5)
    stranger = client.application.test_client()

    assert send(client, page, "a", origin="https://evil.example").status_code == 403
    assert send(client, page, "a", origin="null").status_code == 403
    assert send(client, page, "a", origin="").status_code == 403
    assert send(client, page, "a", voter="1.x.y").status_code == 403
    refused = send(stranger, page, "a")
    assert refused.status_code == 403
    assert 'target="_blank"' in refused.text
    assert votes(services) == {}


def test_what_is_wrong_can_be_corrected(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """The page says what is wrong in words, and keeps what was chosen."""
    make_poll(services, multiple=True, min_choices=2, max_choices=2, other=20)
    page = show(client)

    early = send(client, page, "a", "b")
    clock.advance(5)
    few = send(client, page, "b")
    link = send(client, page, "a", "other", other="http://evil.example")
    right = send(client, few, "a", "b")

    assert (early.status_code, early.headers["Retry-After"]) == (403, "2")
    assert early.text.count("checked") == 2
    assert few.status_code == link.status_code == 400
    assert "hãy chọn đúng số mục" in few.text
    assert re.search(r'value="b" checked', few.text)
    assert "không có liên kết" in link.text
    assert right.status_code == 303
    assert votes(services) == {"a": 1, "b": 1}


def test_the_page_is_locked_down(client: FlaskClient, services: Services) -> None:
    """Nothing runs, nothing loads, and only the site's own pages may frame it."""
    make_poll(services, question={"vi": "<script>alert(1)</script>"})

    page = show(client)

    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors https://kimson.example.vn http://kimson.example.vn" in policy
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    cookie = page.headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Lax", "Path=/v1/kimson/p/"):
        assert part in cookie
    assert "Secure" not in cookie


def test_it_speaks_the_readers_language(client: FlaskClient, services: Services) -> None:
    """By the address, else by the browser, else the poll's own."""
    make_poll(services)

    assert '<html lang="vi">' in show(client).text
    assert '<html lang="en">' in show(client, f"{PAGE}?lang=en").text
    english = show(client, **{"Accept-Language": "en-GB,en;q=0.9"})
    assert "What do you read most?" in english.text
    # The choices have no English text, so their own language stands in.
    assert "Mục a" in english.text


@pytest.mark.parametrize("state", ["scheduled", "closed", "archived", "draft", "none"])
def test_a_poll_that_takes_no_ballots_says_so(
    client: FlaskClient, services: Services, clock: FakeClock, state: str
) -> None:
    """Kindly, and without a form."""
    if state == "scheduled":
        make_poll(services, opens=clock.now() + 3600)
    elif state == "draft":
        make_poll(services, status="draft")
    elif state != "none":
        make_poll(services)
        services.polls.polls.close("kimson", POLL, WHO, clock.now())
        if state == "archived":
            services.polls.polls.archive("kimson", POLL, WHO, clock.now())

    page = show(client)

    words = {"scheduled": "chưa bắt đầu", "closed": "đã kết thúc", "archived": "đã kết thúc"}
    assert words.get(state, "Không có cuộc bình chọn này") in page.text
    assert page.status_code == (200 if state in words else 404)
    assert "<form" not in page.text


def test_results_are_shown_when_the_poll_says(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """The link to them is there only if they may be seen."""
    make_poll(services, results_when="after-voting", results_as="percents")
    page = show(client)
    clock.advance(5)

    assert "results=1" not in page.text
    assert "Kết quả chưa được công bố" in show(client, f"{PAGE}?results=1").text
    results = show(client, send(client, page, "b").headers["Location"])
    assert "100%" in results.text
    assert "phiếu)" not in results.text


def test_without_javascript_a_proof_cannot_be_had_so_the_ballot_waits(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """It is held for review, and the page says so."""
    make_poll(services, protection=PRESETS["proof"])
    page = show(client)
    clock.advance(5)

    sent = send(client, page, "a")

    assert "chờ người quản trị" in show(client, sent.headers["Location"]).text
    (group,) = services.polls.quarantine.groups("kimson", POLL)
    assert group.ballots == 1
    assert votes(services) == {}


def test_a_vote_can_be_changed_where_the_poll_allows_it(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """The form comes back, with another button."""
    make_poll(services, change=True, protection=replace(Protection(), wait=0))
    send(client, show(client), "a")

    page = show(client)
    send(client, page, "b")

    assert "Đổi lựa chọn" in page.text
    assert votes(services) == {"b": 1}


def test_a_program_gets_the_page_and_no_token(client: FlaskClient, services: Services) -> None:
    """A search engine may read the question; it is nobody's voter."""
    make_poll(services)

    page = client.get(PAGE, headers={"User-Agent": "Googlebot/2.1"})

    assert page.status_code == 200
    assert "Set-Cookie" not in page.headers


@pytest.mark.parametrize(
    ("lang", "shown"),
    [
        ("vi", ["33,3%", "3 mục bằng phiếu nhau, cùng dẫn đầu."]),
        ("en", ["33.3%", "3 answers are tied for the lead."]),
    ],
)
def test_equal_votes_are_equal(
    client: FlaskClient, services: Services, lang: str, shown: list[str]
) -> None:
    """The same percentage for each, and said so in words."""
    make_poll(services)
    for choice in "abc":
        vote(client, new_voter(services), choice)

    page = client.get(f"/v1/kimson/p/muc-quan-tam?lang={lang}&results=1").get_data(as_text=True)

    assert page.count(shown[0]) == 3
    assert shown[1] in page

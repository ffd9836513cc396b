"""The page on which one votes without JavaScript: the same rules, and only its own form."""

import dataclasses
import html
import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace
from werkzeug.test import TestResponse

from stats_service.config import Settings
from stats_service.models.polls import Choice, Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.polls.rules import PRESETS
from tests.support.clock import FakeClock
from tests.support.openapi import MakeApp
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
    assert '<legend><h1 dir="auto">Bạn quan tâm mục gì nhất?</h1></legend>' in page.text
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

    assert "chờ quản trị viên duyệt" in show(client, sent.headers["Location"]).text
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


def test_a_program_is_told_that_it_is_one(client: FlaskClient, services: Services) -> None:
    """And not that its browser keeps no cookies, which nobody has tried."""
    make_poll(services)
    page = client.get(PAGE, headers={"User-Agent": "curl/8.5.0"})

    answer = client.post(
        f"{PAGE}?lang=vi",
        data=fields(page) | {"choice": ["a"]},
        headers={"User-Agent": "curl/8.5.0", "Origin": "http://localhost"},
    )

    assert answer.status_code == 403
    assert "chương trình tự động" in answer.text
    assert "cookie" not in answer.text
    assert votes(services) == {}


def test_another_workers_changes_show_at_once(make_app: MakeApp, settings: Settings) -> None:
    """A poll that was changed or deleted elsewhere has no form of before, however new the copy."""
    kept = dataclasses.replace(settings, site_cache_seconds=60)
    client, other = make_app(kept).test_client(), make_app(kept).extensions["stats_service"]
    poll = make_poll(other)
    assert "Mục a" in show(client).text

    other.polls.polls.edit("kimson", poll.id, "test", other.clock.now(), question={"vi": "Khác?"})
    changed = show(client)
    site, revision = other.sites.sites.get("kimson"), poll.revision + 1
    other.polls.removal.delete(site, poll.id, poll.id, revision, "test", other.clock.now())

    assert "Khác?" in changed.text
    assert show(client).status_code == 404


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


def test_two_frames_of_a_first_visit_both_vote(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Each frame is given a token, the browser keeps one: it votes in both polls, once in each."""
    make_poll(services)
    make_poll(services, id="thu-hai")
    first = show(client)
    client.delete_cookie("voter-kimson", path="/v1/kimson/p/")
    second = show(client, "/v1/kimson/p/thu-hai")
    clock.advance(5)

    sent = send(client, first, "a")
    other = client.post(
        "/v1/kimson/p/thu-hai",
        data=fields(second) | {"choice": "b"},
        headers={"User-Agent": BROWSER, "Origin": "http://localhost"},
    )

    assert fields(first)["voter"] != fields(second)["voter"]
    assert (sent.status_code, other.status_code) == (303, 303)
    assert votes(services) == {"a": 1}
    assert services.polls.polls.tally("kimson", "thu-hai").votes == {"b": 1}
    assert send(client, show(client), "a").status_code == 403  # the form is gone: it has voted


@pytest.mark.parametrize("reason", ["closed", "scheduled", "voted", "results", "draft"])
def test_a_token_is_kept_only_where_one_can_vote(
    client: FlaskClient, services: Services, clock: FakeClock, reason: str
) -> None:
    """Nothing is stored in the browser of who only reads."""
    if reason == "scheduled":
        make_poll(services, opens=clock.now() + 3600)
    else:
        make_poll(services, status="draft" if reason == "draft" else "open")
    if reason == "closed":
        services.polls.polls.close("kimson", POLL, WHO, clock.now())
    if reason == "voted":
        page = show(client)
        clock.advance(5)
        send(client, page, "a")

    page = show(client, f"{PAGE}?results=1" if reason == "results" else PAGE)

    assert "Set-Cookie" not in page.headers
    assert "<form" not in page.text


def test_a_frame_that_lets_nothing_out_says_so_and_where_one_can_vote(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Without scripts, where the frame may run none; and after a form whose origin was hidden."""
    make_poll(services)
    address = "http://127.0.0.1:8080/v1/kimson/p/muc-quan-tam?lang=vi"

    page = show(client, **{"Sec-Fetch-Dest": "iframe"})
    alone = show(client, **{"Sec-Fetch-Dest": "document"})
    clock.advance(5)
    refused = send(client, page, "a", origin="null")

    hint = re.search(r"<noscript>.*</noscript>", page.text)
    assert hint
    assert "Nếu nút “Bình chọn” ở đây không có tác dụng" in hint[0]
    assert address in hint[0]
    assert "<noscript>" not in alone.text
    assert refused.status_code == 403
    assert "không cho gửi phiếu từ trong khung" in refused.text
    assert "cookie" not in refused.text
    assert address in refused.text


@pytest.mark.parametrize(
    ("zone", "lang", "shown"),
    [
        ("Asia/Ho_Chi_Minh", "vi", "Kết thúc 17:00 ngày 31/12/2026, giờ Việt Nam (UTC+7)."),
        ("Asia/Ho_Chi_Minh", "en", "Closes 31 December 2026, 17:00, Vietnam Time (UTC+7)."),
        ("Asia/Kolkata", "vi", "Kết thúc 15:30 ngày 31/12/2026, giờ Ấn Độ (UTC+5:30)."),
        (
            "America/New_York",
            "en",
            "31 December 2026, 05:00, United States (New York) Time (UTC-5).",
        ),
        ("UTC", "vi", "Kết thúc 10:00 ngày 31/12/2026, UTC."),
    ],
)
def test_times_name_their_zone(
    client: FlaskClient, services: Services, zone: str, lang: str, shown: str
) -> None:
    """Somebody elsewhere knows when that is."""
    services.sites.sites.edit("kimson", timezone=zone)
    make_poll(services, closes=datetime(2026, 12, 31, 10, tzinfo=UTC).timestamp())

    assert shown in show(client, f"{PAGE}?lang={lang}").text


def test_a_poll_in_two_languages_offers_both(client: FlaskClient, services: Services) -> None:
    """By links for readers and for programs, which stay at the results; one language has none."""
    make_poll(services)
    make_poll(services, id="mot-tieng", question={"vi": "Gì?"})

    page = show(client, f"{PAGE}?lang=vi&results=1")
    single = show(client, "/v1/kimson/p/mot-tieng")

    assert page.headers["Content-Language"] == "vi"
    for lang, name in (("vi", "Tiếng Việt"), ("en", "English")):
        path = f"{PAGE}?lang={lang}&amp;results=1"
        assert f'hreflang="{lang}" href="http://127.0.0.1:8080{path}">' in page.text
        shown = f"<b[^>]*>{name}" if lang == "vi" else f'<a href="{re.escape(path)}"[^>]*>{name}'
        assert re.search(shown, page.text)
    assert "hreflang" not in single.text


@pytest.mark.parametrize(
    ("text", "vi", "en"),
    [
        (" ", "vui lòng viết ý kiến khác", "write your own answer"),
        ("x" * 21, "dài quá 20 ký tự", "more than 20 characters"),
        ("a\u202eb", "không hiển thị được", "cannot be shown"),
        ("www.a.vn", "không có liên kết", "neither links nor HTML"),
    ],
)
def test_a_refused_text_gives_its_reason(
    client: FlaskClient, services: Services, text: str, vi: str, en: str
) -> None:
    """In the language of the page."""
    make_poll(services, other=20, protection=replace(Protection(), wait=0))
    for lang, words in (("vi", vi), ("en", en)):
        page = show(client, f"{PAGE}?lang={lang}")
        refused = client.post(
            f"{PAGE}?lang={lang}",
            data=fields(page) | {"choice": "other", "other": text},
            headers={"User-Agent": BROWSER, "Origin": "http://localhost"},
        )
        assert refused.status_code == 400
        assert words in refused.text


def test_texts_that_run_from_the_right_do_so(client: FlaskClient, services: Services) -> None:
    """The question, a choice, in the form and in the results."""
    arabic = "\u0645\u0627 \u0631\u0623\u064a\u0643\u061f"
    choices = tuple(Choice(id=id_, text={"ar": f"{arabic} {id_}"}) for id_ in "ab")
    make_poll(services, lang="ar", question={"ar": arabic}, choices=choices)

    form, results = show(client).text, show(client, f"{PAGE}?results=1").text

    assert re.search(f'<h1 dir="auto" lang="ar">{arabic}', form)
    assert form.count(f'<span dir="auto" lang="ar">{arabic}') == 2
    assert results.count(f'<dt dir="auto" lang="ar">{arabic}') == 2


def test_a_shared_link_says_whose_poll_it_is(client: FlaskClient, services: Services) -> None:
    """The portal's name leads back to it; a chat shows the question and the answers."""
    make_poll(services)

    page = show(client, f"{PAGE}?lang=vi").text
    framed = show(client, **{"Sec-Fetch-Dest": "iframe"}).text

    assert '<a href="https://kimson.example.vn/" target="_top">Kim Sơn</a>' in page
    assert '<meta property="og:title" content="Bạn quan tâm mục gì nhất?">' in page
    assert '<meta property="og:site_name" content="Kim Sơn">' in page
    assert '<meta property="og:locale" content="vi_VN">' in page
    url = re.search(r'<meta property="og:url" content="([^"]+)">', page)
    assert url
    assert url[1].endswith(f"{PAGE}?lang=vi")
    description = re.search(r'<meta property="og:description" content="([^"]+)">', page)
    assert description
    assert description[1].count(" · ") == 2
    assert 'class="portal"' not in framed  # the page around it says so

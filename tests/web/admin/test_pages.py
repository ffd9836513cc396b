"""The pages show what is stored, keep what is entered, and never repeat markup."""

import gzip
import json
import re
import zipfile
from datetime import UTC, date, datetime
from io import BytesIO
from urllib.parse import urlencode

import openpyxl
import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from stats_service.models.audit import Author
from stats_service.models.history import DayHistory, Pair
from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.pages.security import FORM_MAX_BYTES
from tests.support.admin import BASE, Person, add_account
from tests.support.votes import make_poll, new_voter, vote


@pytest.fixture
def counted(services: Services, site: Site) -> Site:
    """Give a site with a day's numbers, one of its articles named by an attacker."""
    evil = "/<script>alert(1)</script>"
    day = DayHistory(date(2026, 3, 4), (Pair(1234, 5678),), {evil: 40, "=cmd|x": 4}, {"bot": 7})
    services.traffic.history.write(site, [day])
    return services.sites.sites.edit(site.slug, opening_visits=1_000_000, opening_day="2019-12-24")


def test_the_page_of_a_site_tells_the_opening_balance_apart(owner: Person, counted: Site) -> None:
    """Numbers are written as Vietnamese does."""
    page = owner.get("/admin/sites/kimson/").get_data(as_text=True)

    assert "1.001.234" in page
    assert "trong đó 1.000.000 lượt từ bộ đếm cũ" in page
    assert "Chương trình tự động" in page


@pytest.mark.parametrize(
    "query",
    [
        "range=today",
        "range=365",
        "range=all",
        "range=last-quarter&compare=year&unit=week",
        "compare=x",
        "range=91",
        "from=2026-01-01&to=2026-03-04&unit=month",
        "from=2026-01-19&to=2026-03-04&unit=hour",
        "from=1&to=x&unit=%00",
        "range='",
        "from=2026-03-04&to=2020-01-01",
    ],
)
def test_every_range_is_a_page(owner: Person, counted: Site, query: str) -> None:
    """Rubbish in the query becomes the usual four weeks."""
    assert owner.get(f"/admin/sites/kimson/?{query}").status_code == 200


def test_the_csv_has_the_chart_s_numbers(owner: Person, counted: Site) -> None:
    """One row a point, and the period before."""
    text = owner.get("/admin/sites/kimson/visits.csv?range=7").get_data(as_text=True)

    assert text.splitlines()[-1] == "2026-03-04,1234,5678,,,"
    assert text.splitlines()[0].endswith(
        "day,visits,views,visits_before,views_before,readers_estimate"
    )


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (100, 107, "▲ 7%"),
        (100, 999, "▲ 899%"),
        (3, 1356, "▲ ×\xa0452"),
        (4, 3, "▼ 25%"),
    ],
)
def test_growth_from_tenfold_on_is_told_in_times(
    owner: Person, services: Services, site: Site, before: int, now: int, told: str
) -> None:
    """45,100 % is a number that nobody reads, and too wide for its place."""
    days = [(date(2026, 2, 19), 1), (date(2026, 2, 25), before - 1), (date(2026, 3, 4), now)]
    services.traffic.history.write(
        site, [DayHistory(day, (Pair(views, views),), {"/a": views}, {}) for day, views in days]
    )

    page = owner.get("/admin/sites/kimson/articles?range=7").get_data(as_text=True)

    assert told in page.replace("&nbsp;", "\xa0")


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("/tin/b%C3%A0i-m%E1%BB%99t", "/tin/bài-một"),
        ("/a%3Cb%3E", "/a&lt;b&gt;"),
        ("/a%E2%80%AEb", "/a%E2%80%AEb"),
        ("/a%FFb", "/a%FFb"),
        ("/100%25", "/100%"),
    ],
)
def test_articles_are_written_as_in_an_address_bar(
    owner: Person, services: Services, site: Site, key: str, shown: str
) -> None:
    """But nothing that could hide or turn a text is decoded."""
    services.traffic.history.write(
        site, [DayHistory(date(2026, 3, 4), (Pair(1, 1),), {key: 1}, {})]
    )

    page = owner.get("/admin/sites/kimson/articles").get_data(as_text=True)

    assert f'<td class="key">{shown}</td>' in page


def test_an_article_s_name_is_text_and_no_formula(owner: Person, counted: Site) -> None:
    """Neither markup nor a link on the page; no formula in a spreadsheet."""
    page = owner.get("/admin/sites/kimson/articles").get_data(as_text=True)
    text = owner.get("/admin/sites/kimson/articles/top.csv").get_data(as_text=True)

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "'=cmd|x,4," in text


def test_a_workbook_is_for_people(owner: Person, counted: Site) -> None:
    """A title, whose numbers, of when, real dates, formats of numbers, sums and a chart."""
    answer = owner.get("/admin/sites/kimson/visits.xlsx?range=7")
    book = openpyxl.load_workbook(BytesIO(answer.get_data()))
    sheet = book.active
    rows = list(sheet.values)

    assert answer.headers["Content-Disposition"].endswith('.xlsx"')
    assert book.sheetnames == ["Lượt truy cập và lượt xem"]
    assert [row[0] for row in rows[:4]] == [
        "Lượt truy cập và lượt xem",
        "Kim Sơn",
        "26/02/2026 – 04/03/2026",
        "Số liệu đến 04/03/2026 12:00 (Asia/Ho_Chi_Minh)",
    ]
    assert rows[5][:4] == ("Ngày", "Lượt truy cập", "Lượt xem", "Người đọc (ước lượng)")
    assert rows[-2][:3] == (datetime(2026, 3, 4), 1234, 5678)
    assert rows[-1][:3] == ("Tổng", "=SUM(B7:B13)", "=SUM(C7:C13)")
    assert sheet["B13"].number_format == "#,##0"
    assert sheet["A13"].number_format == "dd/mm/yyyy"
    with zipfile.ZipFile(BytesIO(answer.get_data())) as parts:
        chart = parts.read("xl/charts/chart1.xml").decode()
    assert "lineChart" in chart
    assert "$B$7:$B$13" in chart


@pytest.mark.parametrize("unit", ["hour", "day", "week", "month"])
def test_every_unit_has_real_dates(owner: Person, counted: Site, unit: str) -> None:
    """In English as well; hours are moments."""
    query = f"from=2026-03-01&to=2026-03-04&unit={unit}&lang=en"
    answer = owner.get(f"/admin/sites/kimson/visits.xlsx?{query}")
    rows = list(openpyxl.load_workbook(BytesIO(answer.get_data())).active.values)

    assert rows[0][0] == "Visits and views"
    last = {"hour": datetime(2026, 3, 4, 23), "day": datetime(2026, 3, 4)}
    last |= {"week": datetime(2026, 3, 2), "month": datetime(2026, 3, 1)}
    assert rows[-2][0] == last[unit]


def test_a_text_of_a_workbook_is_no_formula(owner: Person, counted: Site) -> None:
    """Articles are named by readers; the list has its bars."""
    answer = owner.get("/admin/sites/kimson/articles/top.xlsx")
    rows = list(openpyxl.load_workbook(BytesIO(answer.get_data())).active)

    assert [cell.value for cell in rows[-1]][:2] == ["=cmd|x", 4]
    assert rows[-1][0].data_type == "s"
    with zipfile.ZipFile(BytesIO(answer.get_data())) as parts:
        assert "barChart" in parts.read("xl/charts/chart1.xml").decode()


def test_hours_to_come_have_no_numbers(owner: Person, counted: Site) -> None:
    """At noon, eleven hours of the day have not begun; the thirteenth is drawn as unfinished."""
    page = owner.get("/admin/sites/kimson/?range=today").get_data(as_text=True)

    assert len(re.findall("<td>–<td>–\\s", page)) == 11
    assert 'data-begun="13"' in page


def test_a_new_site_has_a_text_in_place_of_zeros(
    owner: Person, services: Services, site: Site
) -> None:
    """It leads to the snippet; what was refused alone, or an opening balance, is something."""
    new = owner.get("/admin/sites/kimson/").get_data(as_text=True)
    services.traffic.history.write(site, [DayHistory(date(2026, 3, 4), (), {}, {"host": 3})])
    refused = owner.get("/admin/sites/kimson/").get_data(as_text=True)

    assert "Chưa có số liệu nào" in new
    assert "/admin/sites/kimson/install" in new.partition("Chưa có số liệu nào")[2]
    assert 'class="figure' not in new
    assert 'class="figure' in refused
    assert "Tên miền lạ" in refused


def test_settings_are_folded_until_something_is_refused(owner: Person, site: Site) -> None:
    """What was refused is seen."""
    url = "/admin/sites/kimson/settings"
    page = owner.get(url).get_data(as_text=True)
    refused = owner.post(url, token=owner.token(url), excluded="nirgends").get_data(as_text=True)

    assert page.count("<details>") >= 7
    assert "<details open>" not in page
    assert refused.count("<details open>") >= 7


def test_a_range_that_is_over_has_no_unfinished_point(owner: Person, counted: Site) -> None:
    """Yesterday's numbers do not change any more."""
    page = owner.get("/admin/sites/kimson/?from=2026-02-02&to=2026-03-03").get_data(as_text=True)

    assert "data-begun" not in page
    assert page.count("<tr><td>") == 30


def test_the_live_numbers_are_json(owner: Person, counted: Site) -> None:
    """What the page asks for every 15 seconds."""
    answer = owner.get("/admin/sites/kimson/live.json")

    assert answer.get_json() == {
        "online": 0,
        "today": 1234,
        "total": 1_001_234,
        "views": 5678,
    }


def test_settings_are_saved_and_logged(owner: Person, site: Site, services: Services) -> None:
    """An opening balance may be written with points; the log has both values and the name."""
    url = "/admin/sites/kimson/settings"

    answer = owner.post(
        url,
        token=owner.token(url),
        opening_visits="1.814.165",
        opening_views="0",
        opening_day="2019-12-24",
    )

    assert answer.status_code == 302
    assert services.sites.sites.get("kimson").opening_visits == 1_814_165
    (entry,) = [e for e in services.accounts.audit.newest("kimson") if e.what == "opening.set"]
    assert entry.who == "chu"
    assert entry.before["opening_visits"] == 0
    assert entry.after["opening_visits"] == 1_814_165
    lines = owner.get("/admin/sites/kimson/audit.jsonl").get_data(as_text=True).splitlines()
    assert json.loads(lines[-1])["what"] == "opening.set"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hosts", "http://x/y"),
        ("timezone", "Mars/Base"),
        ("name", ""),
        ("article_cap", "-1"),
        ("excluded", "everybody"),
        ("headline", "money"),
    ],
)
def test_a_bad_setting_changes_nothing(
    owner: Person, site: Site, services: Services, field: str, value: str
) -> None:
    """The page says so and keeps what was entered."""
    url = "/admin/sites/kimson/settings"

    answer = owner.post(url, token=owner.token(url), **{field: value})

    assert answer.status_code == 400
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert services.sites.sites.get("kimson") == site


def test_an_operator_adds_a_site(operator: Person, services: Services) -> None:
    """Its snippet is shown, and waits for the first view; a slug that is taken is told."""
    url = "/admin/sites/new"
    fields = {"slug": "moi", "name": "Trang mới", "hosts": "moi.example.vn\nwww.moi.example.vn"}

    made = operator.post(url, token=operator.token(url), **fields)
    again = operator.post(url, token=operator.token(url), **fields)

    assert made.headers["Location"] == "/admin/sites/moi/install"
    assert "Đang chờ lượt xem đầu tiên" in operator.get("/admin/sites/moi/install").text
    empty = operator.get("/admin/sites/moi/").text
    assert 'href="/admin/sites/moi/install">Đặt đoạn mã' in empty
    assert services.sites.sites.get("moi").hosts == ("moi.example.vn", "www.moi.example.vn")
    assert again.status_code == 409


def test_a_site_without_a_slug_is_called_like_its_name(
    operator: Person, services: Services
) -> None:
    """Without the marks; a name of no Latin letter is asked for one in words."""
    url = "/admin/sites/new"

    made = operator.post(url, name="Cổng Đô thị Kim Sơn", hosts="kimson.example.vn")
    none = operator.post(url, name="中文", hosts="x.example.vn")

    assert made.headers["Location"] == "/admin/sites/cong-do-thi-kim-son/install"
    assert none.status_code == 400
    assert 'role="alert"' in none.text


def test_a_new_site_begins_with_the_former_counters_numbers(
    operator: Person, services: Services
) -> None:
    """As that one shows them; without a day it is today's reading."""
    url = "/admin/sites/new"

    operator.post(url, name="A", slug="a1", hosts="a.vn", opening_visits="1.814.165")
    operator.post(
        url, name="B", slug="b1", hosts="b.vn", opening_views="9", opening_day="2020-01-02"
    )

    first, second = services.sites.sites.get("a1"), services.sites.sites.get("b1")
    assert (first.opening_visits, first.opening_day) == (1_814_165, "2026-03-04")
    assert (second.opening_views, second.opening_day) == (9, "2020-01-02")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("slug", "Kim Sơn!"),
        ("hosts", "*.vn"),
        ("opening_visits", "nhiều"),
        ("opening_day", "2030-01-01"),
    ],
)
def test_an_error_of_a_new_site_stands_at_its_field(
    operator: Person, field: str, value: str
) -> None:
    """What was typed stays, and the field says that it is wrong."""
    form = {"name": "X", "slug": "x1", "hosts": "x.vn", "opening_day": "2020-01-02"}

    answer = operator.post("/admin/sites/new", **(form | {field: value}))

    assert answer.status_code == 400
    page = answer.get_data(as_text=True)
    assert page.count('role="alert"') == 1
    assert f'id="{field}-error"' in page
    assert f'aria-describedby="{field}-error"' in page
    assert page.count("aria-invalid") == 1


def test_a_token_is_shown_once_and_serves_until_revoked(
    owner: Person, site: Site, services: Services
) -> None:
    """The list shows neither the secret nor its digest."""
    url = "/admin/sites/kimson/tokens"

    shown = owner.post(url, token=owner.token(url), name="báo cáo", scope="read")
    text = shown.get_data(as_text=True).split('id="token" value="')[1].split('"')[0]
    (token,) = services.accounts.tokens.all("kimson")

    assert services.accounts.tokens.check("kimson", text, "read", 1.0).id == token.id
    listed = owner.get(url).get_data(as_text=True)
    assert text not in listed
    assert token.digest not in listed
    owner.post(f"{url}/{token.id}/revoke", token=owner.token(url))
    assert services.accounts.tokens.all("kimson") == []


def test_days_that_are_none_are_told(owner: Person, counted: Site) -> None:
    """Two the other way round mean the same; others are told of, and four weeks are shown."""
    pages = {
        query: owner.get(f"/admin/sites/kimson/?{query}").get_data(as_text=True)
        for query in (
            "from=2026-02-02&to=2026-03-03",
            "from=2026-03-03&to=2026-02-02",
            "from=2026-13-45&to=2026-03-03",
            "to=2026-03-03",
        )
    }
    shown = [re.findall(r'name="(?:from|to)" required value="([^"]+)"', p) for p in pages.values()]

    assert shown[0] == shown[1] == ["2026-02-02", "2026-03-03"]
    assert shown[2] == shown[3] == ["2026-02-05", "2026-03-04"]
    assert ["Không dùng được các ngày này" in page for page in pages.values()] == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("/admin/accounts", {"name": "Lan Anh"}, "2 đến 39 chữ thường không dấu"),
        ("/admin/accounts", {"name": "op"}, "Đã có tài khoản"),
        ("/admin/accounts/op/operator", {}, "người vận hành cuối cùng"),
        ("/admin/sites/new", {"name": "x", "slug": "kimson", "hosts": "x.vn"}, "Đã có trang"),
        ("/admin/sites/kimson/settings", {"name": ""}, "từ 1 đến 200 ký tự"),
        ("/admin/sites/kimson/settings", {"name": "x" * 2000}, "từ 1 đến 200 ký tự"),
        ("/admin/sites/kimson/settings", {"opening_day": "soon"}, "&#39;soon&#39; không đúng"),
        ("/admin/sites/kimson/settings", {"hosts": "a b/c"}, "localhost:8080"),
        ("/admin/sites/kimson/settings", {"excluded": "300.1.1.1"}, "203.0.113.0/24"),
        ("/admin/sites/kimson/settings", {"excluded": "::/0"}, "rộng nhất là /16"),
        ("/admin/sites/kimson/settings", {"article_parameters": "utm_source"}, "utm_source"),
        ("/admin/sites/kimson/settings", {"opening_day": "2030-01-01"}, "vẫn chưa đến"),
        ("/admin/sites/kimson/settings", {"identity_cap": "0"}, "từ 1 đến 1.000.000"),
        ("/admin/sites/kimson/people", {"name": "lan", "role": "viewer"}, "Không có tài khoản nào"),
        ("/admin/account/password", {"old": "another"}, "Mật khẩu không đúng."),
        ("/admin/account/second-factor", {"password": "another"}, "Mật khẩu không đúng."),
    ],
)
def test_an_error_says_what_was_wrong(
    operator: Person, site: Site, path: str, fields: dict[str, str], said: str
) -> None:
    """In Vietnamese, with the value."""
    answer = operator.post(path, **fields)
    if answer.status_code == 302:
        answer = operator.get(str(answer.location))

    assert said in answer.get_data(as_text=True)


def test_texts_that_are_too_long_are_no_file(owner: Person, site: Site) -> None:
    """Somebody who pasted a book into a form is not told to pack it with gzip."""
    form = {"question": "a" * FORM_MAX_BYTES, "csrf_token": owner.token()}

    answer = owner.client.post(
        "/admin/sites/kimson/polls/new",
        data=urlencode(form),
        content_type="application/x-www-form-urlencoded",
        base_url=BASE,
    )

    assert answer.status_code == 413
    assert "Nội dung gửi quá dài" in answer.get_data(as_text=True)
    assert "gzip" not in answer.get_data(as_text=True)


def test_the_log_shows_what_differs(owner: Person, site: Site, services: Services) -> None:
    """Not the fields that stayed, and of a long value the beginning; fields as the forms say."""
    by = Author("lan", services.clock.now())
    services.sites.sites.edit(site.slug, by, name="Tên mới", hosts=("a.example.vn", "b.example.vn"))

    page = owner.get("/admin/sites/kimson/audit").get_data(as_text=True)

    assert '<del class="mono">Kim Sơn</del> → <ins class="mono">Tên mới</ins>' in page
    assert "b.example.vn" in page
    assert "Tên miền:" in page
    assert "Asia/Ho_Chi_Minh" not in page


def test_the_log_tells_a_poll_in_words(owner: Person, services: Services) -> None:
    """Its texts, its times in the site's zone, and yes or no."""
    poll = make_poll(services, opens=datetime(2026, 3, 5, 1, 0, tzinfo=UTC).timestamp())
    services.polls.polls.edit("kimson", poll.id, "lan", services.clock.now(), shuffle=True)

    page = owner.get("/admin/sites/kimson/audit").get_data(as_text=True)

    assert '<ins class="mono">Mục a; Mục b; Mục c</ins>' in page
    assert '<ins class="mono">05/03/2026 08:00</ins>' in page
    assert '<del class="mono">không</del> → <ins class="mono">có</ins>' in page


def test_what_pages_load_is_compressed_once(app: Flask) -> None:
    """Where the browser can read it; the pages, which hold a token, are not."""
    client = app.test_client()

    plain = client.get("/admin/static/base.css", base_url=BASE, buffered=True)
    packed = client.get(
        "/admin/static/base.css", base_url=BASE, headers={"Accept-Encoding": "gzip, br"}
    )
    page = client.get("/admin/sign-in", base_url=BASE, headers={"Accept-Encoding": "gzip"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "immutable" in packed.headers["Cache-Control"]
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in page.headers


def test_a_person_leaves_the_own_address_out_and_takes_it_back(
    owner: Person, site: Site, services: Services
) -> None:
    """Twice is once."""
    url = "/admin/sites/kimson/settings"
    assert "127.0.0.1" in owner.get(url).get_data(as_text=True)

    for _ in range(2):
        owner.post(f"{url}/exclude-me", token=owner.token(url))
    assert services.sites.sites.get("kimson").excluded == ("127.0.0.1/32",)
    owner.post(f"{url}/exclude-me", token=owner.token(url), do="count")

    assert services.sites.sites.get("kimson").excluded == ()


def test_the_opening_balance_of_an_article_has_a_history(
    owner: Person, site: Site, services: Services
) -> None:
    """Who set it, and to what; what can be no article is told."""
    url = "/admin/sites/kimson/settings"
    token = owner.token(url)

    owner.post(f"{url}/opening", token=token, article="/tin/1", article_views="1.366")
    bad = owner.post(f"{url}/opening", token=token, article="/tin/1", article_views="many")

    assert bad.status_code == 400
    now = services.clock.now()
    assert services.traffic.views.articles(site, ["/tin/1"], now)["/tin/1"].views == 1366
    (entry,) = services.accounts.audit.newest("kimson", 1)
    assert (entry.what, entry.subject, entry.after) == ("opening.set", "/tin/1", {"views": 1366})
    assert "/tin/1" in owner.get(url).get_data(as_text=True)


def test_a_balance_that_was_set_with_other_settings_is_listed(
    owner: Person, site: Site, services: Services
) -> None:
    """As `site edit` may; the other settings are in the log."""
    by = Author("lan", services.clock.now())
    services.sites.sites.edit(site.slug, by, name="Tên mới", public=True, opening_views=1234)

    answer = owner.get("/admin/sites/kimson/settings")

    assert answer.status_code == 200
    assert "1.234" in answer.get_data(as_text=True).partition("Các lần đặt trước")[2]


def test_records_are_corrected_on_the_page(owner: Person, site: Site, services: Services) -> None:
    """The form shows what there is; what cannot be is told; the log has it in words."""
    url = "/admin/sites/kimson/settings"
    token = owner.token(url)

    moment = "2026-03-02T09:00"
    owner.post(f"{url}/records", token=token, peak="1.155", peak_at=moment)
    bad = owner.post(f"{url}/records", token=token, peak="5", peak_at="")
    days = owner.post(f"{url}/records", token=token, do="days")

    assert (bad.status_code, days.status_code) == (400, 302)
    page = owner.get(url).get_data(as_text=True)
    assert 'value="1155"' in page
    assert f'value="{moment}"' in page
    log = owner.get("/admin/sites/kimson/audit").get_data(as_text=True)
    assert "Đã sửa kỷ lục" in log
    assert "1155" in log


def test_balances_stay_on_the_page_however_long_the_log_is(
    owner: Person, site: Site, services: Services
) -> None:
    """They are read where they lie, and their history is looked for behind other changes."""
    now = services.clock.now()
    services.traffic.opening_balances.set(site, "/tin/cu", 1366, "lan", now)
    services.traffic.opening_balances.set(site, "/tin/cu/2", 12, "lan", now)
    services.traffic.opening_balances.set(site, "/tin/cu/2", 0, "lan", now)
    for _ in range(450):
        services.accounts.audit.record(site.slug, "an", "site.changed", now)

    page = owner.get("/admin/sites/kimson/settings").get_data(as_text=True)

    balances, _, history = page.partition("Các lần đặt trước")
    balances = balances.partition("article-balance-title")[2]
    assert "/tin/cu<" in balances
    assert "1.366" in balances
    assert "/tin/cu/2" not in balances
    assert history.count("/tin/cu") == 3


@pytest.mark.parametrize(
    ("before", "status"), [("x", 400), ("١-٢", 400), ("0-0", 400), ("1-0", 200)]
)
def test_the_log_goes_on_behind_an_entry(
    owner: Person, site: Site, before: str, status: int
) -> None:
    """What can be no id of an entry is told, in whatever digits."""
    answer = owner.get("/admin/sites/kimson/audit", query_string={"before": before})

    assert answer.status_code == status


def test_a_site_is_erased_by_its_name_alone(
    operator: Person, owner: Person, site: Site, services: Services, redis_client: redis.Redis
) -> None:
    """Nothing of it is left, not even who had a role; the installation's log says who did it."""
    url = "/admin/sites/kimson/settings"
    token = operator.token(url)
    prefix = services.settings.key_prefix

    operator.post(f"{url}/erase", token=token, slug="kim")
    assert services.sites.sites.get("kimson")
    refused = owner.post(f"{url}/erase", token=owner.token(url), slug="kimson")
    operator.post(f"{url}/erase", token=token, slug="kimson")

    assert refused.status_code == 403
    assert services.sites.sites.all() == []
    left = list(redis_client.scan_iter(f"{prefix}:*kimson*"))
    assert left == []
    assert services.accounts.accounts.get("chu").roles == {}
    (entry,) = services.accounts.audit.newest("", 1)
    assert (entry.what, entry.who, entry.subject) == ("site.removed", "op", "kimson")


def test_an_alarm_leads_where_its_reader_may_go(
    app: Flask, services: Services, site: Site, client: FlaskClient
) -> None:
    """An editor to the review, a viewer to the result."""
    make_poll(services, protection=Protection(per_address=1))
    for _ in range(2):
        vote(client, new_voter(services), "a")
    pages = {}
    for role in ("viewer", "editor"):
        add_account(services, role, roles={site.slug: role})
        person = Person(app)
        person.sign_in(role)
        pages[role] = person.get("/admin/").get_data(as_text=True)

    assert "/admin/sites/kimson/polls/muc-quan-tam/review" in pages["editor"]
    assert "/admin/sites/kimson/polls/muc-quan-tam/review" not in pages["viewer"]
    assert 'href="/admin/sites/kimson/polls/muc-quan-tam"' in pages["viewer"]

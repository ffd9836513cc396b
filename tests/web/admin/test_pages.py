"""Pages of every kind: their errors, what they load, where their alarms lead."""

import gzip
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.pages.security import FORM_MAX_BYTES
from tests.support.admin import BASE, Person, add_account
from tests.support.votes import make_poll, new_voter, vote


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

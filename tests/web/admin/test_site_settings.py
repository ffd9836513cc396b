"""Settings of a site: added, saved, refused at their field, and the site erased."""

import json

import pytest
import redis

from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.admin import Person


def test_settings_are_folded_until_something_is_refused(owner: Person, site: Site) -> None:
    """What was refused is seen."""
    url = "/admin/sites/kimson/settings"
    page = owner.get(url).get_data(as_text=True)
    refused = owner.post(url, token=owner.token(url), excluded="nirgends").get_data(as_text=True)

    assert page.count("<details>") >= 7
    assert "<details open>" not in page
    assert refused.count("<details open>") >= 7


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

"""Forged requests, forged hosts and the headers of every page (T11, T15, T19, T21)."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from stats_service.app import create_app
from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.pages.security import known_host
from tests.support.admin import BASE, Person, add_account
from tests.support.clock import FakeClock

People = Callable[[], Person]


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("", {}),
        ("made-up", {}),
        (None, {"Origin": "https://evil.example"}),
        (None, {"Origin": "null"}),
        (None, {"Origin": "http://["}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
    ],
)
def test_a_write_from_elsewhere_changes_nothing(
    services: Services, site: Site, owner: Person, token: str | None, headers: dict[str, str]
) -> None:
    """T11: no token, a foreign one, or a foreign page: 403."""
    url = f"/admin/sites/{site.slug}/settings"
    data = {"name": "Chiếm", "csrf_token": owner.token(url) if token is None else token}

    answer = owner.client.post(url, data=data, base_url=BASE, headers=headers)

    assert answer.status_code == 403
    assert services.sites.sites.get(site.slug).name == site.name


def test_the_token_of_another_session_is_foreign(
    services: Services, site: Site, owner: Person, person: People
) -> None:
    """T11: an attacker's own token does not serve against somebody else."""
    add_account(services, "attacker")
    attacker = person()
    attacker.sign_in("attacker")

    answer = owner.post(
        f"/admin/sites/{site.slug}/settings", token=attacker.token("/admin/account"), name="Chiếm"
    )

    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:8080.evil.example", 'x"><b>', ""])
def test_a_forged_host_is_refused_and_not_repeated(person: People, host: str) -> None:
    """T15: pages answer for the service's own names only."""
    answer = person().client.get(
        "/admin/sign-in", base_url=BASE, headers={"Host": host, "X-Forwarded-Host": "evil.example"}
    )

    assert answer.status_code == 400
    assert "evil" not in answer.get_data(as_text=True)
    assert "evil" not in str(answer.headers)


def test_a_proxy_that_drops_the_port_is_explained_three_times(
    settings: Settings, services: Services, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """On the page, in the log, and by `check` for a day: what came, and what was expected."""
    public = replace(settings, public_url="https://dem.example.vn:8443")
    app = create_app(public, clock=clock)
    came = {"base_url": "http://dem.example.vn", "headers": {"Host": "dem.example.vn"}}

    with caplog.at_level("WARNING"):
        refused = app.test_client().get("/admin/sign-in?lang=vi", **came)

    page = refused.get_data(as_text=True)
    assert refused.status_code == 400
    assert "“dem.example.vn”" in page
    assert "“dem.example.vn:8443”" in page
    assert "proxy_set_header Host $http_host" in page
    assert "Host 'dem.example.vn'; STATS_PUBLIC_URL" in caplog.text
    found = {one.subject: one.text for one in services.operations.installation.findings()}
    assert "asked for Host 'dem.example.vn'" in found["host"]
    clock.advance(90_000)
    assert "host" not in {one.subject for one in services.operations.installation.findings()}


def test_the_forwarded_host_is_not_believed(person: People) -> None:
    """T15: nothing is built from `X-Forwarded-Host`."""
    answer = person().get("/admin/", headers={"X-Forwarded-Host": "evil.example"})

    assert answer.headers["Location"] == "/admin/sign-in?next=/admin/"


@pytest.mark.parametrize(
    ("bind", "public", "host", "known"),
    [
        ("127.0.0.1:8080", "", "127.0.0.1:8080", True),
        ("127.0.0.1:8080", "", "localhost:8080", True),
        ("127.0.0.1:8080", "", "127.0.0.1:9999", False),
        ("127.0.0.1:8080", "https://dem.example.vn", "dem.example.vn", True),
        ("127.0.0.1:8080", "https://dem.example.vn", "x.dem.example.vn", False),
        ("0.0.0.0:8080", "", "10.0.0.7:8080", True),
        ("0.0.0.0:8080", "", "evil.example:8080", False),
        ("[::]:8080", "", "[2001:db8::7]:8080", True),
    ],
)
def test_the_hosts_are_the_public_one_and_the_bound_one(
    settings: Settings, bind: str, public: str, host: str, known: bool
) -> None:
    """Bound to every address, an address is known, and a name still is not."""
    own = replace(settings, bind=bind, public_url=public)

    assert known_host(own, host) is known


@pytest.mark.parametrize("path", ["/admin/", "/admin/sign-in", "/admin/sites/kimson/", "/admin/x"])
def test_every_page_carries_the_headers(owner: Person, path: str) -> None:
    """T19, T21: no inline code, no frame, no sniffing, nothing kept by a cache."""
    answer = owner.get(path)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.headers["Vary"]
    text = answer.get_data(as_text=True)
    assert " style=" not in text
    assert "<script>" not in text


def test_by_https_the_cookie_and_the_site_are_bound_to_it(
    settings: Settings, services: Services, clock: FakeClock
) -> None:
    """T19: HSTS, and a cookie that only HTTPS carries and no subdomain can set."""
    add_account(services, "lan")
    own = replace(settings, public_url="https://dem.example.vn")
    client = create_app(own, clock).test_client()

    answer = client.get("/admin/sign-in", base_url="https://dem.example.vn")

    assert "max-age=" in answer.headers["Strict-Transport-Security"]
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-")
    assert all(flag in cookie for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))


def test_two_people_never_share_an_answer(
    services: Services, site: Site, owner: Person, person: People
) -> None:
    """T21: pages of two people differ, and no cache may keep either; files have no cookie."""
    add_account(services, "lan")
    lan = person()
    lan.sign_in("lan")

    file = lan.get("/admin/static/base.css")

    assert "Kim Sơn" in owner.get("/admin/").get_data(as_text=True)
    assert "Kim Sơn" not in lan.get("/admin/").get_data(as_text=True)
    assert "Set-Cookie" not in file.headers


def test_the_api_sets_no_cookie(person: People, site: Site) -> None:
    """T21: what a portal's page asks for carries nothing of the admin pages."""
    answer = person().get(f"/v1/{site.slug}/counts")

    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")

"""Every route of programs against every kind of token (T10), and what guards them all."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from stats_service.app import create_app
from stats_service.config import Settings
from stats_service.errors import StoreUnavailableError
from stats_service.logs import JsonFormatter
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.http.context import EXTENSION
from tests.support.clock import FakeClock
from tests.web.api.manage.conftest import Program

#: Who may use what. A route that is missing here fails the test below.
MATRIX = {
    "read": {
        "traffic.counts",
        "traffic.history",
        "traffic.ignored",
        "traffic.articles",
        "traffic.readers",
        "traffic.clicks",
        "annotations.annotations",
        "traffic.opening",
        "articles.index",
        "articles.preview",
        "articles.parameters",
        "polls.index",
        "polls.show",
        "polls.integrity",
        "poll_removal.index",
        "kiosks.index",
        "ratings.index",
        "archive.archive",
    },
    "write": {
        "traffic.set_opening",
        "articles.apply",
        "articles.take_back",
        "articles.decide",
        "polls.create",
        "polls.edit",
        "polls.open_",
        "polls.close",
        "polls.archive",
        "polls.withdraw",
        "polls.list_",
        "polls.unlist",
        "polls.pin",
        "polls.unpin",
        "polls.copy",
        "kiosks.make_link",
        "kiosks.rename",
        "kiosks.revoke",
        "poll_pictures.put",
        "poll_pictures.describe",
        "poll_pictures.remove",
        "poll_removal.delete",
        "poll_removal.reset",
        "poll_removal.restore",
        "poll_review.show",
        "poll_review.settle",
        "poll_review.moderate",
        "ratings.void",
        "ratings.restore",
        "ratings.release",
        "ratings.reject",
    },
}
SCOPE_OF = {f"manage.{name}": scope for scope, names in MATRIX.items() for name in names}
CALLERS = ("nobody", "made up", "revoked", "other site", "read", "write")


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Give every route of programs with each of its methods."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("manage."):
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def test_every_route_is_in_the_table_and_the_table_has_no_other(app: Flask) -> None:
    """A new route must say here, too, who may use it."""
    assert {rule.endpoint for rule, _method in rules(app)} == set(SCOPE_OF)


@pytest.mark.parametrize("caller", CALLERS)
def test_a_token_reaches_what_the_table_allows_and_nothing_else(
    app: Flask, client: FlaskClient, services: Services, site: Site, caller: str
) -> None:
    """Without a good token 401, with one of another site 404, with too small a scope 403."""
    now = services.clock.now()
    services.sites.sites.add(Site(slug="other", name="Khác", hosts=("other.example.vn",)))
    where = "other" if caller == "other site" else site.slug
    scope = caller if caller in MATRIX else "write"
    token, text = services.accounts.tokens.add(where, "thử", scope, "lan", now)
    if caller == "revoked":
        services.accounts.tokens.revoke(site.slug, token.id, "lan", now)
    headers = {"Authorization": f"Bearer {text[:-1]}~" if caller == "made up" else f"Bearer {text}"}

    for rule, method in rules(app):
        url = rule.build({"slug": site.slug} | dict.fromkeys(rule.arguments - {"slug"}, "none"))
        assert url
        answer = client.open(
            url[1], method=method, headers={} if caller == "nobody" else headers, json={}
        )
        status, told = answer.status_code, f"{caller} {method} {url[1]}: {answer.status_code}"
        if caller in ("nobody", "made up", "revoked"):
            assert status == 401, told
            assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
            assert answer.get_json()["code"] == "token-refused"
        elif caller == "other site":
            assert status == 404, told
        elif caller == "write" or SCOPE_OF[rule.endpoint] == "read":
            # There is no poll or change of that name, and `{}` is no body.
            named = not rule.arguments.isdisjoint(("poll", "removal", "change", "kiosk"))
            assert status in ((404,) if named else (200,)) + (400,), told
        else:
            assert status == 403, told


def test_a_site_of_others_and_none_at_all_are_told_alike(
    client: FlaskClient, services: Services, site: Site, writer: Program
) -> None:
    """A token does not tell its holder which sites there are."""
    services.sites.sites.add(Site(slug="other", name="Khác", hosts=("other.example.vn",)))
    headers = {"Authorization": f"Bearer {writer.token}"}

    there, nowhere = (
        client.get(f"/v1/{slug}/manage/counts", headers=headers) for slug in ("other", "nowhere")
    )

    assert there.status_code == nowhere.status_code == 404
    assert there.get_data(as_text=True).replace("other", "nowhere") == nowhere.get_data(
        as_text=True
    )


def test_without_a_token_a_site_and_none_are_told_alike(client: FlaskClient, site: Site) -> None:
    """Nor does having none."""
    there, nowhere = (client.get(f"/v1/{slug}/manage/counts") for slug in (site.slug, "nowhere"))

    assert there.status_code == nowhere.status_code == 401
    assert there.data == nowhere.data


@pytest.mark.parametrize("header", ["", "Basic {}", "Bearer", "Bearer  ", "{}", "Bearer {} x"])
def test_only_a_bearers_token_counts(reader: Program, header: str) -> None:
    """Whatever else the header holds is no token."""
    answer = reader.call("GET", "/counts", headers={"Authorization": header.format(reader.token)})

    assert answer.status_code == 401


def test_a_signed_in_browser_is_nobody_here(client: FlaskClient, site: Site) -> None:
    """No cookie is looked at, so that no page can make a browser write."""
    client.set_cookie("stats_session", "anything")

    assert client.post(f"/v1/{site.slug}/manage/polls", json={}).status_code == 401


def test_a_token_ends_with_its_site(services: Services, reader: Program) -> None:
    """A site made later under the same name is another one."""
    services.sites.sites.remove("kimson")
    assert reader.call("GET", "/counts").status_code == 401

    services.sites.sites.add(Site(slug="kimson", name="Mới", hosts=("kimson.example.vn",)))

    assert reader.call("GET", "/counts").status_code == 401


def test_the_last_use_is_known_to_the_minute(
    services: Services, site: Site, reader: Program, clock: FakeClock
) -> None:
    """An owner sees which token nobody needs any more."""
    assert services.accounts.tokens.all(site.slug)[0].used == 0

    reader.get("/counts")
    first = services.accounts.tokens.all(site.slug)[0].used
    clock.advance(90)
    reader.get("/counts")

    assert services.accounts.tokens.all(site.slug)[0].used == first + 90


def test_no_page_of_the_portal_may_call(reader: Program, site: Site) -> None:
    """T17: there is no CORS header, not even for the site's own pages; nothing is kept."""
    for method in ("GET", "OPTIONS"):
        answer = reader.call(method, "/counts", headers={"Origin": f"https://{site.hosts[0]}"})

        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers


def test_a_token_has_its_limit_and_nobody_else_uses_it_up(
    settings: Settings, reader: Program, clock: FakeClock
) -> None:
    """Who sends bad tokens from the same network is told to wait, and the program goes on."""
    app = create_app(replace(settings, write_limit=5), clock)
    program = Program(app.test_client(), reader.token)

    guesses = [
        program.call("GET", "/counts", headers={"Authorization": f"Bearer {text}"})
        for text in ["x", "", reader.token[:-1] + "!", reader.token + "A", "sst_kimson", "x", "x"]
    ]
    answers = [program.call("GET", "/counts").status_code for _ in range(5)]
    too_many = program.call("GET", "/counts", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    app.extensions[EXTENSION].close()

    assert [answer.status_code for answer in guesses] == [401] * 5 + [429] * 2
    assert 0 < int(guesses[-1].headers["Retry-After"]) <= 60
    assert answers == [200] * 5
    assert too_many.status_code == 429


def test_a_token_is_never_logged(
    settings: Settings,
    clock: FakeClock,
    reader: Program,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T57: neither when the service fails, nor where somebody writes it into a message."""
    app = create_app(settings, clock)
    monkeypatch.setattr(
        type(app.extensions[EXTENSION].traffic.views), "counts", lambda *_: {}[reader.token]
    )
    headers = {"Authorization": f"Bearer {reader.token}"}
    with caplog.at_level(logging.DEBUG):
        answer = app.test_client().get("/v1/kimson/manage/counts", headers=headers)
    app.extensions[EXTENSION].close()

    lines = "\n".join(map(JsonFormatter().format, caplog.records))
    assert answer.status_code == 500
    assert "KeyError" in lines
    assert reader.token not in lines + answer.get_data(as_text=True)
    assert reader.token.split("_", 3)[3] not in lines


def test_the_store_away_is_said(
    app: Flask, reader: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503, and nothing is allowed on a guess."""

    def away(*_: object) -> None:
        raise StoreUnavailableError("Redis did not answer.")

    monkeypatch.setattr(app.extensions[EXTENSION].accounts.tokens, "check", away)

    assert reader.call("GET", "/counts").status_code == 503


def test_a_route_that_says_nothing_is_refused(app: Flask, reader: Program) -> None:
    """Forgetting the mark on a route closes it."""
    app.view_functions["manage.traffic.counts"] = lambda: "open"

    assert reader.call("GET", "/counts").status_code == 403


def test_the_document_says_which_token_each_route_asks(client: FlaskClient) -> None:
    """And asks none for what is everybody's."""
    for path, methods in client.get("/v1/openapi.json").get_json()["paths"].items():
        for operation in methods.values():
            managed = re.match(r"/\{slug\}/manage/", path)
            assert bool(managed) == ("security" in operation), path

"""Every admin route against every kind of reader (T10): the table is the URL map's."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from stats_service.models.accounts import ROLES
from stats_service.models.devices import Caller
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.http.transfer_paths import is_transfer
from tests.support.admin import BASE, Person, add_account

#: Who may use what. A route that is missing here fails the test below.
MATRIX = {
    "public": {
        "static",
        "sign_in.form",
        "sign_in.sign_in",
        "sign_in.code_form",
        "sign_in.give_code",
        "sign_in.link",
        "sign_in.use_link",
        "own_account.preferences",
    },
    "signed-in": {
        "sign_in.sign_out",
        "own_account.show",
        "own_account.set_password",
        "own_account.sign_out_others",
        "own_account.confirm_device",
        "own_account.remove_device",
        "second_factor.begin",
        "second_factor.show",
        "second_factor.enable",
        "second_factor.disable",
        "second_factor.new_codes",
        "overview.show",
        "overview.nowhere",
        "handbook.show",
    },
    "viewer": {
        "traffic.show",
        "traffic.as_file",
        "traffic.live",
        "traffic.points",
        "traffic.picture",
        "report.show",
        "report.as_file",
        "annotations.index",
        "now.show",
        "readers.show",
        "readers.as_file",
        "clicks.show",
        "clicks.as_file",
        "articles.index",
        "articles.as_file",
        "polls.index",
        "polls.show",
        "polls.as_file",
        "polls.picture",
        "polls.ballots_picture",
        "poll_review.integrity",
        "poll_share.qr",
        "articles.article",
        "ratings.index",
        "ratings.as_file",
        "ratings.article",
        "install.show",
        "install.check_state",
        "install.module",
        "install_preview.show",
        "install_preview.numbers",
    },
    "editor": {
        "annotations.add",
        "annotations.edit",
        "annotations.undo",
        "articles.set_title",
        "polls.new",
        "polls.create",
        "polls.edit",
        "polls.save",
        "polls.set_state",
        "polls.set_current",
        "exports.table",
        "notices.index",
        "notices.add_report",
        "notices.try_out",
        "notices.remove",
        "uploads.of_site",
        "poll_pictures.show",
        "poll_pictures.upload",
        "poll_pictures.remove",
        "kiosks.index",
        "kiosks.make_link",
        "kiosks.rename",
        "kiosks.revoke",
        "poll_removal.ask",
        "poll_removal.remove",
        "poll_removal.restore",
        "poll_removal.copy",
        "poll_review.show",
        "poll_review.decide",
        "poll_review.look_at_network",
        "poll_preview.of_new",
        "poll_preview.of_changed",
        "ratings.void",
        "ratings.restore",
        "ratings.settle_held",
    },
    "owner": {
        "article_changes.index",
        "article_changes.apply",
        "article_changes.take_back",
        "article_changes.decide",
        "settings.show",
        "settings.save",
        "settings.add_host",
        "settings.exclude_me",
        "settings.put_emblem",
        "settings.remove_emblem",
        "settings.set_article_opening",
        "settings.correct_records",
        "exports.archive",
        "uploads.add_history",
        "uploads.of_history",
        "uploads.decide_history",
        "uploads.undo",
        "notices.add_webhook",
        "accounts.people",
        "accounts.set_role",
        "now.add_screen",
        "now.revoke_screen",
        "tokens.index",
        "tokens.create",
        "tokens.revoke",
        "audit.of_site",
        "audit.export_of_site",
    },
    "operator": {
        "settings.erase",
        "overview.new",
        "overview.create",
        "uploads.archives",
        "uploads.add_archive",
        "uploads.of_archive",
        "uploads.decide_archive",
        "accounts.index",
        "accounts.create",
        "accounts.make_link",
        "accounts.set_operator",
        "accounts.remove",
        "audit.of_installation",
        "audit.export_of_installation",
    },
}
LEVEL_OF = {f"admin.{name}": level for level, names in MATRIX.items() for name in names}
READERS = ("anonymous", "stranger", *ROLES, "operator")
#: Values of the URLs; names that do not exist, so that nothing is changed by a test.
VALUES = {
    "change": "0123456789abcdef",
    "slug": "kimson",
    "name": "nobody",
    "token_id": "none",
    "poll_id": "none",
    "removal": "none",
    "secret": "none",
    "filename": "base.css",
    "kind": "csv",
    "file": "nukeviet.zip",
    "table": "counts",
    "upload": "none",
    "import_id": "none",
    "note": "none",
    "notice": "none",
    "device": "none",
    "kiosk": "none",
    "screen": "none",
    "_rest": "none",
    "lang": "vi",
    "page": "admin",
}


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Give every admin route with each of its methods."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("admin."):
            for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}):
                yield rule, method


def may(reader: str, level: str) -> bool:
    """Tell what the table says."""
    if level == "public" or reader == "operator":
        return True
    if reader == "anonymous":
        return False
    if level == "signed-in":
        return True
    return reader in ROLES and level in ROLES and ROLES.index(reader) >= ROLES.index(level)


def test_every_route_is_in_the_table_and_the_table_has_no_other(app: Flask) -> None:
    """A new route must say here, too, who may use it."""
    assert {rule.endpoint for rule, _method in rules(app)} == set(LEVEL_OF)


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_reaches_what_the_table_allows_and_nothing_else(
    app: Flask, services: Services, site: Site, reader: str
) -> None:
    """Refused: 403, 404 for a site that is not the reader's, the sign-in for nobody at all."""
    services.sites.sites.add(Site(slug="other", name="Khác", hosts=("other.example.vn",)))
    add_account(services, "keeper", operator=True)
    roles = {
        "anonymous": None,
        "stranger": {"other": "owner"},
        "operator": {},
    }.get(reader, {site.slug: reader})
    if roles is not None:
        add_account(services, "reader", operator=reader == "operator", roles=roles)

    for rule, method in rules(app):
        if rule.endpoint == "admin.sign_in.sign_out":
            continue
        browser = Person(app)
        if roles is not None:
            begun = services.accounts.sign_in._begin(
                "reader", Caller(""), None, services.clock.now()
            )
            with browser.client.session_transaction(base_url=BASE) as cookie:
                cookie["_user_id"] = begun.session
                cookie["_fresh"] = True
        url = rule.build({k: v for k, v in VALUES.items() if k in rule.arguments})
        assert url
        if method == "POST":
            token = browser.token("/admin/account" if roles is not None else "/admin/sign-in")
            status = browser.post(url[1], token=token).status_code
        else:
            status = browser.get(url[1]).status_code

        level = LEVEL_OF[rule.endpoint]
        refused = (302, 403) if reader == "anonymous" else (403, 404)
        if level == "public":
            assert status in (200, 302, 403), f"{reader} {method} {url[1]}: {status}"
        elif may(reader, level):
            gone = rule.endpoint.endswith(("nowhere", "remove", "operator", "revoke"))
            gone = gone or not rule.arguments.isdisjoint(
                ("poll_id", "upload", "notice", "import_id")
            )
            # What is gone is told on the page of kiosks.
            gone = gone and rule.endpoint != "admin.kiosks.revoke"
            gone = gone or (rule.endpoint == "admin.kiosks.make_link" and method == "POST")
            allowed = (404,) if gone else (200, 302, 400)
            assert status in allowed, f"{reader} {method} {url[1]}: {status}"
        else:
            assert status in refused, f"{reader} {method} {url[1]}: {status}"
            if reader == "stranger" and "kimson" in url[1]:
                assert status == 404


def test_no_form_is_taken_without_its_token(app: Flask, operator: Person, site: Site) -> None:
    """T11: whatever changes something, for whoever may do everything."""
    for rule, method in rules(app):
        if method != "GET":
            url = rule.build({k: v for k, v in VALUES.items() if k in rule.arguments})
            assert url
            answer = operator.client.open(url[1], method=method, base_url=BASE)
            assert answer.status_code == 403, f"{method} {url[1]}"
            assert "hết hạn" in answer.get_data(as_text=True), f"{method} {url[1]}"


def test_a_route_that_says_nothing_is_refused(app: Flask, services: Services) -> None:
    """Forgetting the mark on a route closes it."""
    add_account(services, "op", operator=True)
    app.view_functions["admin.overview.show"] = lambda: "open"

    browser = Person(app)
    browser.sign_in("op")

    assert browser.get("/admin/").status_code == 403


def test_a_role_of_one_site_is_none_on_another(app: Flask, services: Services, site: Site) -> None:
    """The owner of one site changes nothing on another (T10)."""
    services.sites.sites.add(Site(slug="other", name="Khác", hosts=("other.example.vn",)))
    add_account(services, "chu", roles={site.slug: "owner"})
    browser = Person(app)
    browser.sign_in("chu")

    answer = browser.post("/admin/sites/other/settings", name="Chiếm")

    assert answer.status_code == 404
    assert services.sites.sites.get("other").name == "Khác"


@pytest.mark.parametrize("word", ["upload", "audit.jsonl", "export", "export/archive"])
def test_a_stranger_can_begin_no_transfer(app: Flask, word: str) -> None:
    """Whatever its address names: the few threads of files would wait for somebody unknown."""
    addresses = app.url_map.bind("127.0.0.1")
    for rule, method in rules(app):
        path = re.sub(r"<[^>]*>", word, rule.rule)
        if is_transfer(method, path):
            endpoint, _values = addresses.match(path, method)
            assert LEVEL_OF[endpoint] != "public", path

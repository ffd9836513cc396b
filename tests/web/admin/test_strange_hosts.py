"""Hosts that a site does not have are named, and added with a button."""

import re
from datetime import date
from pathlib import Path

from flask.testing import FlaskClient

from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.admin import Person
from tests.support.clock import FakeClock
from tests.support.pages import view
from tests.web.api.manage.conftest import Program, reader

__all__ = ["reader"]

PAGE = "/admin/sites/kimson/"
ADD = "/admin/sites/kimson/settings/hosts"


def test_a_strange_host_is_named_and_added(
    client: FlaskClient, owner: Person, services: Services, reader: Program
) -> None:
    """Once it is one of the site's, its pages count and it is no stranger."""
    for _ in range(2):
        view(client, origin="https://www.kimson.example.vn:8443")
    view(client, origin="null")

    page = owner.get(PAGE).get_data(as_text=True)
    assert '<td class="key">www.kimson.example.vn:8443</td><td class="number">2</td>' in page
    found = reader.get("/ignored")
    assert found["hosts"] == [{"reason": "www.kimson.example.vn:8443", "n": 2}]
    assert [(one["reason"], one["n"]) for one in found["ignored"]] == [("host", 3)]

    answer = owner.post(ADD, host="www.kimson.example.vn:8443")

    assert answer.headers["Location"] == PAGE
    assert services.sites.sites.get("kimson").hosts == (
        "kimson.example.vn",
        "www.kimson.example.vn:8443",
    )
    assert 'id="hosts"' not in owner.get(PAGE).get_data(as_text=True)
    entry = services.accounts.audit.newest_of("kimson", "site.changed", 1)[0]
    assert entry.who == "chu"


def test_invented_hosts_are_bounded_and_text(
    client: FlaskClient, services: Services, site: Site, owner: Person
) -> None:
    """Twenty of a day have a name; what is no name of a host has none."""
    turned = "https://\u202evn.example".encode().decode("latin-1")
    for origin in (turned, "https://<b>.vn", "javascript:alert(1)", "a" * 9000):
        view(client, origin=origin)
    for n in range(60):
        view(client, origin=f"https://x{n}.example")
    today = date(2026, 3, 4)

    found = services.traffic.history.shortfall(site, today, today)

    assert len(found.hosts) == 20
    assert all(re.fullmatch(r"x\d+\.example", one.reason) for one in found.hosts)
    assert [(one.reason, one.n) for one in found.ignored] == [("host", 64)]
    page = owner.get(PAGE).get_data(as_text=True)
    assert not re.search(r'href="[^"]*x\d+\.example', page)


def test_a_host_that_is_none_is_refused(owner: Person, editor: Person, site: Site) -> None:
    """With the reason; and only who may change settings may add one."""
    answer = owner.post(ADD, host="*.vn")
    assert answer.status_code == 302
    assert "*.vn" in owner.get(PAGE).get_data(as_text=True)
    assert editor.post(ADD, host="x.vn").status_code == 403
    assert ADD not in editor.get(PAGE).get_data(as_text=True)


def test_names_of_hosts_travel_with_the_archive(
    client: FlaskClient, services: Services, clock: FakeClock, site: Site, tmp_path: Path
) -> None:
    """A host with a port comes back as it was."""
    view(client, origin="https://portal.vn:8443")
    archive = tmp_path / "a.jsonl.gz"
    archive.write_bytes(b"".join(services.portability.archives.lines("kimson", clock.now())))
    services.sites.erasure.erase("kimson", "test", clock.now())

    services.portability.archives.restore(archive, clock.now())

    today = date(2026, 3, 4)
    found = services.traffic.history.shortfall(site, today, today).hosts
    assert [(one.reason, one.n) for one in found] == [("portal.vn:8443", 1)]

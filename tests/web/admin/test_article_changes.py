"""Articles sorted out on the admin page, by programs and on the command line."""

import json
import re

import pytest
from flask.testing import FlaskClient

from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.cli.conftest import Run, environ, run
from tests.support.admin import Person
from tests.support.pages import view
from tests.web.admin.test_two_administrators import text_of
from tests.web.api.manage.conftest import Program, reader, writer

__all__ = ["environ", "reader", "run", "writer"]

PAGE = "/admin/sites/kimson/articles/changes"
_CHANGE = re.compile(r'name="change" value="([0-9a-f]{16})"')


@pytest.fixture(autouse=True)
def viewed(client: FlaskClient, site: Site) -> None:
    """View some articles, two of them under a parameter that names nothing."""
    for article in ("/tin/1", "/tin/1?ma=a", "/tin/1?ma=b", "/tin/2", "/tin/2"):
        assert view(client, article).get_json()["counted"]


def views(services: Services, article: str) -> int | None:
    """Return the views of an article."""
    site = services.sites.sites.get("kimson")
    return services.traffic.views.articles(site, [article], services.clock.now())[article].views


def test_an_owner_looks_does_it_and_takes_it_back(owner: Person, services: Services) -> None:
    """The preview tells numbers and changes nothing; the form of it does what it says."""
    query = "?do=merge&by=parameter&which=ma&into="
    looked = text_of(owner.get(PAGE + query))
    change = _CHANGE.search(looked)

    assert change
    assert "5 lượt xem" in looked or "5 views" in looked
    assert views(services, "/tin/1") == 1
    fields = {"do": "merge", "by": "parameter", "which": "ma", "into": "", "change": change[1]}
    assert owner.post(PAGE, **fields).status_code == 302
    assert views(services, "/tin/1") == 3
    listed = text_of(owner.get(PAGE))
    assert f"{change[1]}/take-back" in listed
    owner.post(f"{PAGE}/{change[1]}/take-back")
    assert views(services, "/tin/1") == 1
    assert f"{change[1]}/take-back" not in text_of(owner.get(PAGE))


def test_what_cannot_be_done_is_told_in_place(owner: Person, services: Services) -> None:
    """The form keeps what was typed."""
    fields = {"do": "rename", "by": "key", "which": "/tin/1", "into": "/tin/2"}

    refused = owner.post(PAGE, **fields)

    assert refused.status_code == 409
    assert 'value="/tin/2"' in text_of(refused)
    assert views(services, "/tin/2") == 2


def test_an_editor_changes_no_articles(editor: Person) -> None:
    """Nor is shown the way there."""
    assert editor.get(PAGE).status_code == 403
    assert "articles/changes" not in text_of(editor.get("/admin/sites/kimson/articles"))


def test_a_program_does_the_same(writer: Program, reader: Program, services: Services) -> None:
    """Preview with the right to read, the rest with that to write."""
    rule = {"do": "delete", "prefix": "/tin/1"}

    preview = reader.call("POST", "/articles/changes/preview", rule).get_json()
    done = writer.call("POST", "/articles/changes", rule).get_json()
    listed = reader.get("/articles/changes")["changes"]

    assert (preview["articles"], preview["views"], preview["total"]) == (3, 3, 5)
    assert (done["articles"], done["left"]) == (3, 0)
    assert (listed[0]["change"]["id"], listed[0]["kept"]) == (done["id"], 3)
    assert views(services, "/tin/1") == 0
    assert writer.call("DELETE", f"/articles/changes/{done['id']}").get_json()["articles"] == 3
    assert views(services, "/tin/1") == 1
    assert writer.call("DELETE", f"/articles/changes/{done['id']}").status_code == 404
    assert reader.call("POST", "/articles/changes", rule).status_code == 403
    assert writer.call("POST", "/articles/changes", {"do": "delete"}).status_code == 400


def test_the_command_line_does_the_same(run: Run, services: Services) -> None:
    """It shows what would happen, asks, and says how to undo it."""
    shown = run("article", "merge", "kimson", "--parameter", "ma", "--dry-run").stdout
    assert views(services, "/tin/1") == 1
    run("article", "merge", "kimson", "--parameter", "ma", code=2)
    done = run("article", "merge", "kimson", "--parameter", "ma", "--yes").stdout

    assert "2 articles, 2 views" in shown
    assert views(services, "/tin/1") == 3
    change = done.split()[-1]
    (listed,) = json.loads(run("article", "changes", "kimson", "--json").stdout)
    assert (listed["change"]["id"], listed["articles"]) == (change, 2)
    assert change in run("article", "changes", "kimson").stdout
    run("article", "undo", "kimson", change)
    assert views(services, "/tin/1") == 1
    run("article", "rename", "kimson", "/tin/2", "/moi", "--yes")
    run("article", "hide", "kimson", "/moi", "--yes")
    told = run("article", "show", "kimson", "/tin/2").stdout
    assert "/moi" in told
    assert re.search(r"hidden\s+yes", told)
    run("article", "unhide", "kimson", "/moi", "--yes")
    run("article", "delete", "kimson", "/moi", "--yes")
    assert views(services, "/moi") == 0


def test_a_balance_on_the_command_line_says_what_it_was_made_from(
    run: Run, services: Services, site: Site
) -> None:
    """`--revision` of `show`; late, both versions are printed."""
    first = run("article", "show", "kimson", "/tin/1").stdout.split()[-1]
    run("article", "set-opening", "kimson", "/tin/1", "366", "--revision", first)

    late = run("article", "set-opening", "kimson", "/tin/1", "9", "--revision", first, code=2)

    assert re.search(r"views\s+366\s+9", late.stderr)
    assert services.traffic.opening_balances.get(site, "/tin/1").views == 366
    revision = run("site", "show", "kimson").stdout.split()[-1]
    run("site", "edit", "kimson", "--name", "Một", "--revision", revision)
    run("site", "edit", "kimson", "--name", "Hai", "--revision", revision, code=2)
    assert services.sites.sites.get("kimson").name == "Một"

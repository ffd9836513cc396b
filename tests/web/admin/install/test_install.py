"""The install page: code for each system, numbers for the preview, the state of a check."""

import json
import subprocess
from pathlib import Path
from shutil import which
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from stats_service.models.install_checks import InstallReport, Sender
from stats_service.models.sites import Site
from stats_service.models.traffic.history import TopArticle
from stats_service.services.container import Services
from stats_service.services.sites.systems import SYSTEMS
from stats_service.web.admin.install.places.cms import mediawiki_code
from stats_service.web.embed.files import load_files
from stats_service.web.embed.snippet import Embedding
from tests.support.admin import BASE, Person
from tests.support.clock import START
from tests.support.pages import view
from tools.modules import BUILT, packed

PAGE = "/admin/sites/kimson/install"


@pytest.fixture
def embedding() -> Embedding:
    """Give the snippet of a site."""
    return Embedding("https://dem.example.vn/v1", "kimson", load_files().newest)


def test_every_system_has_its_steps_and_the_script_s_hash(owner: Person, site: Site) -> None:
    """Every system that a site can be made for, plain HTML, applications and tag managers."""
    page = owner.get(PAGE).get_data(as_text=True)

    for name in (*SYSTEMS, "html", "sharepointonline", "spa", "gtm"):
        assert f'id="place-{name}"' in page
    assert len(page) < 150_000
    hashes = page.count(load_files().newest.integrity.replace("+", "&#43;"))
    assert max(hashes, page.count(load_files().newest.integrity)) >= 7
    assert "wp_print_script_tag" in page
    assert "BaseApplicationCustomizer" in page


@pytest.mark.parametrize(("name", "folder", "inside"), BUILT)
def test_a_webmaster_gets_the_module_from_the_page(
    editor: Person, site: Site, name: str, folder: Path, inside: str
) -> None:
    """What `make modules` builds of today's sources, linked from the steps of the system."""
    assert f'href="{PAGE}/modules/{name}"' in editor.get(PAGE).text

    answer = editor.get(f"{PAGE}/modules/{name}")

    assert answer.mimetype == "application/zip"
    assert f"stats-service-{name}" in answer.headers["Content-Disposition"]
    assert answer.data == packed(folder, inside)
    assert editor.get(f"{PAGE}/modules/passwords.zip").status_code == 404


def test_the_parameters_of_a_system_are_given_until_they_are_set(
    owner: Person, site: Site, services: Services
) -> None:
    """A site that was made without its system is told what to leave out of addresses."""
    before = owner.get(PAGE).text
    services.sites.sites.edit("kimson", article_parameters=(*SYSTEMS["nukeviet"], "-x"))
    after = owner.get(PAGE).text

    assert 'id="parameters-nukeviet"' in before
    assert 'id="parameters-nukeviet"' not in after
    assert 'id="parameters-joomla"' in after


@pytest.mark.skipif(not which("php"), reason="PHP is not here")
def test_code_in_php_is_code(embedding: Embedding) -> None:
    """PHP reads what is put into WordPress and MediaWiki."""
    for text in (embedding.php(), f"<?php\n{mediawiki_code(embedding)}"):
        done = subprocess.run(
            [str(which("php")), "-l"], input=text.encode(), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_the_form_for_sharepoint_is_well_formed(embedding: Embedding) -> None:
    """Its converter takes XML alone."""
    root = ElementTree.fromstring(f"<body>{embedding.xml()}</body>")

    script = root.find("script")
    assert script is not None
    assert script.attrib["data-site"] == "kimson"
    assert script.attrib["async"] == "async"


def test_the_forms_in_code_say_what_the_html_says(embedding: Embedding) -> None:
    """Address, site and hash, whatever the language."""
    for text in (
        embedding.php(),
        embedding.javascript(),
        embedding.typescript(),
        embedding.for_optimisers(),
        mediawiki_code(embedding),
    ):
        assert embedding.src in text
        assert embedding.file.integrity in text
        assert "kimson" in text


def test_the_preview_reads_and_counts_nothing(
    owner: Person, client: FlaskClient, site: Site, services: Services
) -> None:
    """Not as a view, not as one ignored, not as a reader online."""
    view(client)
    now = services.clock.now()
    before = services.traffic.views.counts(site, now)
    body = {"hit": "a" * 20, "article": "/tin/1", "rating": True, "voter": "", "articles": ["/b"]}
    token = owner.token(PAGE)

    answer = owner.client.post(
        f"{PAGE}/preview/page",
        data=json.dumps(body),
        content_type="text/plain",
        headers={"X-CSRFToken": token},
        base_url=BASE,
    )

    assert answer.status_code == 200
    assert answer.get_json()["article"]["views"] == 1
    assert answer.get_json()["articles"]["/b"]["views"] == 0
    assert "voter" not in answer.get_json()
    assert services.traffic.views.counts(site, now) == before
    assert services.traffic.history.ignored(site, START.date(), START.date()) == []


def test_the_preview_is_framed_by_our_own_pages_alone(owner: Person, site: Site) -> None:
    """And the install page frames nothing else."""
    preview = owner.get(f"{PAGE}/preview?numbers=sample")
    page = owner.get(PAGE)

    assert "frame-ancestors 'self'" in preview.headers["Content-Security-Policy"]
    assert "unsafe" not in preview.headers["Content-Security-Policy"]
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "1814165" in preview.get_data(as_text=True)
    assert 'id="sample"' not in owner.get(f"{PAGE}/preview").get_data(as_text=True)


def test_what_an_article_is_called_stays_text_in_the_preview(
    owner: Person, site: Site, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The most read article's key came from a visitor."""
    evil = '/"><script>alert(1)</script>'
    monkeypatch.setattr(
        type(services.traffic.top_articles), "of_all_time", lambda *_: [TopArticle(evil, 9)]
    )

    for path in (PAGE, f"{PAGE}/preview"):
        assert "<script>alert" not in owner.get(path).get_data(as_text=True)


def test_a_check_is_shown_to_whoever_has_its_token(
    owner: Person, site: Site, services: Services
) -> None:
    """As JSON while one waits, and in the page itself without JavaScript."""
    now = services.clock.now()
    token = services.sites.install_checks.new_token("kimson", now)
    url = f"{PAGE}/check.json?token={token}"
    assert owner.get(url).get_json() == {"at": None, "findings": []}

    evil = "<script>alert(1)</script>"
    report = InstallReport(token=token, version="1", site="kimson", strangers=(evil,))
    sender = Sender("kimson.example.com", "192.0.2.7", 0, "", private=False)
    services.sites.install_checks.save(
        services.sites.directory.entry("kimson", now), report, sender, now
    )

    state = owner.get(url).get_json()
    assert state["at"] == now
    assert state["findings"][0]["code"] == "host-unknown"
    page = owner.get(f"{PAGE}?check={token}").get_data(as_text=True)
    assert "kimson.example.com không có trong danh sách" in page
    assert evil not in page
    assert owner.get(f"{PAGE}/check.json?token=x").get_json()["at"] is None


def test_each_load_of_the_page_begins_a_check_of_its_own(owner: Person, site: Site) -> None:
    """The link ends with a token, and opens the portal's own page."""
    first = owner.get(PAGE).get_data(as_text=True)
    second = owner.get(PAGE).get_data(as_text=True)

    assert "https://kimson.example.vn/#stats-check=kimson." in first
    assert first.split("#stats-check=")[1][:30] != second.split("#stats-check=")[1][:30]

"""`stats-service legacy`."""

import json
from pathlib import Path

import pytest

from stats_service.models.sites import Site
from stats_service.services.registry import Services
from tests.cli.conftest import Run
from tests.services.test_legacy import line


@pytest.fixture
def log(tmp_path: Path, site: Site) -> str:
    """Give a small access log."""
    path = tmp_path / "access.log"
    path.write_text(line() + line("/a.png"))
    return str(path)


def test_import_says_what_it_does(run: Run, log: str, services: Services) -> None:
    """Tried, done, and done only once."""
    words = ("legacy", "import", "kimson", log, "--from", "access-log")

    assert "would add 1 views" in run(*words, "--dry-run").stdout
    said = run(*words).stdout
    assert "added 1 views, 1 visits on 1 days (2026-02-17 to 2026-02-17)" in said
    assert "not counted, no-page: 1" in said
    assert "imported before" in run(*words).stdout
    assert json.loads(run("counts", "kimson", "--json").stdout)["views"]["total"] == 1
    assert "access.log  access-log" in run("legacy", "list", "kimson").stdout
    assert [entry.what for entry in services.audit.newest("kimson")] == ["legacy.imported"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("legacy", "import", "nobody", "{log}", "--from", "access-log"), "nobody"),
        (("legacy", "import", "kimson", "{log}", "--from", "piwik"), "piwik"),
        (("legacy", "import", "kimson", "missing", "--from", "umami"), "missing"),
        (("legacy", "import", "kimson", "{log}", "--from", "umami"), "url_path"),
    ],
)
def test_a_mistake_is_a_line_and_exit_code_2(
    run: Run, log: str, words: tuple[str, ...], said: str
) -> None:
    """It says what is wrong."""
    words = tuple(word.format(log=log) for word in words)

    assert said in run(*words, code=2).stderr.splitlines()[-1]

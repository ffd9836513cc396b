"""`stats-service export` and `import`."""

import csv
import gzip
from pathlib import Path

import openpyxl
import pytest

from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.cli.conftest import Run
from tests.support.clock import FakeClock
from tests.support.filled import fill


@pytest.fixture(autouse=True)
def _filled(
    services: Services,
    clock: FakeClock,
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every test has a site with numbers, and a folder of its own to write to."""
    fill(services, clock, site)
    monkeypatch.chdir(tmp_path)


def test_export_and_import(run: Run, services: Services, tmp_path: Path) -> None:
    """Removed and imported, the site shows what it showed."""
    before = run("counts", "kimson", "--json").stdout
    run("export", "kimson", "--output", "a.jsonl.gz")
    run("site", "remove", "kimson", "--yes")

    said = run("import", "a.jsonl.gz").stdout

    assert "kimson" in said
    assert run("counts", "kimson", "--json").stdout == before
    assert not list(tmp_path.glob("*.part"))
    log = [entry.what for entry in services.audit.newest("")]
    assert log == ["site.imported", "site.removed"]


def test_export_names_its_file(run: Run, tmp_path: Path) -> None:
    """After the site and the day, in the folder where one stands."""
    said = run("export", "kimson").stdout

    (path,) = tmp_path.glob("kimson-*.jsonl.gz")
    assert path.name in said
    assert gzip.decompress(path.read_bytes()).startswith(b'{"table":"archive","version":1')


def test_export_to_stdout(run: Run) -> None:
    """For a pipe: the archive and nothing else."""
    lines = run("export", "kimson", "--output", "-").stdout.splitlines()

    assert lines[0].startswith('{"table":"archive"')
    assert lines[-1].startswith('{"table":"end"')


def test_csv_has_a_file_for_each_table(run: Run, tmp_path: Path) -> None:
    """With headings, and no cell that a spreadsheet would run."""
    run("export", "kimson", "--format", "csv", "--output", "out")

    names = {path.stem for path in (tmp_path / "out").iterdir()}
    assert {"settings", "counts", "hours", "articles", "article_days", "audit"} <= names
    with (tmp_path / "out" / "openings.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert rows == [
        {"article": "/tin/0", "views": "366"},
        {"article": "'=HYPERLINK(A1)", "views": "2"},
    ]


def test_xlsx_has_a_sheet_for_each_table(run: Run) -> None:
    """Numbers are numbers, texts are texts and never formulas."""
    run("export", "kimson", "--format", "xlsx", "--output", "kimson.xlsx")

    book = openpyxl.load_workbook("kimson.xlsx")
    rows = list(book["openings"].iter_rows(values_only=True))
    assert rows == [("article", "views"), ("/tin/0", 366), ("=HYPERLINK(A1)", 2)]
    assert book["openings"]["A3"].data_type == "s"
    assert book["counts"].freeze_panes == "A2"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "nobody"), "nobody"),
        (("export", "kimson", "--format", "xlsx", "--output", "-"), "jsonl"),
        (("export", "kimson", "--output", "no/such/folder/a.jsonl"), "written"),
        (("import", "missing.jsonl"), "missing.jsonl"),
    ],
)
def test_a_mistake_is_a_line_and_exit_code_2(run: Run, words: tuple[str, ...], said: str) -> None:
    """It says what is wrong."""
    assert said in run(*words, code=2).stderr.splitlines()[-1]


def test_import_of_a_site_that_is_there(run: Run) -> None:
    """Is refused, and says how to go on; then does."""
    run("export", "kimson", "--output", "a.jsonl")

    assert "--replace" in run("import", "a.jsonl", code=2).stderr
    run("import", "a.jsonl", "--replace")

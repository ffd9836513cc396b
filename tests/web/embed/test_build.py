"""The built files: what they weigh, that they are built of the sources, that they stay."""

import gzip
import json
import re
import sys
from pathlib import Path

import pytest

from stats_service.web.embed.files import DIST, MANIFEST, load_files
from stats_service.web.embed.version import VERSION

if sys.platform != "linux":
    pytest.skip("the minifier has wheels for Linux alone", allow_module_level=True)

from tools import build_embed


def test_the_newest_version_is_the_build_of_the_sources() -> None:
    """Whoever changes a source also runs `make embed`."""
    for name, body in build_embed.build().items():
        assert (DIST / name).read_bytes() == body, f"{name} is stale: run `make embed`"


def test_every_file_has_the_hash_in_the_manifest() -> None:
    """The manifest names every file that there is."""
    manifest = json.loads((DIST / MANIFEST).read_text())

    listed = {name for version in manifest.values() for name in version["files"]}
    assert listed == {path.name for path in DIST.glob("*.js")}
    for version in manifest.values():
        for name, described in version["files"].items():
            assert build_embed.describe((DIST / name).read_bytes()) == described


def test_the_core_stays_small() -> None:
    """A page with counters alone loads at most 3,300 bytes."""
    body = (DIST / f"embed.{VERSION}.js").read_bytes()

    assert len(gzip.compress(body, 9)) <= build_embed.CORE_MAX_BYTES


def test_polls_and_ratings_stay_bounded() -> None:
    """A page with a poll loads at most 16,000 bytes more, which the browser then keeps a year."""
    body = (DIST / f"embed-votes.{VERSION}.js").read_bytes()

    assert len(gzip.compress(body, 9)) <= build_embed.VOTES_MAX_BYTES


@pytest.mark.parametrize(
    ("part", "most"),
    [
        ("extra", build_embed.EXTRA_MAX_BYTES),
        ("check", build_embed.CHECK_MAX_BYTES),
        ("choice", build_embed.CHOICE_MAX_BYTES),
        ("top", build_embed.TOP_MAX_BYTES),
        ("documents", build_embed.DOCUMENTS_MAX_BYTES),
    ],
)
def test_what_few_pages_load_stays_bounded(part: str, most: int) -> None:
    """Applications, lists and frames load the first; whose address asks for it, one more."""
    body = (DIST / f"embed-{part}.{VERSION}.js").read_bytes()

    assert len(gzip.compress(body, 9)) <= most


#: What old libraries and pages replace, by their own or by what does something else; and why.
REPLACED = {
    r"Array\.(from|of)\b": "MooTools and Prototype know one argument",
    r"\.(reduce|reduceRight)\(": "Prototype 1.6 gives back the list",
    r"\.(find|findIndex|findLast|flat|flatMap|at|entries|keys|values)\(": "written by hand",
    r"\.bind\(": "Prototype and MooTools",
    r"Object\.(keys|values|entries|fromEntries)\b": "with all that a prototype has",
    r"JSON\.stringify": "asks for toJSON, which Prototype gives lists; MooTools replaces JSON",
    r"for \((const|let) \w+ in ": "Object.prototype may have more than its own",
    r"new (Map|Set|WeakMap|URL)\b": "pages have variables of these names",
    r"Date\.parse": "Datejs gives a date back",
    r"\bcredentials: \"omit\"": "one host behind a password",
}
#: Where one of these is right: each key is looked at, or what is replaced is what is looked for.
ALLOWED = {"json.js": {"for"}, "patched.js": {"for"}}


@pytest.mark.parametrize("pattern", REPLACED)
def test_the_sources_use_what_no_library_replaces(pattern: str) -> None:
    """The page around the script may have changed the language, before or after it came."""
    for source in build_embed.SOURCES.rglob("*.js"):
        text = source.read_text("utf-8")
        code = re.sub(r"/\*.*?\*/|//[^\n]*|\"[^\"\n]*\"", "", text, flags=re.DOTALL)
        if pattern.split(" ", maxsplit=1)[0] not in ALLOWED.get(source.name, ()):
            assert not re.search(pattern, code), f"{source.name}: {REPLACED[pattern]}"


@pytest.mark.parametrize("part", [part for part in build_embed.PARTS if part != "documents"])
def test_the_core_loads_its_parts_by_their_hashes(part: str) -> None:
    """Whoever pinned the core has pinned the other files as well; the check hangs on the second."""
    loader = (
        f"embed-extra.{VERSION}.js" if part in ("check", "choice", "top") else f"embed.{VERSION}.js"
    )
    core = (DIST / loader).read_text()
    file = DIST / f"embed-{part}.{VERSION}.js"

    assert file.name in core
    assert build_embed.integrity(file.read_bytes(), "sha256") in core


def test_nothing_needs_a_lenient_policy() -> None:
    """No markup in strings, no evaluated text, no style attribute: a strict CSP stays in force."""
    for source in build_embed.SOURCES.rglob("*.js"):
        text = source.read_text(encoding="utf-8")
        for forbidden in (
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "eval(",
            "Function(",
            '"style"',
        ):
            assert forbidden not in text, f"{source.name} has {forbidden}"


def test_released_files_are_served_as_they_were_released() -> None:
    """Portals pinned these bytes: no later version of the service changes or drops them."""
    served = {name: file.integrity for name, file in load_files().by_name.items()}

    for name, integrity in json.loads(build_embed.RELEASED.read_text()).items():
        assert served.get(name) == integrity, f"{name} was released: bring it back"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let builds write to a folder of the test's own, and take no time."""
    monkeypatch.setattr(build_embed, "DIST", tmp_path)
    monkeypatch.setattr(build_embed, "MANIFEST", tmp_path / MANIFEST)
    monkeypatch.setattr(build_embed, "RELEASED", tmp_path / "released.json")
    return tmp_path


def run_build(monkeypatch: pytest.MonkeyPatch, body: bytes, version: str, *words: str) -> int:
    """Build sources whose core becomes `body`."""
    monkeypatch.setattr(sys, "argv", ["build_embed", *words])
    monkeypatch.setattr(build_embed, "VERSION", version)
    monkeypatch.setattr(build_embed, "build", lambda: {f"embed.{version}.js": body})
    return build_embed.main()


def test_a_released_file_is_not_written_again(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the release a changed source needs a new version, beside the old one."""
    assert run_build(monkeypatch, b"first", "1") == 0
    assert run_build(monkeypatch, b"second", "1", "--release") == 0
    before = {path.name: path.read_bytes() for path in elsewhere.iterdir()}

    assert run_build(monkeypatch, b"second", "1") == 0
    assert run_build(monkeypatch, b"third", "1") == 2
    assert run_build(monkeypatch, b"third", "1", "--release") == 2

    assert "embed.1.js. Raise VERSION" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == before
    assert run_build(monkeypatch, b"third", "2") == 0
    assert (elsewhere / "embed.1.js").read_bytes() == b"second"
    assert set(json.loads((elsewhere / MANIFEST).read_text())) == {"1", "2"}
    assert json.loads((elsewhere / "released.json").read_text()) == {
        "embed.1.js": build_embed.integrity(b"second", "sha384")
    }

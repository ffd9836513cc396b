"""What is in the package, and what it says of itself; `test_installed.py` installs it."""

import re
import tarfile
import zipfile
from email.message import Message
from email.parser import BytesParser
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from stats_service import __version__
from tests.package.conftest import ROOT, Package, build

#: Folders of the wheel besides the package itself.
DIST_INFO = f"stats_service-{__version__}.dist-info/"
SHARED = f"stats_service-{__version__}.data/data/share/stats-service/"
#: What is made into what is served.
SOURCES = ("stats_service/web/embed/src/", ".po")


def names_of(wheel: Path) -> set[str]:
    """Return the names of the files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def files_below(folder: str) -> set[str]:
    """Return the files of this checkout below `folder`, as paths from its root."""
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {str(path.relative_to(ROOT)) for path in found if path.parent.name != "__pycache__"}


@pytest.fixture(scope="session")
def described(package: Package) -> Message:
    """Give the metadata of the wheel."""
    with zipfile.ZipFile(package.wheel) as archive:
        return BytesParser().parsebytes(archive.read(f"{DIST_INFO}METADATA"))


def test_the_wheel_has_what_runs_and_nothing_else(package: Package) -> None:
    """Templates, catalogs, Lua and zips among it; no tests, tools or sources of scripts."""
    needed = {
        name
        for name in files_below("stats_service")
        if not (name.startswith(SOURCES[0]) or name.endswith(SOURCES[1]))
    }

    names = names_of(package.wheel)

    ours = {name for name in names if name.startswith("stats_service/")}
    assert ours == needed
    assert len(ours) > 500
    examples = {f"{SHARED}{name}" for name in files_below("examples")}
    assert {n for n in names - ours if not n.startswith(DIST_INFO)} == {
        f"{SHARED}requirements.txt",
        *examples,
    }


def test_the_source_distribution_has_the_sources_and_the_documentation(package: Package) -> None:
    """Everything of the package, so that the same wheel can be made of it."""
    with tarfile.open(package.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    wanted = files_below("stats_service") | files_below("docs") | files_below("examples")
    assert wanted <= names
    assert names - wanted == {
        *("CHANGELOG.md", "LICENSE", "README.md", "README.vi.md", "requirements/run.txt"),
        *(".gitignore", "PKG-INFO", "pyproject.toml"),
    }


def test_checkout_and_source_distribution_make_the_same_wheel(
    package: Package, tmp_path: Path
) -> None:
    """Byte for byte, and whenever it is built."""
    build(ROOT, tmp_path, "--sdist", "--wheel")  # this wheel is made of the checkout itself

    assert (tmp_path / package.wheel.name).read_bytes() == package.wheel.read_bytes()
    assert (tmp_path / package.sdist.name).read_bytes() == package.sdist.read_bytes()


def test_the_metadata_say_what_an_installer_needs(described: Message) -> None:
    """Version, Python, licences with those of what others wrote; no address that is not there."""
    assert described["Name"] == "stats-service"
    assert described["Version"] == __version__
    assert described["Requires-Python"] == ">=3.11"
    assert described["License-Expression"] == "MIT"
    assert {Path(name).name for name in described.get_all("License-File", [])} == {
        "LICENSE",
        "common_passwords_license.txt",
        "uplot-license.txt",
    }
    assert {name for name in described if "url" in name.lower() or "page" in name.lower()} == set()


def test_the_description_reads_well_without_the_checkout(described: Message) -> None:
    """An index shows it alone: no picture, no link to a file."""
    text = described.get_payload()

    assert "stats_service-*.whl" in text
    assert re.findall(r"\]\((?!https?://)|<img|!\[", text) == []


def test_the_licences_in_the_package_are_whole(package: Package) -> None:
    """Next to the metadata, as installers show them."""
    names = names_of(package.wheel)

    licences = {name for name in names if name.startswith(f"{DIST_INFO}licenses/")}
    with zipfile.ZipFile(package.wheel) as archive:
        assert all("Copyright (c)" in archive.read(name).decode() for name in licences)
    assert len(licences) == 3


def test_the_changelog_names_the_version() -> None:
    """A release is the newest in it; between two releases the version says so."""
    released = re.findall(
        r"^## (\d+\.\d+\.\d+) \(", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )

    assert not released or __version__ == released[0] or ".dev" in __version__


def locked_packages() -> set[str]:
    """Return what the service installs."""
    text = (ROOT / "requirements/run.txt").read_text("utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))


def licences_that_are_told() -> dict[str, str]:
    """Return by package the row of the page of licences."""
    page = (ROOT / "docs/licences.md").read_text("utf-8").partition("## What it installs")[2]
    rows = re.findall(r"^\| (?!Licence|---)(.+?) \| (.+) \|$", page, re.MULTILINE)
    return {name: row for row, names in rows for name in re.findall(r"`([a-z0-9-]+)`", names)}


def test_every_package_that_is_installed_has_its_licence_told() -> None:
    """Each once, and none that is not installed any more."""
    assert set(licences_that_are_told()) == locked_packages()


@pytest.mark.parametrize("name", sorted(locked_packages()))
def test_the_licence_that_is_told_is_what_the_package_says(name: str) -> None:
    """Of those that say it in one expression; of more than one, that which is chosen."""
    try:
        said = metadata(name)["License-Expression"]
    except ModuleNotFoundError:
        pytest.skip("not installed for this Python")
    row = licences_that_are_told()[canonicalize_name(name)]
    if not said:
        return
    choices = re.split(" OR | AND ", said)
    assert row.partition(",")[0].partition(";")[0] in choices, said

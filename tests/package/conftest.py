"""The package, built once."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Time of every file in what is built, in seconds since 1970.
EPOCH = "1767225600"


@dataclass(frozen=True)
class Package:
    """What `make dist` makes."""

    wheel: Path
    sdist: Path


def build(source: Path, target: Path, *options: str) -> None:
    """Build `source` into the folder `target`."""
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", target, *options, source],
        env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": EPOCH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Give the source distribution of this checkout, and the wheel that is made of it."""
    folder = tmp_path_factory.mktemp("package")
    build(ROOT, folder)
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Package(wheel, sdist)

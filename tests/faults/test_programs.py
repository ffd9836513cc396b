"""What the fault programme says and does where nginx is missing; nothing is installed here."""

import os
from pathlib import Path

import pytest

from tests.faults import programs

pytestmark = pytest.mark.quick


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder whose programs are all that there are."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def add(folder: Path, *names: str) -> None:
    """Put programs into a folder."""
    for name in names:
        (folder / name).touch(mode=0o755)


def nothing(command: list[str], _seconds: float) -> None:
    """Fail the test: nothing was to be run."""
    pytest.fail(f"{command} was run")


def test_nothing_is_done_where_nothing_is_missing(
    only: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """And nothing is said."""
    add(only, "nginx", "openssl", "apt-get")

    programs.install_missing(nothing, tmp_path / "p")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("user", "tools"), [(1000, ("apt-get",)), (0, ())])
def test_who_cannot_install_is_told_what_is_missing(
    only: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    user: int,
    tools: tuple[str, ...],
) -> None:
    """Anybody but root, and every system without apt."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    add(only, "openssl", *tools)

    programs.install_missing(nothing, tmp_path / "p")

    assert capsys.readouterr().err == (
        "T23 and T47 will not be shown: nginx is not installed "
        "(Debian: apt-get install nginx-light).\n"
    )


def test_root_on_debian_installs_and_no_service_starts(
    only: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """What says so to the package is gone afterwards."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    add(only, "apt-get")
    policy, seen = tmp_path / "policy-rc.d", []

    def run(command: list[str], _seconds: float) -> None:
        seen.append((command[command.index("-y") + 5 :], policy.exists()))
        if "nginx-light" in command and "--download-only" not in command:
            add(only, "nginx", "openssl")

    programs.install_missing(run, policy)

    packages = ["nginx-light", "openssl"]
    options = ["install", "--no-install-recommends"]
    assert seen == [
        (["update"], False),
        ([*options, "--download-only", *packages], False),
        ([*options, *packages], True),
    ]
    assert not policy.exists()
    assert capsys.readouterr().err == "Installing nginx-light openssl.\n"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no mirror >&2; exit 100", "That did not work: no mirror"),
        ("sleep 60", "timed out"),
    ],
)
def test_an_installation_that_fails_or_hangs_ends_nothing(
    only: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    script: str,
    said: str,
) -> None:
    """A real process: its last line is told, and it does not get longer than it may have."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(programs, "FETCH_SECONDS", 0.5)
    (only / "apt-get").write_text(f"#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n")
    (only / "apt-get").chmod(0o755)

    programs.install_missing(policy=tmp_path / "policy-rc.d")

    err = capsys.readouterr().err
    assert said in err
    assert "T23 and T47 will not be shown: nginx and openssl are not installed" in err

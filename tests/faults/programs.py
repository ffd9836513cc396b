"""Programs that the fault programme needs and no package of Python brings: nginx and openssl."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

#: Program -> package of Debian and Ubuntu that has it.
PACKAGES = {"nginx": "nginx-light", "openssl": "openssl"}

#: Longest wait for each step, in seconds: a mirror that hangs must not hold the programme up.
FETCH_SECONDS = 120
UNPACK_SECONDS = 300

#: What Debian asks before a package may start its service: 101 says no.
POLICY = Path("/usr/sbin/policy-rc.d")

#: Runs a command, its words and its longest wait in seconds.
Runner = Callable[[list[str], float], None]


def missing() -> str:
    """Return which programs are missing and how to get them; empty if none is."""
    names = [name for name in PACKAGES if not which(name)]
    if not names:
        return ""
    packages = " ".join(PACKAGES[name] for name in names)
    verb = "is" if len(names) == 1 else "are"
    return f"{' and '.join(names)} {verb} not installed (Debian: apt-get install {packages})"


def run_quietly(command: list[str], seconds: float) -> None:
    """Run a command; subprocess.SubprocessError or OSError if it fails or takes too long."""
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(
        command,
        check=True,
        timeout=seconds,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def install_missing(run: Runner = run_quietly, policy: Path = POLICY) -> None:
    """Install what is missing if this is root on Debian; say what is left out if it cannot be.

    A machine that cannot install loses two checks, and no more.
    """
    if not missing():
        return
    if os.geteuid() == 0 and which("apt-get"):
        packages = [package for name, package in PACKAGES.items() if not which(name)]
        _say(f"Installing {' '.join(packages)}.")
        try:
            _install(packages, run, policy)
        except (subprocess.SubprocessError, OSError) as error:
            _say(f"That did not work: {_reason(error)}")
    if told := missing():
        _say(f"T23 and T47 will not be shown: {told}.")


def _install(packages: list[str], run: Runner, policy: Path) -> None:
    apt = ["apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=30", "-o", "Acquire::Retries=1"]
    install = [*apt, "install", "--no-install-recommends"]
    run([*apt, "update"], FETCH_SECONDS)
    # Fetching may be cut off at any moment, unpacking had better not: so each has its own wait.
    run([*install, "--download-only", *packages], FETCH_SECONDS)
    with _no_service_starts(policy):
        run([*install, *packages], UNPACK_SECONDS)
    if which("systemctl"):
        with contextlib.suppress(subprocess.SubprocessError, OSError):
            run(["systemctl", "--quiet", "disable", "nginx"], FETCH_SECONDS)  # at the next boot


@contextlib.contextmanager
def _no_service_starts(policy: Path) -> Iterator[None]:
    """Keep the package from running a web server on port 80, which nobody has asked for."""
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink()


def _reason(error: Exception) -> str:
    lines = str(getattr(error, "stderr", "") or error).strip().splitlines()
    return lines[-1] if lines else type(error).__name__


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()

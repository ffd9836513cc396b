"""A Docker engine of the test's own, and a base image made of Debian's packages.

Registries of images are out of reach of the machines that test, Debian's packages are not: one
image of them stands for each image that the Dockerfile and docker-compose.yml name.
"""

import contextlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import wait_until

PROJECT = Path(__file__).parents[2]
#: Programs, and the packages of Debian that have them.
NEEDED = {
    "dockerd": "docker.io",
    "docker": "docker.io",
    "debootstrap": "debootstrap",
    "iptables": "iptables",
}
#: What the images are for: Python with pip, Redis, Caddy.
PACKAGES = "python3,python3-pip,python-is-python3,ca-certificates,redis-server,caddy"
MIRROR, SUITE = "http://deb.debian.org/debian", "bookworm"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
#: The engine's bridge, and rules that let everything pass, for tables that were not there before.
BRIDGE = Path("/sys/class/net/docker0")
CLEAN = "".join(
    f"*{table}\n{''.join(f':{chain} ACCEPT [0:0]{chr(10)}' for chain in chains)}COMMIT\n"
    for table, chains in (
        ("filter", ("INPUT", "FORWARD", "OUTPUT")),
        ("nat", ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")),
    )
)
#: Longest wait for a command, in seconds.
PATIENCE = 400.0


@dataclass(frozen=True)
class Engine:
    """A running engine."""

    socket: Path
    #: `docker compose` (version 2), else `docker-compose` (version 1).
    compose: tuple[str, ...]

    def run(self, *command: str, cwd: Path | None = None, **environ: str) -> str:
        """Run a command against the engine; return what it printed, and fail if it failed."""
        done = subprocess.run(
            command,
            env=os.environ | {"DOCKER_HOST": f"unix://{self.socket}"} | environ,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-4000:]}"
        return done.stdout


def base_of_the_service() -> str:
    """Return the image on which the service's own is built."""
    dockerfile = (PROJECT / "Dockerfile").read_text()
    (name,) = re.findall(r"^ARG PYTHON_IMAGE=(\S+)$", dockerfile, re.MULTILINE)
    return str(name)


def images_named() -> set[str]:
    """Return the images that the Dockerfile and docker-compose.yml want from a registry."""
    compose = (PROJECT / "docker-compose.yml").read_text()
    found = set(re.findall(r"^\s+image: (\S+)$", compose, re.MULTILINE))
    return found - {"stats-service"} | {base_of_the_service()}


@contextlib.contextmanager
def running_engine(folder: Path) -> Iterator[Engine]:
    """Run an engine whose data are in `folder`; nothing of it is left behind.

    The test is skipped, with a word, where none can run.
    """
    if os.geteuid() != 0:
        pytest.skip("a Docker engine wants root")
    missing = sorted({NEEDED[name] for name in NEEDED if shutil.which(name) is None})
    compose = _compose()
    if not compose:
        missing.append("docker-compose")
    if missing:
        pytest.skip(f"not installed: apt-get install {' '.join(missing)}")
    socket = folder / "docker.sock"
    rules = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
    had_bridge = BRIDGE.exists()
    with (folder / "dockerd.log").open("w") as log:
        process = subprocess.Popen(
            [
                "dockerd",
                f"--data-root={folder / 'data'}",
                f"--exec-root={folder / 'exec'}",
                f"--pidfile={folder / 'dockerd.pid'}",
                f"--host=unix://{socket}",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        engine = Engine(socket, compose)
        wait_until(lambda: process.poll() is not None or _answers(engine), 60)
        if process.poll() is not None:
            last = (folder / "dockerd.log").read_text().splitlines()[-1:]
            pytest.skip(f"the Docker engine does not start here: {last}")
        yield engine
    finally:
        process.terminate()
        process.wait(60)
        # What an engine does to the machine's network outlasts it: nothing else would be forwarded.
        subprocess.run(["iptables-restore"], input=CLEAN + rules, text=True, check=True)
        if not had_bridge:
            subprocess.run(["ip", "link", "delete", BRIDGE.name], check=False)
        subprocess.run(["umount", "--quiet", "--recursive", folder / "data"], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def make_base_image(engine: Engine, folder: Path, names: set[str]) -> None:
    """Make an image of Debian's packages, and give it every one of `names`."""
    root = folder / "root"
    included = f"--include={PACKAGES}"
    engine.run("debootstrap", "--variant=minbase", included, SUITE, str(root), MIRROR)
    # As the machine's own: a test machine may reach the registry of packages through a proxy.
    shutil.copy(CERTIFICATES, root / CERTIFICATES.relative_to("/"))
    (root / "etc/pip.conf").write_text(f"[global]\ncert = {CERTIFICATES}\n")
    # As in Redis' own image, whose volume is its user's.
    owner = (root / "var/lib/redis").stat()
    (root / "data").mkdir()
    os.chown(root / "data", owner.st_uid, owner.st_gid)
    archive = folder / "root.tar"
    engine.run("tar", "--directory", str(root), "--create", "--file", str(archive), ".")
    shutil.rmtree(root)
    first, *others = sorted(names)
    engine.run("docker", "import", str(archive), first)
    archive.unlink()
    for name in others:
        engine.run("docker", "tag", first, name)


def _compose() -> tuple[str, ...]:
    if shutil.which("docker"):
        found = subprocess.run(
            ["docker", "compose", "version"], capture_output=True, text=True, check=False
        )
        if found.returncode == 0 and "Compose version" in found.stdout:
            return ("docker", "compose")
    return ("docker-compose",) if shutil.which("docker-compose") else ()


def _answers(engine: Engine) -> bool:
    time.sleep(0.2)
    asked = subprocess.run(
        ["docker", "info"],
        env=os.environ | {"DOCKER_HOST": f"unix://{engine.socket}"},
        capture_output=True,
        check=False,
    )
    return asked.returncode == 0

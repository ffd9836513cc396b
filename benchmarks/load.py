"""Load: wrk, and the requests that it sends."""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw. Latencies in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    p999: float
    bytes: int
    #: Broken connections and time-outs; answers with a status of 400 or more.
    errors: int
    bad: int

    @property
    def rate(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


def require_program(name: str, package: str) -> None:
    """Install a program from Debian's packages if it is absent and this is root."""
    if shutil.which(name):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {package} …", file=sys.stderr)
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], check=True
        )
    else:
        sys.exit(f"The benchmarks need {name}: install the package {package} (Debian, Ubuntu).")


def run_wrk(url: str, templates: Sequence[bytes], connections: int, seconds: float) -> Load:
    """Send requests over `connections` kept open, each as soon as the one before is answered."""
    with tempfile.NamedTemporaryFile(suffix=".templates") as file:
        file.write(b"".join(template + b"\0" for template in templates))
        file.flush()
        done = subprocess.run(
            [
                "wrk",
                "--threads=1",
                f"--connections={connections}",
                f"--duration={seconds:g}s",
                "--timeout=5s",
                f"--script={SCRIPT}",
                url,
            ],
            env=os.environ
            | {
                "TEMPLATES": file.name,
                "SEED": f"{random.getrandbits(32):08x}",
                "FIRST_ADDRESS": str(random.randrange(2**31)),
            },
            capture_output=True,
            text=True,
            timeout=seconds + 60,
            check=False,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise RuntimeError(f"wrk failed: {done.stdout}{done.stderr}")
    found = json.loads(lines[0].removeprefix("RESULT "))
    return Load(
        requests=found["requests"],
        seconds=found["microseconds"] / 1e6,
        p50=found["p50"] / 1000,
        p99=found["p99"] / 1000,
        p999=found["p999"] / 1000,
        bytes=found["bytes"],
        errors=found["errors"],
        bad=found["bad"],
    )

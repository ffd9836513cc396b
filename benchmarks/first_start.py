"""How long somebody waits who has just cloned the repository: `make run`, to the first number.

Run alone by `python -m benchmarks.first_start`.
"""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.servers import ROOT, free_port
from benchmarks.snippet import ARGUMENTS, READER
from stats_service.run.listening import answers

#: Seconds after which the start has failed.
DEADLINE = 120.0
#: True as soon as the portal's widget shows a number.
SHOWN = """() => {
  const widget = document.querySelector("stats-visits");
  return widget && /[0-9]/.test((widget.shadowRoot || widget).textContent);
}"""


def measure_first_start() -> dict[str, float]:
    """Return the seconds from `make run` in a clean copy to the first number in Chromium.

    The packages come from pip's and uv's cache, if that has them. The processor's seconds, of which
    the service's own start is a part, do not depend on what else the machine does.
    """
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser_path:
        print("no Chromium: the first start is not measured", file=sys.stderr)
        return {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, sync_playwright() as playwright:
        copy = Path(folder, "checkout")
        _copy_tracked(copy)
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        page = browser.new_context(user_agent=READER).new_page()
        bind = f"127.0.0.1:{free_port()}"
        begin, before = time.monotonic(), _children_seconds()
        process = subprocess.Popen(
            ["make", "run"],
            env=os.environ | {"STATS_BIND": bind, "STATS_DATA_DIR": str(Path(folder, "data"))},
            cwd=copy,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            # Not by the browser: its pages of errors would take a core from what is waited for.
            while not answers(bind):
                if process.poll() is not None or time.monotonic() - begin > DEADLINE:
                    raise RuntimeError("`make run` does not come to a page")
                time.sleep(0.05)
            page.goto(f"http://{bind}/demo/")
            page.wait_for_function(SHOWN, timeout=10_000)
            seconds = time.monotonic() - begin
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)
            cpu = _children_seconds() - before  # before the browser ends, whose they are not
            browser.close()
    return {"first_number_s": round(seconds, 1), "first_number_cpu_s": round(cpu, 1)}


def _children_seconds() -> float:
    """Return the processor's seconds of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _copy_tracked(target: Path) -> None:
    """Copy what git knows, as it is in the working folder; so not what was made."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, place = ROOT / name, target / name
        if source.is_file():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)


if __name__ == "__main__":
    print(measure_first_start())

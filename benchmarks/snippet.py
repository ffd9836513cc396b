"""How long a reader waits: from the script's arrival to the numbers on the page, in Chromium."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median

from playwright.sync_api import sync_playwright

from benchmarks.servers import ROOT, free_port

LOADS = 15
#: A reader's browser says nothing of automation; the service would not count it otherwise.
READER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-blink-features=AutomationControlled",
)
#: Notes when the first widget shows a number, and reads when the script had arrived.
WATCH = """
new MutationObserver((_, observer) => {
  const widget = document.querySelector("stats-visits");
  const shown = widget && (widget.shadowRoot || widget).textContent;
  if (/[0-9]/.test(shown || "")) { window.shownAt = performance.now(); observer.disconnect(); }
}).observe(document, {subtree: true, childList: true, characterData: true});
"""
WAIT = """() => {
  if (!window.shownAt) return null;
  const script = performance.getEntriesByType("resource").find((e) => /embed\\.\\d/.test(e.name));
  return script && window.shownAt - script.responseEnd;
}"""


def measure_snippet() -> dict[str, float]:
    """Return the median time in milliseconds over several loads of the demo's article page."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser_path:
        print("no Chromium: the snippet's time is not measured", file=sys.stderr)
        return {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bind = f"127.0.0.1:{free_port()}"
        process = subprocess.Popen(
            [sys.executable, "-m", "stats_service", "demo"],
            env=os.environ | {"STATS_BIND": bind, "STATS_DATA_DIR": str(Path(folder, "data"))},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(f"http://{bind}/readyz")
            times = _load(f"http://{bind}/demo/", browser_path)
        finally:
            process.terminate()
            process.wait(20)
    return {"snippet_ms": round(median(times), 1), "snippet_ms_best": round(min(times), 1)}


def _wait(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _load(url: str, browser_path: str) -> list[float]:
    times = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        context = browser.new_context(user_agent=READER)
        context.add_init_script(WATCH)
        page = context.new_page()
        for _ in range(LOADS + 1):
            page.goto(url)
            times.append(page.wait_for_function(WAIT).json_value())
        browser.close()
    return times[1:]

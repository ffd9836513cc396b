"""What is found in Redis, in its files, in logs and in the spool; installing; least rights."""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from stats_service.app import create_app
from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.clicks import CLICK_LOST
from stats_service.models.sites import Site
from stats_service.services.container import create_services
from stats_service.store.keys import SiteKeys
from tests.faults.load import Load
from tests.support.away import lose_redis
from tests.support.pages import BROWSER, view
from tests.support.processes import free_port, service_processes, wait_until
from tests.support.redis_groups import client_of, restricted_user
from tests.support.server import _is_live, running_service

ROOT = Path(__file__).parents[2]
SITE = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))
DAYS_2 = 48 * 3600

Note = Callable[[str], None]


@pytest.fixture
def embedded(settings: Settings, tmp_path: Path) -> Iterator[tuple[Settings, EmbeddedRedis]]:
    """Give settings with an embedded Redis of the test's own, and that Redis."""
    with EmbeddedRedis(tmp_path) as server:
        yield replace(settings, redis_url=server.url, redis_timeout=5, trusted_proxies=1), server


def let_time_pass(client: "redis.Redis", seconds: int) -> None:
    """Bring every expiry nearer: Redis itself removes what would be over by then."""
    for name in list(client.scan_iter(count=1000)):
        left = client.pttl(name)
        if left > 0:
            client.pexpire(name, max(1, left - seconds * 1000))
    wait_until(lambda: all(client.pttl(name) != 0 for name in client.scan_iter()))


def rewritten(server: EmbeddedRedis) -> None:
    """Let Redis write its append-only file anew, as the supervisor does, and wait for it."""
    client = client_of(server.url)
    server.rewrite()
    wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    client.save()


def files_below(folder: Path) -> bytes:
    """Return the contents of all files but the secret."""
    return b"".join(
        path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "secret"
    )


@pytest.mark.check("T54")
def test_after_two_days_nothing_tells_of_a_visitor(
    embedded: tuple[Settings, EmbeddedRedis], tmp_path: Path, measured: Note
) -> None:
    """Redis, append-only file, snapshot, logs and spool are looked through, byte by byte."""
    ours, server = embedded
    services = create_services(ours)
    services.sites.sites.add(SITE)
    client = client_of(server.url, decode_responses=False)
    with running_service(ours) as url:
        with Load([url], clients=8, rate=80) as load:
            load.run(2)
        for path in ("/v1/nowhere/page", "/v1/kimson/page"):  # what is refused is logged too
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}{path}", b"{", timeout=5)
    app = create_app(ours)
    view(
        app.test_client(),
        user_agent=BROWSER + " Edg/142",
        headers={"X-Forwarded-For": "203.0.113.77", "Referer": "https://search.example/?q=benh"},
    )
    app.extensions["stats_service"].close()
    salts = [client.get(name) for name in client.scan_iter(b"*salt*")]
    visitors = [
        member for name in client.scan_iter(b"*:online") for member in client.zrange(name, 0, -1)
    ]
    before = files_below(tmp_path)
    assert salts
    assert visitors
    assert salts[0] in before, "the method finds what is there"

    let_time_pass(client, DAYS_2)
    rewritten(server)

    found = files_below(tmp_path)
    stored = b"".join(name + (client.dump(name) or b"") for name in client.scan_iter(count=1000))
    traces = {
        "addresses": [b"198.18.0.", b"203.0.113.77"],
        "user agents": [BROWSER.encode(), b"Edg/142", b"Mozilla/5.0"],
        "referrer": [b"search.example"],
        "salts": [*salts, *[salt.hex().encode() for salt in salts]],
        "visitors": visitors,
    }
    left = {
        kind: sum(trace in found or trace in stored for trace in values)
        for kind, values in traces.items()
    }
    measured(
        f"{len(load.sent)} views, {len(visitors)} visitors, {len(salts)} salt; after 48 h and a "
        f"rewrite, in {len(found):,} bytes of files and {len(stored):,} of Redis: {left}"
    )
    assert not any(left.values())


@pytest.mark.check("T110")
def test_what_visits_tell_tells_of_nobody(
    embedded: tuple[Settings, EmbeddedRedis],
    tmp_path: Path,
    measured: Note,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """At once, and while views wait on the disk; what is counted is there."""
    caplog.set_level(logging.DEBUG)
    ours, server = embedded
    create_services(ours).sites.sites.add(SITE)
    app = create_app(ours)
    services = app.extensions["stats_service"]
    client = client_of(server.url, decode_responses=False)

    def send(number: int) -> None:
        view(
            app.test_client(),
            address="127.0.0.1",
            user_agent=f"{BROWSER} CanaryAgent/{number}",
            via="www.facebook.com,utm_source=canarysource,utm_term=canary%40example.vn,"
            "utm_content=0912345678,fbclid=CanaryClick,q=CanaryQuery",
            headers={
                "X-Forwarded-For": f"203.0.113.{number}",
                "Referer": "https://search.example/canary-path?q=canaryword",
                "Accept-Language": "vi-x-canarylang,vi",
            },
        )

    for number in range(77, 82):
        send(number)
    find = lose_redis(services)
    for number in range(82, 87):
        send(number)
    spooled = files_below(tmp_path)
    find()
    wait_until(lambda: not services.traffic.replay.run(services.clock.now()))
    told = b"".join(client.dump(name) or b"" for name in client.scan_iter(b"*readers*"))
    archive = b"".join(services.portability.archives.lines("kimson", services.clock.now()))
    everything = {
        "spool": spooled,
        "files": files_below(tmp_path),
        "Redis": b"".join(name + (client.dump(name) or b"") for name in client.scan_iter()),
        "logs": caplog.text.encode(),
        "archive": archive,
    }
    services.close()

    canaries = [b"CanaryAgent", b"203.0.113.", b"canary%40", b"canary@", b"0912345678"]
    canaries += [b"CanaryClick", b"CanaryQuery", b"search.example", b"canary-path", b"canarylang"]
    found = {
        place: [canary for canary in canaries if canary in content]
        for place, content in everything.items()
    }
    measured(f"{len(canaries)} canaries in {len(everything)} places: {found}")
    assert b"canarysource" in told + archive, "the method finds what is there"
    assert b"canarysource" in spooled
    assert '"dimension":"source","value":"Facebook","visits":10' in archive.decode()
    assert not any(found.values())


@pytest.mark.check("T120")
def test_clicks_tell_of_nobody(
    embedded: tuple[Settings, EmbeddedRedis],
    tmp_path: Path,
    measured: Note,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """At once, and of those that come while Redis is away; what is counted is there."""
    caplog.set_level(logging.DEBUG)
    ours, server = embedded
    create_services(ours).sites.sites.add(SITE)
    app = create_app(ours)
    services = app.extensions["stats_service"]
    client = client_of(server.url, decode_responses=False)

    def send(number: int, kind: str, name: str) -> int:
        return (
            app.test_client()
            .post(
                "/v1/kimson/clicks",
                data=json.dumps({"kind": kind, "name": name, "hit": f"CanaryHit-{number:016}"}),
                headers={
                    "User-Agent": f"{BROWSER} CanaryAgent/{number}",
                    "Origin": "https://kimson.example.vn",
                    "X-Forwarded-For": f"203.0.113.{number}",
                    "Referer": "https://kimson.example.vn/canary-page?q=canaryword",
                    "Accept-Language": "vi-x-canarylang,vi",
                },
            )
            .status_code
        )

    def send_all(first: int) -> set[int]:
        return {
            send(number, kind, name)
            for number in range(first, first + 5)
            for kind, name in (
                ("document", "https://kimson.example.vn/van-ban/12.pdf?utm_source=canarysource"),
                ("outgoing", "bao.example"),
                ("action", "dang-ky"),
            )
        }

    names = SiteKeys(ours.key_prefix, "kimson")
    statuses = [send_all(77)]
    find = lose_redis(services)
    statuses.append(send_all(82))
    lost = files_below(tmp_path)
    find()
    wait_until(lambda: client.hget(names.ignored, CLICK_LOST) == b"15")
    everything = {
        "lost": lost,
        "files": files_below(tmp_path),
        "Redis": b"".join(name + (client.dump(name) or b"") for name in client.scan_iter()),
        "logs": caplog.text.encode(),
        "archive": b"".join(services.portability.archives.lines("kimson", services.clock.now())),
    }
    services.close()

    canaries = [b"CanaryAgent", b"CanaryHit", b"203.0.113.", b"canary-page", b"canaryword"]
    canaries += [b"canarysource", b"canarylang"]
    found = {
        place: [canary for canary in canaries if canary in content]
        for place, content in everything.items()
    }
    measured(f"{len(canaries)} canaries in {len(everything)} places: {found}")
    assert statuses == [{200}, {503}]
    archive = everything["archive"].decode()
    for name in ("/van-ban/12.pdf", "bao.example", "dang-ky"):
        assert f'"name":"{name}","clicks":5' in archive, "the method finds what is there"
    assert not any(found.values())


@pytest.mark.check("T55")
def test_a_removed_site_is_gone_from_the_files_too(
    embedded: tuple[Settings, EmbeddedRedis], tmp_path: Path, measured: Note
) -> None:
    """Its articles and numbers; what remains is the line of the installation's audit log."""
    ours, server = embedded
    services = create_services(ours)
    services.sites.sites.add(SITE)
    app = create_app(ours)
    for number in range(20):
        view(app.test_client(), f"/vet-tich/{number}")
    client = client_of(server.url)
    assert b"/vet-tich/" in files_below(tmp_path)

    services.sites.sites.remove("kimson")
    view(app.test_client(), "/tin/1")
    app.extensions["stats_service"].close()
    rewritten(server)

    keys = list(client.scan_iter("*{kimson}*"))
    copies = files_below(tmp_path).count(b"/vet-tich/")
    measured(f"{len(keys)} keys and {copies} copies in files after removal and a rewrite")
    assert not keys
    assert not copies


@pytest.mark.check("T57")
def test_secrets_are_in_no_log_and_no_page(
    settings: Settings, tmp_path: Path, measured: Note
) -> None:
    """A canary as the service's secret and as Redis' password; requests that fail inside."""
    canary = "CANARY" + hashlib.sha256(os.urandom(8)).hexdigest()
    server = restricted_user(tmp_path / "redis", "~t*")
    users = server.folder / "users.acl"
    users.write_text(users.read_text().replace(">SECRET", f">{canary}"))
    server.start()
    ours = replace(
        settings,
        secret=canary,
        redis_url=f"redis://stats-service:{canary}@127.0.0.1:{server.port}/0",
        redis_timeout=0.3,
    )
    bodies = b""
    try:
        services = create_services(ours)
        services.sites.sites.add(SITE)
        # A wrong type makes every view fail in a way that nobody foresaw.
        server.client.set(f"{ours.key_prefix}:{{kimson}}:counts", "no hash")
        with running_service(ours) as url:
            statuses = []
            for path, body in [("/v1/kimson/page", b'{"hit": "0123456789abcdef"}')] * 5 + [
                ("/v1/kimson/counts", None)
            ] * 5:
                request = urllib.request.Request(
                    url + path,
                    body,
                    {"User-Agent": BROWSER, "Origin": "https://kimson.example.vn"},
                )
                try:
                    with urllib.request.urlopen(request, timeout=5) as answer:
                        statuses.append(answer.status)
                except urllib.error.HTTPError as error:
                    with error:
                        statuses.append(error.code)
                        bodies += error.read()
            server.kill()
            for _ in range(3):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"{url}/readyz", timeout=5)
    finally:
        server.kill()
    logs = b"".join(path.read_bytes() for path in ours.data_dir.glob("*.log"))

    measured(f"answers {sorted(set(statuses))}; {len(logs):,} bytes of log, 0 canaries")
    assert 500 in statuses
    assert b"Traceback" not in bodies
    assert canary.encode() not in bodies + logs


@pytest.mark.check("T58")
def test_the_locked_wheels_install_offline_and_a_changed_one_does_not(
    tmp_path: Path, measured: Note
) -> None:
    """A wheelhouse is filled once, then only it is used; every file is held against its hash."""
    house, lock = tmp_path / "wheels", ROOT / "requirements" / "run.txt"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    checked = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", str(lock)]
    filled = _run([*pip, "download", "-q", "-d", str(house), *checked])
    assert filled.returncode == 0, filled.stderr

    offline = [*pip, "install", "-q", "--no-index", "--find-links", str(house)]
    good = _run([*offline, "--target", str(tmp_path / "good"), *checked])
    victim = next(house.glob("flask-3*.whl"))
    with zipfile.ZipFile(victim, "a") as wheel:
        wheel.writestr("flask/injected.py", "print('gambling')")
    bad = _run([*offline, "--target", str(tmp_path / "bad"), *checked])

    parts = _run(["cyclonedx-py", "requirements", str(lock), "--of", "JSON"])
    components = json.loads(parts.stdout)["components"]
    audit = _run(["pip-audit", "-r", str(lock), "--require-hashes", "--disable-pip"])
    known = (
        "pip-audit: none known"
        if audit.returncode == 0 and "could not be audited" not in audit.stderr + audit.stdout
        else "pip-audit: no advisory database within reach, NOT audited by it"
    )
    measured(
        f"{len(list(house.glob('*.whl')))} wheels installed offline; a changed wheel is refused; "
        f"SBOM of {len(components)} components; {known}"
    )
    assert good.returncode == 0, good.stderr
    assert (tmp_path / "good" / "flask").is_dir()
    assert bad.returncode != 0
    assert "HASH" in bad.stderr.upper()
    names = {component["name"].lower() for component in components}
    assert {"flask", "redis", "gunicorn"} <= names
    assert "found 1" not in audit.stdout.lower()


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    command[0] = (
        shutil.which(command[0], path=f"{Path(sys.executable).parent}:{os.defpath}") or command[0]
    )
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


#: A user who owns nothing here.
NOBODY = 65534

#: Everything read-only but the data folder and the memory disk; then another user, who has no
#: capability and no way to get one. Folders on the way to Python may be root's own: in this mount
#: namespace alone they are replaced by empty ones that all may pass.
_BARE = """
set -e
mount --make-rprivate /
mkdir "$STATS_DATA_DIR/way"
for needed in $NEEDED; do
    top=/$(echo "$needed" | cut -d/ -f2)
    if setpriv --reuid=$WHO --regid=$WHO --clear-groups test -x "$needed"; then continue; fi
    mount --bind "$needed" "$STATS_DATA_DIR/way"
    mount -t tmpfs -o mode=755 tmpfs "$top"
    mkdir -p "$needed"
    mount --move "$STATS_DATA_DIR/way" "$needed"
done
rmdir "$STATS_DATA_DIR/way"
mount --bind "$STATS_DATA_DIR" "$STATS_DATA_DIR"
for place in / $(awk '{print $2}' /proc/mounts | grep -vE '^/(proc|sys|dev)?(/|$)' | sort -u); do
    case "$place" in "$STATS_DATA_DIR") ;; *) mount -o remount,bind,ro "$place" ;; esac
done
if touch /probe 2>/dev/null; then exit 9; fi
cd /
exec setpriv --reuid=$WHO --regid=$WHO --clear-groups --no-new-privs --bounding-set=-all \
    --inh-caps=-all --securebits=+noroot,+noroot_locked "$0" -m stats_service serve
"""


@pytest.mark.check("T59")
@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare"), reason="mounting read-only wants root"
)
def test_it_runs_without_rights_on_a_read_only_tree(settings: Settings, measured: Note) -> None:
    """As another user, in a mount namespace of its own; no containers are needed for that."""
    folder = Path("/var/tmp") / f"stats-bare-{os.getpid()}"
    folder.mkdir(mode=0o700)
    os.chown(folder, NOBODY, NOBODY)
    port = free_port()
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", _BARE, sys.executable],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "STATS_DATA_DIR": str(folder),
            "STATS_BIND": f"127.0.0.1:{port}",
            "WHO": str(NOBODY),
            "NEEDED": f"{sys.base_prefix} {ROOT} {sys.prefix}",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        wait_until(lambda: process.poll() is not None or _is_live(f"http://127.0.0.1:{port}"), 60)
        assert process.poll() is None, process.stdout and process.stdout.read()
        all_processes = [process.pid, *service_processes(folder)]
        status = [Path(f"/proc/{pid}/status").read_text() for pid in set(all_processes)]
        mounts = Path(f"/proc/{process.pid}/mounts").read_text().splitlines()
        ready = urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).status
        kept = sorted(path.name for path in folder.iterdir())
    finally:
        process.terminate()
        process.communicate(timeout=20)
        shutil.rmtree(folder)

    writable = sorted(
        place
        for _, place, _, options, *_ in map(str.split, mounts)
        if options.startswith("rw") and not place.startswith(("/proc", "/sys", "/dev"))
    )
    lines = [line.split() for text in status for line in text.splitlines()]
    users = {name for line in lines if line[0] == "Uid:" for name in line[1:]}
    capabilities = {line[1] for line in lines if line[0] in ("CapEff:", "CapPrm:", "CapBnd:")}
    measured(
        f"readiness {ready}; {len(status)} processes of uid {users}, capabilities {capabilities}; "
        f"writable mounts beside /dev, /proc and /sys {writable}; data folder holds {kept}; not in "
        "a container"
    )
    assert ready == 200
    assert users == {str(NOBODY)}
    assert capabilities == {"0000000000000000"}
    assert writable == [str(folder)]
    assert {"redis", "secret"} <= set(kept)
    assert process.returncode == 0


@pytest.mark.check("T60")
@pytest.mark.quick
def test_the_services_user_may_do_nothing_else(
    settings: Settings, tmp_path: Path, measured: Note, caplog: pytest.LogCaptureFixture
) -> None:
    """What the example's user is refused; that it suffices is `pytest --redis=acl`."""
    server = restricted_user(tmp_path / "redis", f"~{settings.key_prefix}:*").start()
    try:
        url = f"redis://stats-service:SECRET@127.0.0.1:{server.port}/0"
        ours = replace(settings, redis_url=url)
        services = create_services(ours)
        services.sites.sites.add(SITE)
        app = create_app(ours)
        with caplog.at_level(logging.ERROR):
            for _ in range(2):
                assert view(app.test_client()).status_code == 200
                server.client.script_flush()
        app.extensions["stats_service"].close()
        client = redis.Redis.from_url(url)
        refused = []
        for command in (
            ("CONFIG", "SET", "maxmemory", "1"),
            ("KEYS", "*"),
            ("FLUSHALL",),
            ("FLUSHDB",),
            ("SHUTDOWN",),
            ("ACL", "LIST"),
            ("MONITOR",),
            ("REPLICAOF", "NO", "ONE"),
            ("MODULE", "LIST"),
            ("SCRIPT", "FLUSH"),
            ("FUNCTION", "LIST"),
            ("GET", "other:secret"),
            ("SET", "other:secret", "1"),
            ("EVAL", "return redis.call('GET', KEYS[1])", "1", "other:secret"),
            ("PUBLISH", "channel", "x"),
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)
            refused.append(command[0])
        client.close()
    finally:
        server.kill()

    measured(f"{len(refused)} commands refused with NOPERM; views and NOSCRIPT repair work")
    assert not caplog.records

"""`stats-service check`: it finds what is wrong, and says what to do."""

import time
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.models.operations.health import ServerFacts
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.operations.health import (
    TICK_LATE_SECONDS,
    server_findings,
    settings_findings,
)
from tests.cli.conftest import Run
from tests.support.redis_groups import CREDENTIALS, restricted_user

SOUND = ServerFacts(
    name="redis",
    version="8.2.2",
    role="master",
    append_only=True,
    append_fsync="everysec",
    snapshots="",
    writes_ok=True,
    snapshot_ok=True,
    eviction_policy="noeviction",
    memory_limit=0,
    memory_used=1,
)


def levels(output: str) -> dict[str, str]:
    """Return the level by the first word of the subject."""
    return {line.split()[1]: line.split()[0] for line in output.splitlines()}


def test_a_sound_installation(run: Run, site: Site) -> None:
    """Everything that matters is ok, and the exit code 0."""
    run("tick")
    output = run("check", STATS_PUBLIC_URL="https://dem.example.vn", STATS_TRUSTED_PROXIES="1")

    found = levels(output.stdout)
    assert found.pop("service") == "warn"  # it does not run
    found["python"] = "ok"  # whichever runs the tests
    assert set(found) == {
        *("configuration", "proxies", "public", "redis", "version", "persistence", "eviction"),
        *("spool", "clock", "tick", "sites", "python"),
    }
    assert set(found.values()) == {"ok"}


def test_whether_something_calls_tick(run: Run, site: Site, services: Services) -> None:
    """Never, lately, and not any more; it is no failure, and the demo does without."""

    def told(**environ: str) -> str:
        (line,) = (line for line in run("check", **environ).stdout.splitlines() if "tick " in line)
        return line

    assert told().startswith("warn  tick           never ran")
    assert "*/5 * * * *  stats-service tick" in told()
    assert told(STATS_DEMO="1").startswith("ok    tick")
    run("tick")
    assert told().startswith("ok    tick           last ran 20")
    list(services.operations.ticks.run(time.time() - TICK_LATE_SECONDS - 60))
    assert told().startswith("warn  tick           last ran 20")
    assert "look at the crontab or timer" in told()
    assert told(STATS_DEMO="1").startswith("ok    tick           last ran 20")


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1:9/0",
        "redis+sentinel://127.0.0.1:9/portal",
        "redis+cluster://127.0.0.1:9,127.0.0.1:10",
    ],
)
def test_redis_that_does_not_answer(run: Run, url: str) -> None:
    """One line, exit code 1, no traceback."""
    output = run("check", code=1, REDIS_URL=url)

    assert levels(output.stdout)["redis"] == "FAIL"
    assert "REDIS_URL" in output.stdout


def test_a_user_without_the_rights(run: Run, tmp_path: Path) -> None:
    """Named with where they stand; no traceback of redis-py."""
    server = restricted_user(tmp_path / "redis", "~others:*").start()
    try:
        url = server.url.replace("//", f"//{CREDENTIALS}@")
        output = run("check", code=1, REDIS_URL=url)
    finally:
        server.kill()

    assert "NOPERM" in output.output
    assert "redis-users.acl" in output.output


def test_a_wrong_setting(run: Run) -> None:
    """Named, with what it wants."""
    output = run("check", code=1, STATS_WORKERS="many")

    assert output.stdout.startswith("FAIL  configuration")
    assert "STATS_WORKERS" in output.stdout


def test_a_secret_that_others_may_read(run: Run, environ: dict[str, str], tmp_path: Path) -> None:
    """With the command that puts it right."""
    del environ["STATS_SECRET"]
    run("check")
    (tmp_path / "secret").chmod(0o644)

    output = run("check", code=1)

    assert levels(output.stdout)["secret"] == "FAIL"
    assert f"chmod 600 {tmp_path}/secret" in output.stdout


@pytest.mark.parametrize(
    ("change", "subject", "level"),
    [
        ({}, "version", "ok"),
        ({"version": "6.2.14"}, "version", "FAIL"),
        ({"version": "7.0.15"}, "version", "ok"),
        ({"name": "valkey", "version": "9.1.2"}, "version", "ok"),
        ({"role": "slave"}, "role", "FAIL"),
        ({"replicas": 2}, "replicas", "warn"),
        ({"replicas": 2, "wants_replicas": True}, "version", "ok"),
        ({"append_fsync": "always"}, "persistence", "ok"),
        ({"append_fsync": None}, "persistence", "ok"),
        ({"append_fsync": "no"}, "persistence", "warn"),
        ({"append_only": False}, "persistence", "FAIL"),
        ({"append_only": False, "snapshots": "3600 1"}, "persistence", "warn"),
        ({"writes_ok": False}, "persistence", "FAIL"),
        ({"snapshot_ok": False}, "snapshot", "warn"),
        ({"eviction_policy": "allkeys-lru"}, "eviction", "warn"),
        ({"eviction_policy": "allkeys-lru", "memory_limit": 10}, "eviction", "FAIL"),
        ({"eviction_policy": "volatile-ttl"}, "eviction", "warn"),
        ({"memory_limit": 10}, "memory", "ok"),
        ({"memory_limit": 10, "memory_used": 9}, "memory", "warn"),
        ({"memory_limit": 10, "memory_used": 10}, "memory", "FAIL"),
        ({"eviction_policy": "allkeys-lru", "evicted": 3}, "eviction", "FAIL"),
    ],
)
def test_a_server_is_judged(change: dict[str, object], subject: str, level: str) -> None:
    """Each fault is found, and nothing else is found with it."""
    facts = ServerFacts(**{name: getattr(SOUND, name) for name in SOUND.__struct_fields__} | change)

    found = {finding.subject: finding.level for finding in server_findings(facts)}

    assert found.pop(subject) == level
    assert set(found.values()) == {"ok"}


@pytest.mark.parametrize(
    ("settings", "subject", "level"),
    [
        ({}, "proxies", "ok"),
        ({"public_url": "https://dem.example.vn"}, "proxies", "warn"),
        ({"trusted_proxies": 1}, "proxies", "ok"),
        ({"trusted_proxies": 1, "bind": "0.0.0.0:80"}, "proxies", "warn"),
        ({"trusted_proxies": 1, "bind": "[::]:80"}, "proxies", "warn"),
        ({"client_ip_header": "X-Real-IP", "bind": "[::]:80"}, "proxies", "ok"),
        (
            {"client_ip_header": "X-Real-IP", "trusted_proxies": 1, "bind": "[::]:80"},
            "proxies",
            "warn",
        ),
        ({}, "public URL", "warn"),
        ({"public_url": "http://dem.example.vn"}, "public URL", "warn"),
        ({"public_url": "http://localhost:80"}, "public URL", "ok"),
        ({"public_url": "https://dem.example.vn"}, "public URL", "ok"),
        ({"alert_url": "https://localhost/hook"}, "alerts", "FAIL"),
        ({"alert_url": "http://chat.example.vn/hook"}, "alerts", "FAIL"),
    ],
)
def test_settings_are_judged(settings: dict[str, object], subject: str, level: str) -> None:
    """The last finding of a subject is its worst."""
    given = Settings(secret="x" * 32, **settings)  # type: ignore[arg-type]

    found = {f.subject: f.level for f in settings_findings(given, secret_is_file=False)}

    assert found[subject] == level

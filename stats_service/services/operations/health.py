"""Whether the service can do its work, and whether it keeps what it counts."""

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from stats_service.config import Settings
from stats_service.errors import StatsError
from stats_service.models.health import Finding, ServerFacts
from stats_service.store.operations.health import HealthStore

#: The oldest server whose commands suffice: major, minor.
OLDEST_SERVER = (7, 0)
OLDEST_VALKEY = (7, 2)

#: Share of the memory limit from which it is time to act.
MEMORY_WARNING = 0.8

#: Seconds without a tick that are too long: it is called every five minutes, and may take ten.
TICK_LATE_SECONDS = 3600

OK, WARN, FAIL = "ok", "warn", "FAIL"


class Health:
    """Ask what the service depends on."""

    def __init__(self, store: HealthStore) -> None:
        self._store = store

    def check_ready(self) -> None:
        """Return if Redis answers.

        Raises:
            StoreUnavailableError: it does not.
        """
        self._store.ping()

    def facts(self) -> list[ServerFacts]:
        """Return what each server says of itself; StoreUnavailableError if one does not answer."""
        return self._store.facts()

    def findings(self) -> list[Finding]:
        """Return what is right and wrong with Redis, one finding a subject and server."""
        try:
            servers = self._store.facts()
        except StatsError as error:
            return [Finding(FAIL, "redis", f"{error} Check REDIS_URL and that the server runs.")]
        return [finding for facts in servers for finding in server_findings(facts)]


def server_findings(facts: ServerFacts) -> Iterator[Finding]:
    """Judge one server: version, role, replicas, persistence, eviction, memory."""
    yield _version(facts)
    if facts.role != "master":
        yield Finding(
            FAIL, "role", "This Redis is a replica and takes no writes: name its master in "
            "REDIS_URL, or use redis+sentinel://.",
        )  # fmt: skip
    if facts.replicas and not facts.wants_replicas:
        yield Finding(
            WARN, "replicas", "A master that is cut off goes on counting, and that is lost when "
            "it is back: set `min-replicas-to-write 1` and `min-replicas-max-lag 2`.",
        )  # fmt: skip
    yield _persistence(facts)
    if not facts.snapshot_ok:
        yield Finding(WARN, "snapshot", "The last snapshot failed: see the server's log.")
    yield _eviction(facts)
    if facts.memory_limit:
        yield _memory(facts)


def _version(facts: ServerFacts) -> Finding:
    oldest = OLDEST_VALKEY if facts.name == "valkey" else OLDEST_SERVER
    number = tuple(int(part) for part in facts.version.split(".")[:2] if part.isdigit())
    what = f"{facts.name} {facts.version}"
    if number < oldest:
        return Finding(FAIL, "version", f"{what} is too old: use {oldest[0]}.{oldest[1]} or newer.")
    return Finding(OK, "version", what)


def _persistence(facts: ServerFacts) -> Finding:
    subject = "persistence"
    if not facts.append_only:
        text = "The append-only file is off: set `appendonly yes`, or a crash takes every count"
        if facts.snapshots:
            return Finding(WARN, subject, f"{text} since the last snapshot.")
        return Finding(FAIL, subject, f"{text}.")
    if not facts.writes_ok:
        return Finding(
            FAIL, subject, "Redis cannot write its append-only file: is its disk full? "
            "Views are not taken until it can.",
        )  # fmt: skip
    if facts.append_fsync is None:
        return Finding(OK, subject, "append-only file on; the server does not tell how it syncs")
    if facts.append_fsync == "no":
        return Finding(
            WARN, subject, "appendfsync no: a power cut may take half a minute of counts. "
            "Set `appendfsync everysec`.",
        )  # fmt: skip
    return Finding(OK, subject, f"append-only file on, appendfsync {facts.append_fsync}")


def _eviction(facts: ServerFacts) -> Finding:
    policy = facts.eviction_policy
    if policy == "noeviction":
        return Finding(OK, "eviction", "noeviction")
    advice = "Set `maxmemory-policy noeviction`."
    if policy.startswith("allkeys"):
        level = FAIL if facts.memory_limit else WARN
        text = f"{policy}: when its memory is full, Redis throws counts away. {advice}"
        return Finding(level, "eviction", text)
    text = f"{policy}: when its memory is full, Redis forgets who was seen today. {advice}"
    return Finding(WARN, "eviction", text)


def _memory(facts: ServerFacts) -> Finding:
    share = facts.memory_used / facts.memory_limit
    text = f"{share:.0%} of {facts.memory_limit / 2**20:.0f} MiB used"
    if share < MEMORY_WARNING:
        return Finding(OK, "memory", text)
    return Finding(WARN, "memory", f"{text}: raise `maxmemory` before Redis refuses writes.")


def tick_is_late(last: float, now: float) -> bool:
    """Tell whether the regular work, done `last` (seconds; 0: never), is not done any more."""
    return now - last > TICK_LATE_SECONDS


def tick_finding(last: float, now: float, *, demo: bool = False) -> Finding:
    """Judge whether something calls `stats-service tick`; see `tick_is_late`."""
    subject, where = "tick", "(docs/operate.md, Regular work)"
    if last:
        at = datetime.fromtimestamp(last, UTC)
        text = f"last ran {at:%Y-%m-%d %H:%M} UTC"
    else:
        text = "never ran"
    if not tick_is_late(last, now):
        return Finding(OK, subject, text)
    if demo:
        return Finding(OK, subject, f"{text}: nothing calls it in the demo")
    if not last:
        return Finding(
            WARN, subject, f"{text}, so no report is sent and no webhook called: put "
            f"`*/5 * * * *  stats-service tick` into a crontab {where}.",
        )  # fmt: skip
    return Finding(
        WARN, subject, f"{text}, so reports and webhooks wait: it is to run every five minutes; "
        f"look at the crontab or timer that calls it {where}.",
    )  # fmt: skip


def settings_findings(settings: Settings, *, secret_is_file: bool) -> Iterator[Finding]:
    """Judge what the environment says.

    Args:
        settings: The settings, read without an error.
        secret_is_file: Whether the secret is the one kept in the data folder.
    """
    yield Finding(OK, "configuration", f"data in {settings.data_dir.absolute()}")
    if secret_is_file:
        yield _secret(settings.data_dir / "secret")
    yield from _proxies(settings)
    yield _public_url(settings)


def _secret(path: Path) -> Finding:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        return Finding(FAIL, "secret", f"{path} cannot be looked at: {error.strerror}.")
    if mode & 0o077:
        return Finding(
            FAIL, "secret", f"{path} has mode {mode:04o}, so others may read it: "
            f"chmod 600 {path}",
        )  # fmt: skip
    return Finding(OK, "secret", f"{path}, mode {mode:04o}")


def _proxies(settings: Settings) -> Iterator[Finding]:
    number = settings.trusted_proxies
    host = settings.bind.rpartition(":")[0].strip("[]")
    if not number:
        yield Finding(
            WARN if settings.public_url.startswith("https:") else OK,
            "proxies",
            "none trusted: a visitor's address is the connection's. Behind a reverse proxy all "
            "visitors would be one: set STATS_TRUSTED_PROXIES=1 then.",
        )
        return
    yield Finding(OK, "proxies", f"{number} trusted, counted from the right of X-Forwarded-For")
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        yield Finding(
            WARN, "proxies", f"STATS_BIND={settings.bind} may be reached past the proxy, with an "
            "invented address: bind to one that only the proxy reaches.",
        )  # fmt: skip


def _public_url(settings: Settings) -> Finding:
    subject = "public URL"
    if not settings.public_url:
        return Finding(
            WARN, subject, f"STATS_PUBLIC_URL is not set, so snippets name {settings.base_url}. "
            "Set it to where browsers reach the service, e.g. https://dem.example.vn.",
        )  # fmt: skip
    host = urlsplit(settings.public_url).hostname
    if settings.public_url.startswith("http:") and host not in ("localhost", "127.0.0.1", "::1"):
        return Finding(
            WARN, subject, f"{settings.public_url} is not https: pages that are will not load "
            "the snippet from it.",
        )  # fmt: skip
    return Finding(OK, subject, settings.public_url)

"""Whether the service can work, and whether its data are safe."""

import stat
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from stats_service.clock import Clock
from stats_service.config import Settings
from stats_service.errors import InvalidInputError, StoreUnavailableError
from stats_service.models.operations.health import FAIL, OK, WARN, Finding, ServerFacts
from stats_service.services.notices.outgoing import check_url, url_host
from stats_service.services.operations.installation import Installation
from stats_service.services.operations.machine_findings import clock_finding, spool_findings
from stats_service.store.operations.health import HealthStore
from stats_service.store.operations.ticks import TickStore
from stats_service.store.traffic.spool import Spool

#: Oldest supported server version: major, minor.
OLDEST_SERVER = (7, 0)
OLDEST_VALKEY = (7, 2)

#: Share of the memory limit above which a warning is due.
MEMORY_WARNING = 0.8

#: Seconds without a tick before a warning: it runs every five minutes, and may take ten.
TICK_LATE_SECONDS = 3600

#: Seconds for which the result of a readiness check is cached.
LOOK_SECONDS = 2.0
#: Faults that stop Redis from accepting views, as `/readyz` shows them to everybody: without the
#: names of sites, times and other installations that `check` gives.
_NOT_READY = {
    "data": "Redis has lost the data of this installation.",
    "secret": "Redis belongs to an installation with another secret.",
    "writes": "Redis takes no writes.",
    "layout": "The data in Redis have the layout of another version.",
}
#: First patch level of each Python without CVE-2024-6923; later versions never had it.
PATCHED_PYTHON = {(3, 11): 10, (3, 12): 5}


class Health:
    """Checks everything that the service depends on."""

    def __init__(
        self,
        store: HealthStore,
        installation: Installation,
        ticks: TickStore,
        spool: Spool,
        clock: Clock,
        *,
        demo: bool = False,
    ) -> None:
        self._store = store
        self._ticks = ticks
        self._spool = spool
        self._demo = demo
        self._installation = installation
        self._clock = clock
        #: Findings of the last check of the installation, and its time.
        self._looked = -LOOK_SECONDS
        self._found: Sequence[Finding] = ()

    def check_ready(self) -> list[Finding]:
        """Return the faults that do not stop Redis from accepting views.

        Raises:
            StoreUnavailableError: Redis does not answer, accepts no writes, has lost the data or
                belongs to another installation.
        """
        self._store.ping()
        found = [finding for finding in self._recent() if finding.level == FAIL]
        stopping = [_NOT_READY[one.subject] for one in found if one.subject in _NOT_READY]
        if stopping:
            text = " ".join(stopping) + " `stats-service check` says more."
            raise StoreUnavailableError(text)
        return found

    def _recent(self) -> Sequence[Finding]:
        now = self._clock.now()
        if not 0 <= now - self._looked < LOOK_SECONDS:
            self._found = list(self._installation.findings())
            self._looked = now
        return self._found

    def facts(self) -> list[ServerFacts]:
        """Return the facts of each server; StoreUnavailableError if one does not answer."""
        return self._store.facts()

    def clock_offset(self, clock: Clock) -> float:
        """Return how many seconds `clock` is ahead of the server with the greatest difference.

        Raises:
            StoreUnavailableError: a server does not answer.
        """
        before = clock.now()
        times = self._store.times()
        # The servers read their clocks at some moment in between.
        offsets = [max(before - at, 0.0) or min(clock.now() - at, 0.0) for at in times]
        return max(offsets, key=abs, default=0.0)

    def findings(self) -> list[Finding]:
        """Return the findings about Redis, the spool, the clock and `tick`."""
        now = self._clock.now()
        spool = list(spool_findings(self._spool.state(), now))
        try:
            servers = self._store.facts()
            return [
                *(finding for facts in servers for finding in server_findings(facts)),
                *self._installation.findings(),
                *spool,
                clock_finding(self.clock_offset(self._clock)),
                tick_finding(self._ticks.last_run(), now, demo=self._demo),
            ]
        except StoreUnavailableError as error:
            # PING gets MISCONF too, and PING is how a connection is tested.
            if error.reply == "MISCONF":
                away = Finding(FAIL, "writes", f"{error} Views are kept on the disk until then.")
            else:
                away = Finding(FAIL, "redis", f"{error} Check REDIS_URL and that the server runs.")
            return [away, *spool]


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
    if facts.evicted:
        return Finding(
            FAIL, "eviction", f"Redis has thrown {facts.evicted:,} keys away since it began, for "
            f"want of memory ({policy}): counts, votes or sites are missing. Raise `maxmemory`, "
            "set `maxmemory-policy noeviction`, and bring a backup back if it has what is gone. "
            "This line ends when Redis is restarted.",
        )  # fmt: skip
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
    if share >= 1 and facts.eviction_policy == "noeviction":
        return Finding(
            FAIL, "memory", f"{text}: it is full, and Redis refuses writes. Raise `maxmemory`; "
            "views are kept on the disk until then.",
        )  # fmt: skip
    return Finding(WARN, "memory", f"{text}: raise `maxmemory` before Redis refuses writes.")


def tick_is_late(last: float, now: float) -> bool:
    """Return whether `tick`, run at `last` (seconds; 0: never), is overdue."""
    return now - last > TICK_LATE_SECONDS


def tick_finding(last: float, now: float, *, demo: bool = False) -> Finding:
    """Judge whether `stats-service tick` is called regularly; see `tick_is_late`."""
    subject, where = "tick", "(documentation: Operating, Regular work)"
    if last:
        at = datetime.fromtimestamp(last, UTC)
        text = f"last ran {at:%Y-%m-%d %H:%M} UTC"
    else:
        text = "never ran"
    if last - now > TICK_LATE_SECONDS:
        return Finding(
            WARN, subject, f"{text}, which is in the future: the clock was ahead then, or is "
            "behind now. Set it by NTP.",
        )  # fmt: skip
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
    """Judge the settings.

    Args:
        settings: The settings, read without an error.
        secret_is_file: Whether the secret is the one in the data folder.
    """
    yield Finding(OK, "configuration", f"data in {settings.data_dir.absolute()}")
    if secret_is_file:
        yield _secret(settings.data_dir / "secret")
    yield from _proxies(settings)
    yield _public_url(settings)
    yield from _alert_url(settings)
    yield python_finding(sys.version_info[:3])


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


def python_finding(version: tuple[int, int, int]) -> Finding:
    """Judge whether a Python lacks fixes of `email`, which formats our mail."""
    shown = ".".join(map(str, version))
    patched = PATCHED_PYTHON.get(version[:2], 0)
    if version[2] >= patched:
        return Finding(OK, "python", shown)
    wanted = ".".join(map(str, (*version[:2], patched)))
    return Finding(
        WARN, "python", f"{shown} has known security faults (CVE-2024-6923, in e-mail headers, "
        f"which the service does not use): bring it to {wanted} or later.",
    )  # fmt: skip


def _proxies(settings: Settings) -> Iterator[Finding]:
    number = settings.trusted_proxies
    host = settings.bind.rpartition(":")[0].strip("[]")
    if settings.client_ip_header:
        behind = f", behind {number} counted in X-Forwarded-For" if number else ""
        yield Finding(
            OK, "proxies", f"{settings.client_ip_header} is believed of proxies in "
            f"{len(settings.proxy_networks)} networks{behind}",
        )  # fmt: skip
    elif number:
        yield Finding(OK, "proxies", f"{number} trusted, counted from the right of X-Forwarded-For")
    else:
        yield Finding(
            WARN if settings.public_url.startswith("https:") else OK,
            "proxies",
            "none trusted: a visitor's address is the connection's. Behind a reverse proxy all "
            "visitors would be one: set STATS_TRUSTED_PROXIES=1 then.",
        )
    if number and host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        yield Finding(
            WARN, "proxies", f"STATS_BIND={settings.bind} may be reached past the proxy, with an "
            "invented address: bind to one that only the proxy reaches.",
        )  # fmt: skip


def _alert_url(settings: Settings) -> Iterator[Finding]:
    """Report a missing or unusable alert URL; never its value, which may be a secret."""
    if not settings.alert_url:
        return
    try:
        check_url(settings.alert_url, settings.webhook_hosts)
    except InvalidInputError:
        host = url_host(settings.alert_url)
        yield Finding(
            FAIL, "alerts", f"STATS_ALERT_URL cannot be called, so trouble is told to nobody: it "
            f"must be https, to a name on the public Internet. If {host} is meant, name it in "
            "STATS_WEBHOOK_HOSTS.",
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

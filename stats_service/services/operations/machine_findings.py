"""Findings about this machine: the spool and the clock."""

from collections.abc import Iterator
from datetime import UTC, datetime

from stats_service.models.operations.health import FAIL, OK, WARN, Finding, SpoolState

#: Seconds that the clocks of the service and of Redis may be apart.
CLOCK_SECONDS = 5.0
#: Age in seconds from which spooled views are stuck; usually they go as soon as Redis answers.
STUCK_SECONDS = 600.0


def spool_findings(state: SpoolState, now: float) -> Iterator[Finding]:
    """Judge the spool; one finding for each fault.

    Args:
        state: The state of the spool.
        now: The current time, in seconds since 1970.
    """
    subject = "spool"
    if not state.enabled:
        yield Finding(OK, subject, "off: views are lost while Redis is away")
    elif state.fault:
        yield Finding(
            FAIL, "spool-fault", f"{state.path} cannot take views ({state.fault}), so they are "
            "lost while Redis is away: let the service write there, and leave 8 MB of that disk "
            "free.",
        )  # fmt: skip
    if state.waiting:
        since = f"{datetime.fromtimestamp(state.oldest, UTC):%Y-%m-%d %H:%M} UTC"
        text = f"{state.waiting:,} views wait for Redis, the oldest since {since}"
        if now - state.oldest > STUCK_SECONDS:
            text += ": if Redis answers, the service does not run, or its log says why they stay"
        yield Finding(WARN, "spool-waiting", f"{text}.")
    if state.others:
        yield Finding(
            WARN, "spool-others", f"{state.others:,} views in {state.path} were kept for another "
            "Redis than that of REDIS_URL. Each service wants a data folder of its own; if it is "
            "the same Redis under another name: stats-service spool adopt",
        )  # fmt: skip
    if state.refused:
        yield Finding(
            WARN, "spool-refused", f"{state.refused:,} views in {state.path} were refused by "
            "Redis; the log says why. Once that is mended: stats-service spool adopt",
        )  # fmt: skip
    for path in state.damaged:
        yield Finding(
            WARN, "spool-damaged", f"{path} cannot be read and may hold views: "
            f"`sqlite3 {path} .recover` may read them. Move it elsewhere when that is done.",
        )  # fmt: skip
    if state.enabled and not (state.fault or state.waiting or state.others or state.refused):
        yield Finding(OK, subject, "empty, and ready to keep views while Redis is away")


def clock_finding(offset: float) -> Finding:
    """Judge `offset`: seconds that the service's clock is ahead of Redis; negative: behind."""
    if abs(offset) <= CLOCK_SECONDS:
        return Finding(OK, "clock", "as that of Redis")
    way = "ahead of" if offset > 0 else "behind"
    return Finding(
        FAIL, "clock", f"This machine's clock is {abs(offset):,.0f} s {way} that of Redis, so "
        "views and visits count at a wrong time: set both by NTP (timedatectl set-ntp true).",
    )  # fmt: skip

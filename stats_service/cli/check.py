"""`stats-service check`: whether this installation is sound."""

import os
from collections.abc import Iterator

import click
from msgspec.structs import replace

from stats_service.cli.group import open_services
from stats_service.config import Settings, load_settings
from stats_service.errors import StatsError
from stats_service.models.operations.health import FAIL, OK, WARN, Finding
from stats_service.run.listening import answers
from stats_service.services.operations.health import settings_findings
from stats_service.services.operations.layouts import Pending

_COLORS = {OK: "green", WARN: "yellow", FAIL: "red"}


@click.command()
@click.pass_context
def check(ctx: click.Context) -> None:
    """Check the configuration and Redis, and say what to do about what is wrong.

    Each line is ok, warn or FAIL. The exit code is 1 if a line is FAIL, else 0.

    \b
    Examples:
      stats-service check
      REDIS_URL=redis://10.0.0.7:6379/0 stats-service check
    """
    failed = False
    for finding in _findings():
        level = click.style(f"{finding.level:4}", fg=_COLORS[finding.level])
        click.echo(f"{level}  {finding.subject:13}  {finding.text}")
        failed |= finding.level == FAIL
    ctx.exit(1 if failed else 0)


def _findings() -> Iterator[Finding]:
    try:
        settings = load_settings()
    except StatsError as error:
        yield Finding(FAIL, "configuration", str(error))
        return
    named = any(os.environ.get(name) for name in ("STATS_SECRET", "STATS_SECRET_FILE"))
    yield from settings_findings(settings, secret_is_file=not named)
    yield _service(settings)
    try:
        with open_services(settings, any_layout=True) as services:
            redis = settings.redis_place or "embedded"
            findings = services.operations.health.findings()
            first = findings[0]
            if first.subject in ("redis", "writes"):  # nothing more can be asked
                yield replace(first, text=f"{redis}: {first.text}")
                yield from findings[1:]
                return
            yield Finding(OK, "redis", f"{redis}, answers")
            yield from findings
            if any((one.level, one.subject) == (FAIL, "layout") for one in findings):
                yield from _pending(services.operations.layouts.pending())
                return  # this version can read nothing more
            sites = services.sites.sites.all()
            yield _sites([site.slug for site in sites])
            yield from _half_erased(services.sites.erasure.unfinished())
            for _, finding in services.operations.overview.findings(sites, services.clock.now()):
                yield finding
    except StatsError as error:
        yield Finding(FAIL, "redis", str(error))


def _service(settings: Settings) -> Finding:
    if answers(settings.bind):
        return Finding(OK, "service", f"answers at {settings.bind}")
    return Finding(WARN, "service", f"does not answer at {settings.bind}: stats-service serve")


def _pending(migrations: list[Pending]) -> Iterator[Finding]:
    """Say what the start of this version would do with the data, without doing it."""
    for one in migrations:
        beside = "may run meanwhile" if one.beside else "must be stopped before"
        yield Finding(
            WARN, "migration", f"{one.text}: {one.keys:,} keys. Instances of the version that "
            f"runs now {beside}.",
        )  # fmt: skip


def _half_erased(slugs: list[str]) -> Iterator[Finding]:
    if slugs:
        yield Finding(
            WARN, "erasure", f"not finished: {', '.join(slugs[:10])}. Numbers of what was erased "
            "are still in Redis; the next `stats-service tick` forgets them, or the same "
            f"`stats-service site remove {slugs[0]}` again.",
        )  # fmt: skip


def _sites(slugs: list[str]) -> Finding:
    if not slugs:
        return Finding(WARN, "sites", "none yet: stats-service site add --help")
    return Finding(OK, "sites", f"{len(slugs)}: {', '.join(slugs[:10])}")

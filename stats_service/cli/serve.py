"""`stats-service serve`: run the service."""

import contextlib
import os
from collections.abc import Callable, Mapping

import click

from stats_service.cli.admin import setup_lines
from stats_service.cli.group import open_services
from stats_service.config import Settings, load_settings
from stats_service.errors import (
    ConfigurationError,
    StoreRefusedError,
    StoreUnavailableError,
)
from stats_service.logs import configure_logging
from stats_service.run.supervisor import Supervisor


@click.command()
@click.pass_context
def serve(ctx: click.Context) -> None:
    """Run the service until Ctrl-C or SIGTERM.

    Without REDIS_URL it starts a Redis of its own, with its data in STATS_DATA_DIR/redis, and
    stops it at the end. SIGHUP starts fresh workers.

    \b
    Examples:
      stats-service serve
      STATS_BIND=127.0.0.1:8081 STATS_DATA_DIR=/srv/stats stats-service serve
      REDIS_URL=redis://10.0.0.7:6379/0 stats-service serve
    """
    ctx.exit(run_service(os.environ, announce_sites))


def run_service(environ: Mapping[str, str], prepare: Callable[[Settings], list[str]]) -> int:
    """Run the service and return its exit code.

    Args:
        environ: Where the settings come from.
        prepare: Called when Redis answers; returns the lines to print once the service answers.
    """
    settings = load_settings(environ)
    configure_logging(settings)
    lines: list[str] = []
    return Supervisor(
        settings,
        environ,
        prepare=lambda ready: lines.extend(_prepared(ready, prepare)),
        on_ready=lambda: _announce(lines),
    ).run()


def _announce(lines: list[str]) -> None:
    """Print how the service is reached; a full disk behind stdout does not stop the service."""
    with contextlib.suppress(OSError):
        click.echo("\n".join(lines))


def _prepared(settings: Settings, prepare: Callable[[Settings], list[str]]) -> list[str]:
    """Claim Redis, and do what `prepare` does; settings that Redis refuses stop the start."""
    try:
        with open_services(settings) as services:
            services.operations.installation.claim()
    except StoreRefusedError as error:
        place = settings.redis_place or "the embedded Redis"
        raise ConfigurationError(f"Redis at {place} cannot be used: {error}") from error
    except StoreUnavailableError:
        pass  # it may come back, and until then views are kept
    return prepare(settings)


def announce_sites(settings: Settings) -> list[str]:
    """Say where the service answers, and what to do if it counts for nobody yet."""
    lines = [f"stats_service answers at {settings.base_url} (Ctrl-C stops it)."]
    try:
        with open_services(settings) as services:
            if not services.sites.sites.all():
                # Another folder than that of yesterday is the usual reason.
                folder = settings.data_dir.absolute()
                lines.append(
                    f"It has no site yet (data folder {folder}): stats-service site add --help"
                )
            lines += setup_lines(services, settings.base_url)
    except StoreUnavailableError as error:
        # Redis may come back, and views that are kept until then must not be lost to a restart.
        lines.append(f"It does not count yet: {error} See stats-service check.")
    return lines

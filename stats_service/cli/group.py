"""What all commands share: errors, and the services that they call."""

import contextlib
import errno
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import click
import msgspec

from stats_service.config import Settings, load_settings
from stats_service.embedded_redis.server import running_redis
from stats_service.errors import StatsError, StoreUnavailableError
from stats_service.services.container import Services, create_services

#: Longest wait for one answer of Redis, in seconds: a person waits longer than a page.
REDIS_TIMEOUT = 5.0


#: What a disk says that takes no more.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)


class Group(click.Group):
    """A group of commands whose errors are one line on stderr and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; show what it raises on purpose as an error, not as a traceback."""
        try:
            return super().invoke(ctx)
        except StatsError as error:
            raise _UserError(" ".join(str(error).split())) from error
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            where = f"{error.filename}: " if error.filename else "the output cannot be written: "
            raise _UserError(f"{where}{error.strerror}.") from error


class _UserError(click.ClickException):
    exit_code = 2


@contextlib.contextmanager
def open_services(
    settings: Settings | None = None, *, any_layout: bool = False
) -> Iterator[Services]:
    """Give the services on the configured Redis, or on the embedded one, started if need be.

    Args:
        settings: those of the environment by default.
        any_layout: whether the data may be of another layout than this program's, because the
            caller looks after that.

    Raises:
        StatsError: the settings cannot be used, or there is no Redis; or the data are those of a
            newer version, or not migrated yet.
    """
    settings = settings or load_settings()
    settings = replace(settings, redis_timeout=max(settings.redis_timeout, REDIS_TIMEOUT))
    with contextlib.ExitStack() as stack:
        if not settings.redis_url:
            url = stack.enter_context(running_redis(settings.data_dir))
            settings = replace(settings, redis_url=url)
        services = create_services(settings)
        stack.callback(services.close)
        if not any_layout:
            with contextlib.suppress(StoreUnavailableError):  # whoever needs Redis says it
                services.operations.layouts.require_stored()
        yield services


def echo_json(value: object) -> None:
    """Print a value as JSON for other programs and for people."""
    click.echo(json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=2))


def echo_table(rows: Sequence[tuple[str, ...]], *, err: bool = False) -> None:
    """Print rows in columns; the first row is the headings, if any; `err`: where errors go."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip(), err=err)


def yes_or_no(value: bool) -> str:
    """Return a setting that is on or off as people say it."""
    return "yes" if value else "no"

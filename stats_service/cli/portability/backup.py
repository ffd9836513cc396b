"""`stats-service backup` and `restore`: the whole installation."""

import contextlib
import os
from pathlib import Path

import click

from stats_service.cli.group import open_services
from stats_service.clock import SystemClock
from stats_service.config import load_settings
from stats_service.errors import ConflictError, InvalidInputError
from stats_service.services.operations.backups import (
    is_snapshot,
    restore_backup,
    snapshot_readers,
)


@click.command()
@click.argument("target", type=click.Path())
@click.option("--keep", type=click.IntRange(min=1), help="Keep this many in the folder TARGET.")
def backup(target: str, keep: int | None) -> None:
    """Let Redis write a fresh snapshot, and copy it to TARGET, a folder or a file.

    TARGET is a file if its name has an ending, as stats.rdb. Else, and with --keep or a slash at
    its end, it is a folder, made if it is missing; each backup in it is named with its time.

    Counting goes on. The snapshot holds every site, account and poll, and not the secret of the
    installation, which belongs elsewhere (documentation: Operating, Backup and restore).

    \b
    Examples:
      stats-service backup /srv/backups --keep 14
      stats-service backup stats.rdb
    """
    with open_services() as services:
        file = services.operations.backups.write(
            Path(target), services.clock.now(), keep or 0, is_folder=target.endswith(os.sep)
        )
        services.operations.installation.note_backup(services.clock.now())
    click.echo(f"Backed up to {file} ({file.stat().st_size:,} bytes).")
    click.echo(f"It can be read by {snapshot_readers(file)}.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def restore(file: Path) -> None:
    """Let the embedded Redis start from the backup FILE, in place of what it has.

    Stop the service first. What it had stays beside, in a folder that is named.

    \b
    Example:
      stats-service restore /srv/backups/stats-20261123-020000.rdb
    """
    settings = load_settings()
    if settings.redis_url:
        if not is_snapshot(file):
            raise InvalidInputError("{file} is no snapshot of Redis.", file=file)
        raise InvalidInputError(
            "REDIS_URL names a server of your own, and {file} can be read by {readers}. If yours "
            "is one of them: stop it, put the backup in place of its dump.rdb as its documentation "
            "says, and start it (documentation: Operating, Backup and restore). Any other would "
            "not start: let one of them start from the backup (the embedded Valkey does by "
            "`restore` without REDIS_URL, if it is one), and bring the data here by "
            "`stats-service move --to`.",
            file=file,
            readers=snapshot_readers(file),
        )
    former = restore_backup(settings.data_dir, file, SystemClock().now())
    with open_services(settings) as services:
        sites = [site.slug for site in services.sites.sites.all()]
        # A backup is older, and is meant. One of another secret is refused at the next start.
        with contextlib.suppress(ConflictError):
            services.operations.installation.accept_redis()
    number = "1 site" if len(sites) == 1 else f"{len(sites)} sites"
    names = ", ".join(sites[:10]) + (", …" if len(sites) > 10 else "")
    click.echo(f"Restored {file}: {number}{f' ({names})' if names else ''}.")
    if former:
        click.echo(f"The former data is in {former}; remove it when all is well.")
    else:
        click.echo("There was no data before.")

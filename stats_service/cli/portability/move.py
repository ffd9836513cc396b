"""`stats-service move`: the whole installation to another Redis."""

import contextlib
from dataclasses import replace

import click

from stats_service.cli.group import open_services
from stats_service.embedded_redis.server import running_redis
from stats_service.services.portability.moves import open_moves

#: What `--to` says for the Redis that the service starts itself.
EMBEDDED = "embedded"


@click.command()
@click.option(
    "--to",
    required=True,
    envvar="MOVE_TO",
    metavar="REDIS_URL",
    help="Where to: as REDIS_URL, or `embedded`. With a password in it, better set MOVE_TO.",
)
@click.option("--dry-run", is_flag=True, help="Only look whether it can be done, and at how much.")
@click.option("--abort", is_flag=True, help="Undo a move that was cut off; the old server goes on.")
def move(to: str, dry_run: bool, abort: bool) -> None:
    """Move everything to another, empty Redis: sites, accounts, second factors, tokens, logs.

    From the embedded server, Redis, Valkey, behind Sentinels or a cluster to any of them, whatever
    their versions. The service may run meanwhile: views are kept on its disk and counted on the new
    server, and whoever votes is asked to try again, until the service runs with the new REDIS_URL.
    If the command is cut off, repeat it.

    \b
    Examples:
      stats-service move --to redis://10.0.0.7:6379/0 --dry-run
      MOVE_TO=redis://:PASSWORD@10.0.0.7:6379/0 stats-service move
      REDIS_URL=redis://10.0.0.7:6379/0 stats-service move --to embedded
    """
    with contextlib.ExitStack() as stack:
        services = stack.enter_context(open_services())
        settings = services.settings
        if to == EMBEDDED:
            to = stack.enter_context(running_redis(settings.data_dir))
        moves = stack.enter_context(open_moves(replace(settings), to))
        if abort:
            moves.abort()
            click.echo("The move is undone. The old server goes on.")
            return
        if dry_run:
            found = moves.look()
            click.echo(
                f"{len(found.sites)} sites in {found.keys:,} keys (about {found.size:,} bytes) can "
                f"move from {found.source} to {found.target}. Nothing was changed."
            )
            return
        found = moves.run(services.clock.now, lambda _: None)
    click.echo(
        f"Moved {len(found.sites)} sites in {found.keys:,} keys from {found.source} to "
        f"{found.target} in {found.seconds:.1f} s, and compared every one."
    )
    click.echo(
        "Now set REDIS_URL to the new server (leave it out for the embedded one) and restart every "
        "instance: until then views wait on the disk and nobody can vote. The old data stay where "
        "they are, closed, until you delete them."
    )

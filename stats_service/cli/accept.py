"""`stats-service accept`: take Redis as it is, where the service asks whether that is meant."""

import click

from stats_service.cli.group import Group, open_services


@click.group(cls=Group)
def accept() -> None:
    """Say that a change of the secret or of Redis' data is meant.

    Nothing is deleted. `stats-service check` and the log say when one of these is wanted.
    """


@accept.command()
def secret() -> None:
    """Let Redis belong to the secret that this command has.

    After STATS_SECRET was changed on purpose or data/secret was lost. Voters' tokens and two-step
    sign-in are void then, and today's readers count once more. All instances on this Redis must
    have the new secret: stop those that have the old one.

    \b
    Example:
      stats-service accept secret
    """
    with open_services() as services:
        services.operations.installation.accept_secret()
    click.echo("Redis belongs to this secret now. Start every instance anew with it.")


@accept.command()
def redis() -> None:
    """Take Redis as it is now: emptied, older, or without some sites.

    The copies of the settings of sites that Redis does not have are forgotten, and views that are
    kept for such a site are dropped.

    \b
    Example:
      stats-service accept redis
    """
    with open_services() as services:
        missing = services.operations.installation.accept_redis()
    click.echo("Redis is taken as it is now.")
    if missing:
        click.echo(f"Given up: {', '.join(missing)}.")

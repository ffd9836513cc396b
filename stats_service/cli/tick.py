"""`stats-service tick`: the regular work."""

import click

from stats_service.cli.group import open_services


@click.command()
def tick() -> None:
    """Do the regular work that is due; call it every five minutes.

    It keeps the most read articles of each month before its days are forgotten, and forgets what
    is not to last (docs/operate.md, "Regular work"). Calling it more often, or twice at
    once, does nothing twice.

    \b
    Example:
      */5 * * * *  stats-service tick       # in a crontab
    """
    with open_services() as services:
        for line in services.ticks.run(services.clock.now()):
            click.echo(line)

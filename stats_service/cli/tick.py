"""`stats-service tick`: the regular work."""

import click

from stats_service.cli.group import open_services


@click.command()
@click.pass_context
def tick(ctx: click.Context) -> None:
    """Do the regular work that is due; call it every five minutes.

    It sends reports and calls webhooks, keeps the most read articles of each month before its days
    are forgotten, and forgets what is not to last (documentation: Operating, Regular work). Calling
    it more often, or twice at once, does nothing twice. What fails is tried again next time; the
    exit code is 1 then.

    \b
    Example:
      */5 * * * *  stats-service tick       # in a crontab
    """
    with open_services() as services:
        failed = False
        for outcome in services.operations.ticks.run(services.clock.now()):
            click.echo(outcome.text, err=outcome.failed)
            failed |= outcome.failed
    ctx.exit(1 if failed else 0)

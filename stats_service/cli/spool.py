"""`stats-service spool`: the views that wait on this machine's disk."""

import click

from stats_service.cli.group import Group, echo_json, open_services
from stats_service.services.operations.machine_findings import spool_findings


@click.group(cls=Group)
def spool() -> None:
    """Look after the views that were kept while Redis was away."""


@spool.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(as_json: bool) -> None:
    """Show how many views wait, for which Redis, and whether more could be kept.

    \b
    Examples:
      stats-service spool show
      stats-service spool show --json
    """
    with open_services() as services:
        state = services.traffic.replay.state()
        findings = list(spool_findings(state, services.clock.now()))
    if as_json:
        echo_json(state)
    else:
        for finding in findings:
            click.echo(finding.text)


@spool.command()
def adopt() -> None:
    """Send the views that were kept for another Redis, or refused, to the Redis of REDIS_URL.

    For a Redis that has another name now, and for views that were refused for a reason that is
    mended. A view whose site is not there is dropped.

    \b
    Examples:
      stats-service spool adopt
    """
    with open_services() as services:
        number = services.traffic.replay.adopt()
        left = services.traffic.replay.run(services.clock.now())
    click.echo(f"{number:,} views are taken over{', and wait to be sent' if left else ''}.")

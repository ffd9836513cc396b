"""What `stats-service report` and `stats-service webhook` have in common."""

import click

from stats_service.cli.group import open_services
from stats_service.models.audit import COMMAND_LINE


def removal(kind: str, purpose: str) -> click.Command:
    """Return the command `remove` of a `report` or `webhook`; `purpose` begins its help."""

    @click.argument("site")
    @click.argument("id")
    def remove(site: str, id: str) -> None:  # noqa: A002 - the argument's name in the help text
        with open_services() as services:
            services.notices.remove(site, id, COMMAND_LINE, services.clock.now())
        click.echo(f"Removed {id}.")

    help_ = f"{purpose}\n\n\b\nExample:\n  stats-service {kind} remove kimson 1a2b3c4d"
    return click.command("remove", help=help_)(remove)

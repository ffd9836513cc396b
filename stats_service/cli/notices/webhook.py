"""`stats-service webhook`: calls to other systems when something happens."""

import click

from stats_service.cli.group import Group, echo_json, open_services
from stats_service.cli.notices.notices import removal
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.notices import EVENTS


@click.group(cls=Group)
def webhook() -> None:
    """Call other systems when something happens; `tick` looks and calls.

    \b
    Examples:
      stats-service webhook add kimson https://chat.example.vn/hook --event silent
      stats-service webhook test kimson 1a2b3c4d
    """


@webhook.command()
@click.argument("site")
@click.argument("url")
@click.option(
    "--event", "events", type=click.Choice(EVENTS), multiple=True, help="Repeatable. [all]"
)
@click.option("--silent-hours", type=int, default=6, show_default=True)
def add(site: str, url: str, events: tuple[str, ...], silent_hours: int) -> None:
    """Call URL when something happens on SITE: a new peak, a burst of ballots, silence.

    URL is https, of the public Internet; the operator allows others with STATS_WEBHOOK_HOSTS.

    \b
    Example:
      stats-service webhook add kimson https://chat.example.vn/hook --event silent
    """
    with open_services() as services:
        now = services.clock.now()
        made = services.notices.add_webhook(site, url, events, silent_hours, COMMAND_LINE, now)
        key = services.notices.signing_key(site, made.id)
    click.echo(f"Added the webhook {made.id}. Its calls are signed with {key}")


@webhook.command("list")
@click.argument("site")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(site: str, as_json: bool) -> None:
    """List the webhooks of SITE.

    \b
    Example:
      stats-service webhook list kimson
    """
    with open_services() as services:
        webhooks = services.notices.get(site).webhooks
    if as_json:
        echo_json(webhooks)
        return
    for item in webhooks:
        click.echo(f"{item.id}  {item.url}  {', '.join(item.events)}")
    if not webhooks:
        click.echo("There is no webhook yet: stats-service webhook add --help", err=True)


@webhook.command()
@click.argument("site")
@click.argument("id")
def test(site: str, id: str) -> None:  # noqa: A002 - the argument's name in the help text
    """Call the webhook ID of SITE with an event `test`.

    \b
    Example:
      stats-service webhook test kimson 1a2b3c4d
    """
    with open_services() as services:
        services.webhooks.test(site, id, services.clock.now())
    click.echo(f"{id} took the call.")


webhook.add_command(removal("webhook", "Call the webhook ID of SITE no more."))

"""`stats-service kiosk`: devices on which many people vote one after the other."""

import click

from stats_service.cli.group import Group, echo_json, echo_table, open_services
from stats_service.models.audit import COMMAND_LINE, Author
from stats_service.services.periods import local_time


@click.group(cls=Group)
def kiosk() -> None:
    """Enrol the tablet of a desk, on which many people vote one after the other.

    \b
    Examples:
      stats-service poll edit kimson hai-long --kiosk-pause 10
      stats-service kiosk link kimson hai-long "Một cửa, quầy 1"
      stats-service kiosk list kimson
    """


@kiosk.command()
@click.argument("site")
@click.argument("poll")
@click.argument("name")
def link(site: str, poll: str, name: str) -> None:
    """Make a link that enrols one device of SITE, called NAME, for the POLL that it shows.

    \b
    Example:
      stats-service kiosk link kimson hai-long "Một cửa, quầy 1"
    """
    with open_services() as services:
        services.sites.sites.get(site)
        found, by = services.polls.polls.get(site, poll), Author(COMMAND_LINE, services.clock.now())
        secret = services.polls.kiosks.make_link(site, name, found, by)
        base = services.settings.base_url + services.settings.path_prefix
    click.echo(f"{base}/{site}/k/enrol/{secret}")
    click.echo("Open it on the device within an hour; it enrols one device, once.", err=True)


@kiosk.command("list")
@click.argument("site")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(site: str, as_json: bool) -> None:
    """List the devices of SITE, those in use first.

    \b
    Example:
      stats-service kiosk list kimson
    """
    with open_services() as services:
        zone = services.sites.sites.get(site).timezone
        found = services.polls.kiosks.all(site)
    if as_json:
        echo_json(found)
    elif not found:
        click.echo("No device is enrolled: stats-service kiosk link --help", err=True)
    else:
        rows = [
            (
                one.id,
                one.name,
                local_time(one.enrolled, zone),
                local_time(one.used, zone) if one.used else "-",
                local_time(one.revoked, zone) if one.revoked else "-",
            )
            for one in found
        ]
        echo_table([("KIOSK", "NAME", "ENROLLED", "LAST VOTE", "REVOKED"), *rows])


@kiosk.command()
@click.argument("site")
@click.argument("device")
@click.argument("name")
def rename(site: str, device: str, name: str) -> None:
    """Give the DEVICE of SITE another NAME.

    \b
    Example:
      stats-service kiosk rename kimson 5f0c2a9d1b3e4f60 "Một cửa, quầy 2"
    """
    with open_services() as services:
        by = Author(COMMAND_LINE, services.clock.now())
        services.polls.kiosks.rename(site, device, name, by)
    click.echo(f"The kiosk {device} is renamed.")


@kiosk.command()
@click.argument("site")
@click.argument("device")
def revoke(site: str, device: str) -> None:
    """Let the DEVICE of SITE vote no more, from this moment on.

    \b
    Example:
      stats-service kiosk revoke kimson 5f0c2a9d1b3e4f60
    """
    with open_services() as services:
        services.polls.kiosks.revoke(site, device, Author(COMMAND_LINE, services.clock.now()))
    click.echo(f"The kiosk {device} is revoked. Its votes stay.")

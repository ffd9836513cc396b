"""`stats-service poll`: delete, reset and undo; copy, hide, make a draft again."""

import sys

import click

from stats_service.cli.group import echo_json, echo_table, open_services
from stats_service.models.audit import COMMAND_LINE
from stats_service.services.periods import local_time
from stats_service.services.polls.removal import KEPT_DAYS


@click.command()
@click.argument("site")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for the name.")
def delete(site: str, name: str, yes: bool) -> None:
    """Delete the poll NAME of SITE with its ballots; for seven days that can be undone.

    \b
    Examples:
      stats-service poll delete kimson thu-nghiem
      stats-service poll delete kimson thu-nghiem --yes
    """
    _remove(site, name, yes, "delete")


@click.command()
@click.argument("site")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask for the name.")
def reset(site: str, name: str, yes: bool) -> None:
    """Take the ballots of the poll NAME of SITE away; everybody may vote anew.

    For seven days that can be undone, as long as nobody has voted since.

    \b
    Example:
      stats-service poll reset kimson muc-quan-tam
    """
    _remove(site, name, yes, "reset")


@click.command()
@click.argument("site")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def removed(site: str, as_json: bool) -> None:
    """List what of SITE was deleted or reset and can be restored.

    \b
    Example:
      stats-service poll removed kimson
    """
    with open_services() as services:
        zone = services.sites.sites.get(site).timezone
        found = services.polls.removal.removed(site, services.clock.now())
    if as_json:
        echo_json(found)
        return
    rows = [(r.id, r.how, r.poll.id, f"{r.ballots:,}", local_time(r.until, zone)) for r in found]
    echo_table([("REMOVAL", "HOW", "POLL", "BALLOTS", "UNTIL"), *rows])


@click.command()
@click.argument("site")
@click.argument("removal")
def restore(site: str, removal: str) -> None:
    """Undo the REMOVAL of a poll of SITE, or of its ballots.

    \b
    Example:
      stats-service poll restore kimson 1a2b3c4d
    """
    with open_services() as services:
        found = services.polls.removal.restore(site, removal, COMMAND_LINE, services.clock.now())
    click.echo(f"The poll {found.id} is as it was.")


@click.command()
@click.argument("site")
@click.argument("name")
@click.argument("new", required=False)
def copy(site: str, name: str, new: str | None) -> None:
    """Make a draft that asks what the poll NAME of SITE asks; NEW stands in its URLs.

    \b
    Example:
      stats-service poll copy kimson muc-quan-tam muc-quan-tam-2027
    """
    with open_services() as services:
        made = services.polls.polls.copy(site, name, new or "", COMMAND_LINE, services.clock.now())
    click.echo(f"Made the poll {made.id}, a draft.")


@click.command()
@click.argument("site")
@click.argument("name")
def draft(site: str, name: str) -> None:
    """Make a draft again of the poll NAME of SITE, while nobody has voted.

    \b
    Example:
      stats-service poll draft kimson muc-quan-tam
    """
    with open_services() as services:
        services.polls.polls.withdraw(site, name, COMMAND_LINE, services.clock.now())
    click.echo(f"The poll {name} is a draft.")


@click.command()
@click.argument("site")
@click.argument("name")
def hide(site: str, name: str) -> None:
    """Leave the poll NAME of SITE out of the archive and other lists.

    \b
    Example:
      stats-service poll hide kimson thu-nghiem
    """
    with open_services() as services:
        services.polls.polls.unlist(site, name, COMMAND_LINE, services.clock.now())
    click.echo(f"The poll {name} is shown only where it is named.")


@click.command()
@click.argument("site")
@click.argument("name")
def unhide(site: str, name: str) -> None:
    """Show the poll NAME of SITE in the archive and other lists again.

    \b
    Example:
      stats-service poll unhide kimson thu-nghiem
    """
    with open_services() as services:
        services.polls.polls.list_(site, name, COMMAND_LINE, services.clock.now())
    click.echo(f"The poll {name} is in lists.")


def _remove(site: str, name: str, yes: bool, verb: str) -> None:
    with open_services() as services:
        portal, found = services.sites.sites.get(site), services.polls.polls.get(site, name)
        typed = name if yes else _ask(name, verb)
        removal = services.polls.removal
        remove = removal.delete if verb == "delete" else removal.reset
        ballots = remove(portal, name, typed, found.revision, COMMAND_LINE, services.clock.now())
    done = "Deleted" if verb == "delete" else "Reset"
    click.echo(f"{done} the poll {name}: {ballots:,} ballots.")
    click.echo(f"For {KEPT_DAYS} days it can be undone: stats-service poll removed {site}")


def _ask(name: str, verb: str) -> str:
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody is there to ask: say --yes to go on without a question.")
    typed: str = click.prompt(f"To {verb} the poll with its ballots, write {name}", type=str)
    return typed


COMMANDS = (copy, delete, draft, hide, removed, reset, restore, unhide)

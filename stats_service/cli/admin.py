"""`stats-service admin`: the accounts that may sign in to the admin pages."""

import sys

import click

from stats_service.cli.group import Group, open_services
from stats_service.models.accounts import ROLES
from stats_service.models.audit import COMMAND_LINE
from stats_service.services.container import Services


@click.group(cls=Group)
def admin() -> None:
    """Create, list and change the accounts of the admin pages.

    \b
    Examples:
      stats-service admin create lan --operator
      stats-service admin role lan kimson editor
      stats-service admin link lan
    """


@admin.command()
@click.argument("name")
@click.option("--operator", is_flag=True, help="May do everything, on every site.")
@click.option("--link", "by_link", is_flag=True, help="Print a one-time link, ask no password.")
def create(name: str, operator: bool, by_link: bool) -> None:
    """Create the account NAME; its password is asked for, twice.

    \b
    Examples:
      stats-service admin create lan --operator
      stats-service admin create minh --link
    """
    password = "" if by_link else _ask_password()
    with open_services() as services:
        now = services.clock.now()
        services.accounts.add(name, password, COMMAND_LINE, now, operator=operator)
        click.echo(f"Created the account {name}.")
        if by_link:
            _echo_link(services, name)


@admin.command("list")
def list_() -> None:
    """List every account and its roles.

    \b
    Examples:
      stats-service admin list
    """
    with open_services() as services:
        accounts = services.accounts.all()
    if not accounts:
        click.echo("There is no account yet: stats-service admin create --help", err=True)
    for account in accounts:
        roles = [f"{slug}={role}" for slug, role in account.roles.items()]
        rights = [*(["operator"] if account.operator else []), *roles]
        code = "\twith a code" if account.second_factor else ""
        click.echo(f"{account.name}\t{', '.join(rights) or '(no rights)'}{code}")


@admin.command()
@click.argument("name")
def password(name: str) -> None:
    """Set the password of NAME; it is asked for, twice. All its sessions end.

    \b
    Examples:
      stats-service admin password lan
    """
    fresh = _ask_password()
    with open_services() as services:
        services.accounts.set_password(name, fresh, COMMAND_LINE, services.clock.now())
    click.echo(f"Set the password of {name}. Its sessions have ended.")


@admin.command()
@click.argument("name")
def link(name: str) -> None:
    """Print a one-time link with which NAME sets a new password. It works for a day.

    \b
    Examples:
      stats-service admin link lan
    """
    with open_services() as services:
        _echo_link(services, name)


@admin.command()
@click.argument("name")
@click.argument("site", required=False)
@click.argument("role", required=False, type=click.Choice([*ROLES, "none"]))
@click.option("--operator/--no-operator", default=None, help="Make an operator, or not any more.")
def role(name: str, site: str | None, role: str | None, operator: bool | None) -> None:
    """Give NAME a role on SITE (none takes it away), or the operator's right.

    \b
    Examples:
      stats-service admin role lan kimson owner
      stats-service admin role lan kimson none
      stats-service admin role lan --operator
    """
    if (role is None) == (operator is None):
        raise click.UsageError("Name a SITE and a ROLE, or say --operator or --no-operator.")
    with open_services() as services:
        now = services.clock.now()
        if operator is not None:
            services.accounts.set_operator(name, COMMAND_LINE, now, operator=operator)
        elif site is not None and role is not None:
            slug = services.sites.get(site).slug
            services.accounts.set_role(name, slug, role.replace("none", ""), COMMAND_LINE, now)
    click.echo(f"Changed the rights of {name}.")


@admin.command()
@click.argument("name")
@click.option("--off", is_flag=True, help="Ask for no code any more; all sessions end.")
def totp(name: str, off: bool) -> None:
    """Say whether NAME is asked for a code of the phone at the sign-in, or switch that off.

    People switch it on themselves, on the page of their account.

    \b
    Examples:
      stats-service admin totp lan
      stats-service admin totp lan --off
    """
    with open_services() as services:
        if off:
            services.second_factor.disable(name, COMMAND_LINE, services.clock.now())
        account = services.accounts.get(name)
    if off:
        click.echo(f"{name} is asked for no code any more. The sessions have ended.")
    elif account.second_factor:
        click.echo(f"{name} is asked for a code; {account.recovery_codes} recovery codes are left.")
    else:
        click.echo(f"{name} is asked for the password only.")


@admin.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Remove the account NAME and end its sessions.

    \b
    Examples:
      stats-service admin remove lan
    """
    if not yes and sys.stdin.isatty():
        click.confirm(f"Remove the account {name}?", abort=True)
    elif not yes:
        raise click.UsageError("Nobody is there to ask: say --yes to go on without a question.")
    with open_services() as services:
        services.accounts.remove(name, COMMAND_LINE, services.clock.now())
    click.echo(f"Removed the account {name}.")


def setup_lines(services: Services, base: str) -> list[str]:
    """Return what to tell at startup while nobody may sign in yet."""
    secret = services.sign_in.make_setup_link()
    return [f"Set up the admin {base}/admin/link/{secret}  (works once)"] if secret else []


def _ask_password() -> str:
    """Ask at the terminal; where there is none, read one line, for scripts."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _echo_link(services: Services, name: str) -> None:
    secret = services.sign_in.make_link(name, COMMAND_LINE, services.clock.now())
    click.echo(f"{services.settings.base_url}/admin/link/{secret}")

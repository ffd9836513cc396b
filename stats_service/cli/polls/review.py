"""`stats-service poll`: what readers answered, and what is to be decided about it."""

import csv
import sys
from collections.abc import Iterable, Sequence

import click

from stats_service.cli.group import Group, echo_json, echo_table, open_services, yes_or_no
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.quarantine import Integrity, ReportHour
from stats_service.services.polls import presentation
from stats_service.services.polls.presentation import percent_text
from stats_service.services.portability.sheets import escape_formula

_VERBS = {"accept": "accepted", "void": "voided", "hold": "held"}
_TEXT_VERBS = {"approve": "approved", "reject": "rejected", "wait": "pending"}
#: What stands for the free texts that have no row of their own.
_UNNAMED = {
    "pending": "(other, waits for approval)",
    "rejected": "(other, rejected)",
    "unkept": "(other, beyond the number of texts kept)",
}
#: What the report calls the networks, by their level.
_NETWORKS = {
    "address": "address (IPv6: /48)",
    "block": "IPv4 /24",
    "pool": "IPv6 /40",
    "provider": "/16 (IPv6: /32)",
}
#: What the report calls the settings of `Protection`, in the words of the admin pages.
_PROTECTION = {
    "level": "level",
    "proof": "proof of work",
    "effort": "effort of the proof",
    "wait": "age of a token (s)",
    "per_address": "ballots of an address an hour",
    "per_customer": "ballots of an IPv6 /48 an hour",
    "office": "ballots of an office a day",
    "share": "share of one network (%)",
}


@click.command()
@click.argument("site")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
def results(site: str, name: str, as_json: bool, as_csv: bool) -> None:
    """Show the results of the poll NAME of SITE, whatever readers may see.

    \b
    Examples:
      stats-service poll results kimson muc-quan-tam
      stats-service poll results kimson muc-quan-tam --csv > ket-qua.csv
    """
    with open_services() as services:
        services.sites.sites.get(site)
        poll = services.polls.polls.get(site, name)
        found = presentation.results(poll, services.polls.polls.tally(site, name))
        table = services.polls.quarantine.result_rows(site, poll)
    if as_json:
        echo_json(found)
        return
    texts = {choice.id: choice.text[poll.lang] for choice in poll.choices}
    rows = [
        (
            row.choice,
            row.text or _UNNAMED.get(row.kind) or texts[row.choice],
            str(row.votes),
            percent_text(row.percent),
        )
        for row in table
    ]
    if as_csv:
        _print_csv(("choice", "text", "votes", f"percent of {found.of}"), rows)
        return
    echo_table([("CHOICE", "TEXT", "VOTES", f"% OF {found.of.upper()}"), *rows])
    click.echo(f"{found.ballots:,} ballots")
    if len(found.leading) > 1:
        click.echo(f"Tied for the lead: {', '.join(found.leading)}.")


@click.group(cls=Group)
def quarantine() -> None:
    """Decide about ballots that came over a ceiling.

    A group is what came from one network in one hour. Deciding can be taken back.

    \b
    Example:
      stats-service poll quarantine list kimson muc-quan-tam
    """


@quarantine.command("list")
@click.argument("site")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_groups(site: str, name: str, as_json: bool) -> None:
    """List the groups of the poll NAME of SITE, decided or not.

    \b
    Example:
      stats-service poll quarantine list kimson muc-quan-tam
    """
    with open_services() as services:
        services.sites.sites.get(site)
        services.polls.polls.get(site, name)
        groups = services.polls.quarantine.groups(site, name)
    if as_json:
        echo_json(groups)
        return
    rows = [
        (
            group.name,
            group.state,
            f"{group.ballots:,}",
            ", ".join(f"{choice} {n}" for choice, n in sorted(group.votes.items())),
        )
        for group in groups
    ]
    echo_table([("GROUP", "STATE", "BALLOTS", "VOTES"), *rows])


def _settling(verb: str, help_: str) -> click.Command:
    @click.argument("site")
    @click.argument("name")
    @click.argument("groups", nargs=-1, required=True)
    def settle(site: str, name: str, groups: tuple[str, ...]) -> None:
        with open_services() as services:
            services.sites.sites.get(site)
            services.polls.polls.get(site, name)
            for group in groups:
                settled = services.polls.quarantine.settle(
                    site, name, group, _VERBS[verb], COMMAND_LINE, services.clock.now()
                )
                click.echo(f"{settled.name}: {settled.ballots:,} ballots {settled.state}.")

    example = f"stats-service poll quarantine {verb} kimson muc-quan-tam 2026-11-23T09-a1b2c3d4"
    help_ = f"{help_}\n\n\b\nExample:\n  {example}"
    return click.command(verb, help=help_)(settle)


for _command in (
    _settling("accept", "Count the ballots of GROUPS of the poll NAME of SITE."),
    _settling("void", "Leave the ballots of GROUPS uncounted."),
    _settling("hold", "Take back what was decided about GROUPS."),
):
    quarantine.add_command(_command)


@click.group(cls=Group)
def texts() -> None:
    """Decide which free texts readers may see.

    \b
    Example:
      stats-service poll texts list kimson muc-quan-tam
    """


@texts.command("list")
@click.argument("site")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_texts(site: str, name: str, as_json: bool) -> None:
    """List the free texts of the poll NAME of SITE; those that wait stand first.

    \b
    Example:
      stats-service poll texts list kimson muc-quan-tam
    """
    with open_services() as services:
        services.sites.sites.get(site)
        services.polls.polls.get(site, name)
        found = services.polls.quarantine.texts(site, name)
    if as_json:
        echo_json(found)
        return
    rows = [(text.state, f"{text.votes:,}", text.text) for text in found]
    echo_table([("STATE", "VOTES", "TEXT"), *rows])


def _moderating(verb: str, help_: str) -> click.Command:
    @click.argument("site")
    @click.argument("name")
    @click.argument("texts", nargs=-1, required=True)
    def moderate(site: str, name: str, texts: tuple[str, ...]) -> None:
        state = _TEXT_VERBS[verb]
        with open_services() as services:
            services.sites.sites.get(site)
            services.polls.polls.get(site, name)
            for text in texts:
                services.polls.quarantine.moderate(
                    site, name, text, state, COMMAND_LINE, services.clock.now()
                )
                click.echo(f"{text}: {state}.")

    example = f'stats-service poll texts {verb} kimson muc-quan-tam "Đường giao thông"'
    help_ = f"{help_}\n\n\b\nExample:\n  {example}"
    return click.command(verb, help=help_)(moderate)


for _command in (
    _moderating("approve", "Show TEXTS to the readers of the poll NAME of SITE."),
    _moderating("reject", "Never show TEXTS."),
    _moderating("wait", "Take back what was decided about TEXTS."),
):
    texts.add_command(_command)


@click.command()
@click.argument("site")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print the hours as CSV.")
def report(site: str, name: str, as_json: bool, as_csv: bool) -> None:
    """Show what happened to every ballot of the poll NAME of SITE, and whether sums agree.

    Exit code 1 if they do not.

    \b
    Examples:
      stats-service poll report kimson muc-quan-tam
      stats-service poll report kimson muc-quan-tam --csv > report.csv
    """
    with open_services() as services:
        zone = services.sites.sites.get(site).timezone
        found = services.polls.integrity.report(site, name, zone, services.clock.now())
    outcomes = list(found.outcomes)
    hours = [
        (
            h.hour,
            *(str(h.ballots.get(o, 0)) for o in outcomes),
            *(_of_hour(h, level) for level in _NETWORKS),
        )
        for h in found.hours
    ]
    headings = (*outcomes, *(f"largest {name.partition(' (')[0]}" for name in _NETWORKS.values()))
    if as_json:
        echo_json(found)
    elif as_csv:
        _print_csv(("hour", *headings), hours)
    else:
        if hours:
            total = tuple(str(found.outcomes[outcome]) for outcome in outcomes)
            echo_table([("HOUR", *headings), *hours, ("total", *total, *("" for _ in _NETWORKS))])
            click.echo("")
        _print_sums(found)
    if found.sound is False:
        sys.exit(1)


def _of_hour(hour: ReportHour, level: str) -> str:
    """Return the ballots of the network with most in an hour, of those that counted at once."""
    n: int = getattr(hour, level)
    return str(n) if n or not hour.ballots.get("counted") else "under 10"


def _most(found: Integrity, level: str) -> str:
    """Return the ballots of the network with most in a day."""
    n = found.networks.get(level)
    return f"{n:,} ballots in a day" if n else "under 10 ballots"


def _print_sums(found: Integrity) -> None:
    voters = "forgotten" if found.voters is None else f"{found.voters:,}"
    echo_table(
        [
            ("counted", f"{found.ballots:,} ballots, {found.votes:,} votes"),
            ("held", f"{found.held:,}"),
            ("voided", f"{found.voided:,}"),
            ("voters", voters),
            *((f"largest {name}", _most(found, level)) for level, name in _NETWORKS.items()),
            ("browsers", ", ".join(f"{kind} {n:,}" for kind, n in found.browsers.items())),
            *(
                ("protection", f"from {c.at}, set {_by(c.who)}: {_settings(c.protection)}")
                for c in found.protection
            ),
        ]
    )
    for event in found.events:
        click.echo(f"{event.at}: {event.what} {_by(event.who)}, {event.ballots:,} ballots")
    for fault in found.faults:
        click.echo(f"NOT SOUND: {fault}")
    if found.verdict == "sound":
        click.echo("Sound: all sums agree, and no network, hour or kind of browser stands out.")
    for reason in found.reasons:
        if reason.kind != "sums":
            click.echo(f"{found.verdict.capitalize()}: {reason.text}")


def _by(who: str) -> str:
    return "on the command line" if who == COMMAND_LINE else f"by {who}"


def _settings(protection: dict[str, object]) -> str:
    return "; ".join(
        f"{_PROTECTION.get(name, name)}: {_setting(name, value)}"
        for name, value in protection.items()
    )


def _setting(name: str, value: object) -> str:
    if isinstance(value, bool):
        return yes_or_no(value)
    if name.startswith("per_") and not value:
        return "no ceiling"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _print_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(headings)
    writer.writerows([escape_formula(cell) for cell in row] for row in rows)

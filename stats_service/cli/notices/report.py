"""`stats-service report`: regular reports by e-mail."""

from pathlib import Path

import click

from stats_service.cli.group import Group, echo_json, open_services
from stats_service.cli.notices.notices import removal
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.notices import Report

_every = click.option(
    "--every", type=click.Choice(("week", "month")), default="week", show_default=True
)
_language = click.option(
    "--language", type=click.Choice(("vi", "en")), default="vi", show_default=True
)


@click.group(cls=Group)
def report() -> None:
    """Send reports by e-mail each week or month; `tick` sends them.

    \b
    Examples:
      stats-service report add kimson bientap@kimson.example.vn --every week
      stats-service report send kimson you@example.vn
    """


@report.command()
@click.argument("site")
@click.argument("address")
@_every
@_language
def add(site: str, address: str, every: str, language: str) -> None:
    """Send reports of SITE to ADDRESS from the end of the running week or month on.

    Whoever reads there is asked first: a mail with a link to accept or decline. Until the
    reports are accepted, nothing else is sent.

    \b
    Example:
      stats-service report add kimson bientap@kimson.example.vn --every month --language en
    """
    with open_services() as services:
        now = services.clock.now()
        added = services.notices.notices.add_report(
            site, address, every, language, COMMAND_LINE, now
        )
    click.echo(
        f"Added the report {added.id} to {address}, every {every}. The next tick asks there "
        "whether it is wanted; it is sent once that is accepted."
    )


@report.command("list")
@click.argument("site")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(site: str, as_json: bool) -> None:
    """List the reports of SITE.

    \b
    Example:
      stats-service report list kimson
    """
    with open_services() as services:
        reports = services.notices.notices.get(site).reports
        waiting = {item.id for item in reports if not services.notices.notices.agreed(site, item)}
    if as_json:
        echo_json(reports)
        return
    for item in reports:
        state = "  not accepted yet" if item.id in waiting else ""
        click.echo(f"{item.id}  {item.address}  every {item.every}  {item.language}{state}")
    if not reports:
        click.echo("There is no report yet: stats-service report add --help", err=True)


@report.command()
@click.argument("site")
@click.argument("address")
@_every
@_language
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), help="Write it there instead."
)
def send(site: str, address: str, every: str, language: str, output: Path | None) -> None:
    """Send a report of SITE's last week or month to ADDRESS at once, to try it.

    ADDRESS is not asked: send to an address of your own.

    \b
    Examples:
      stats-service report send kimson you@example.vn
      stats-service report send kimson you@example.vn --output out/   # nothing is sent
    """
    wanted = Report(id="", address=address, every=every, language=language)
    with open_services() as services:
        now = services.clock.now()
        if output:
            mail = services.notices.reports.mail(services.sites.sites.get(site), wanted, now)
            output.mkdir(parents=True, exist_ok=True)
            html = mail.html
            for picture in mail.pictures:
                (output / picture.filename).write_bytes(picture.data)
                html = html.replace(f"cid:{picture.id}", picture.filename)
            (output / "report.txt").write_text(mail.text, encoding="utf-8")
            (output / "report.html").write_text(html, encoding="utf-8")
            click.echo(f"Wrote the report to {output}.")
            return
        services.notices.reports.send_now(site, wanted, now)
    click.echo(f"Sent the report to {address}.")


report.add_command(removal("report", "Send the report ID of SITE no more."))

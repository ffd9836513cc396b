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

    \b
    Example:
      stats-service report add kimson bientap@kimson.example.vn --every month --language en
    """
    with open_services() as services:
        now = services.clock.now()
        added = services.notices.add_report(site, address, every, language, COMMAND_LINE, now)
    click.echo(f"Added the report {added.id} to {address}, every {every}.")


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
        reports = services.notices.get(site).reports
    if as_json:
        echo_json(reports)
        return
    for item in reports:
        click.echo(f"{item.id}  {item.address}  every {item.every}  {item.language}")
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

    \b
    Examples:
      stats-service report send kimson you@example.vn
      stats-service report send kimson you@example.vn --output out/   # nothing is sent
    """
    wanted = Report(id="", address=address, every=every, language=language)
    with open_services() as services:
        now = services.clock.now()
        if output:
            mail = services.reports.mail(services.sites.get(site), wanted, now)
            output.mkdir(parents=True, exist_ok=True)
            (output / "chart.png").write_bytes(mail.picture)
            (output / "report.txt").write_text(mail.text, encoding="utf-8")
            html = mail.html.replace(f"cid:{mail.picture_id}", "chart.png")
            (output / "report.html").write_text(html, encoding="utf-8")
            click.echo(f"Wrote the report to {output}.")
            return
        services.reports.send_now(site, wanted, now)
    click.echo(f"Sent the report to {address}.")


report.add_command(removal("report", "Send the report ID of SITE no more."))

"""`stats-service counts`: the numbers of a site."""

import click

from stats_service.cli.group import echo_json, open_services
from stats_service.models.traffic.views import SiteCounts, Totals

_SPANS = ("total", "today", "yesterday", "week", "month", "year", "opening")


@click.command()
@click.argument("site")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as the API answers.")
def counts(site: str, as_json: bool) -> None:
    """Show the numbers of SITE, as its widgets do.

    \b
    Examples:
      stats-service counts kimson
      stats-service counts kimson --json
    """
    with open_services() as services:
        found = services.traffic.views.counts(services.sites.sites.get(site), services.clock.now())
    if as_json:
        echo_json(found)
    else:
        click.echo("\n".join(_lines(found)))


def _lines(found: SiteCounts) -> list[str]:
    lines = [f"{'':10}{'visits':>15}{'views':>15}"]
    for span in _SPANS:
        visits, views = getattr(found.visits, span), getattr(found.views, span)
        lines.append(f"{span:10}{visits:>15,}{views:>15,}")
    lines.append(f"{'record':10}{_record(found.visits):>15}{_record(found.views):>15}")
    lines.append(f"{'  on':10}{_record_day(found.visits):>15}{_record_day(found.views):>15}")
    lines.append("")
    peak = f" (most: {found.peak.n:,} at {found.peak.at})" if found.peak else ""
    lines.append(f"online    {found.online:,}{peak}")
    return lines


def _record(totals: Totals) -> str:
    return f"{totals.record.n:,}" if totals.record else "-"


def _record_day(totals: Totals) -> str:
    return totals.record.day if totals.record else "-"

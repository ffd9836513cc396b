"""`stats-service article`: what an article had before it came here."""

import click

from stats_service.cli.group import Group, open_services
from stats_service.cli.revisions import both_versions, revision_option
from stats_service.models.audit import COMMAND_LINE


@click.group(cls=Group)
def article() -> None:
    """Set what articles had before their site came here.

    \b
    Example:
      stats-service article set-opening kimson /tin-tuc/abc 366
    """


@article.command("set-opening")
@click.argument("site")
@click.argument("article")
@click.argument("views", type=int)
@revision_option("article show")
def set_opening(site: str, article: str, views: int, revision: str) -> None:
    """Set the views that ARTICLE of SITE had before; 0 removes them.

    ARTICLE is the page's path, its URL, or what the page says in data-article.

    \b
    Examples:
      stats-service article set-opening kimson /tin-tuc/abc 366
      stats-service article set-opening kimson https://kimson.example.vn/tin-tuc/abc 0
    """
    with open_services() as services, both_versions():
        found, now = services.sites.sites.get(site), services.clock.now()
        made = services.traffic.opening_balances.set(
            found, article, views, COMMAND_LINE, now, revision
        )
    click.echo(f"The article {made.key} had {views:,} views before.")

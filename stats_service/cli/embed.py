"""`stats-service embed`: what a portal pastes into its pages."""

import click

from stats_service.cli.group import open_services
from stats_service.web.embed.files import load_files
from stats_service.web.embed.snippet import snippet


@click.command()
@click.argument("site")
@click.option("--newest", is_flag=True, help="Follow the newest version, without a hash.")
def embed(site: str, newest: bool) -> None:
    """Print the lines for the pages of SITE.

    They name one version of the script and its hash, so that a browser runs these very bytes or
    none. STATS_PUBLIC_URL says where browsers reach the service.

    \b
    Examples:
      STATS_PUBLIC_URL=https://dem.example.vn stats-service embed kimson
      stats-service embed kimson --newest
    """
    with open_services() as services:
        slug = services.sites.sites.get(site).slug
        settings = services.settings
    base = settings.base_url + settings.path_prefix
    click.echo(snippet(base, slug, load_files().newest, pinned=not newest), nl=False)
    if not settings.public_url:
        click.echo(
            f"STATS_PUBLIC_URL is not set: only browsers that reach {settings.base_url} can use "
            "these lines.",
            err=True,
        )

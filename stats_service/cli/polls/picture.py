"""`stats-service poll picture`: a picture by choice."""

from pathlib import Path

import click

from stats_service.cli.group import open_services
from stats_service.cli.revisions import both_versions
from stats_service.models.audit import COMMAND_LINE, Author


@click.command()
@click.argument("site")
@click.argument("name")
@click.argument("choice")
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--alt",
    nargs=2,
    multiple=True,
    metavar="LANG TEXT",
    help="What it shows, for who does not see it; all languages together.",
)
@click.option("--remove", is_flag=True, help="Take it away.")
@click.option(
    "--revision", type=int, default=0, help="Change only what is as `poll show` showed it."
)
def picture(
    site: str,
    name: str,
    choice: str,
    file: Path | None,
    alt: tuple[tuple[str, str], ...],
    remove: bool,
    revision: int,
) -> None:
    """Give a CHOICE of the poll NAME of SITE the picture in FILE: JPEG, PNG, WebP or GIF.

    \b
    Examples:
      stats-service poll picture kimson bieu-trung mau-1 mau1.png --alt vi "Bông lúa và cây cầu"
      stats-service poll picture kimson bieu-trung mau-1 --remove
    """
    if sum((file is not None or bool(alt), remove)) != 1:
        raise click.UsageError("Name a file, say what the picture shows (--alt), or --remove.")
    with open_services() as services, both_versions():
        pictures, by = services.polls.pictures, Author(COMMAND_LINE, services.clock.now())
        if remove:
            pictures.remove(site, name, choice, by, revision)
        if file is not None:
            made = pictures.put(site, name, choice, file.read_bytes(), by, revision)
            revision = made.revision
        if alt:
            pictures.describe(site, name, choice, dict(alt), by, revision)
    click.echo(f"The picture of {choice} is {'taken away' if remove else 'saved'}.")

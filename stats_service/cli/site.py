"""`stats-service site`: the portals that the service counts for."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from stats_service.cli.group import Group, echo_json, echo_table, open_services, yes_or_no
from stats_service.cli.revisions import both_versions, revision_option
from stats_service.models.audit import COMMAND_LINE, Author
from stats_service.models.pictures import Picture
from stats_service.models.sites import Site
from stats_service.services.periods import moment_of, periods_at
from stats_service.services.portability.legacy.exports.cells import BadCell, whole
from stats_service.services.sites.sites import check_site, settings_revision
from stats_service.services.sites.systems import SYSTEMS, parameters_of


class WholeNumber(click.ParamType[int]):
    """A whole number as people write it: 1814165, 1.814.165, 1,814,165 or 1 814 165."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; a part of one, as in 1.5, is refused."""
        try:
            return whole(str(value))
        except BadCell as error:
            self.fail(f"{value!r} is not {error.wanted}, such as 1814165 or 1.814.165.", param, ctx)


WHOLE = WholeNumber()

#: Options of `add` and `edit`: setting of `Site`, type, whether it is a list, help.
_OPTIONS: dict[str, tuple[str, type | click.ParamType[int], bool, str]] = {
    "--name": ("name", str, False, "Name for people."),
    "--host": (
        "hosts",
        str,
        True,
        "Host whose pages may count; with a port: localhost:8200.",
    ),
    "--timezone": ("timezone", str, False, "IANA name; days begin in it."),
    "--headline": ("headline", str, False, "What the widget shows first: visits or views."),
    "--language": ("language", str, False, "Language of the public page: vi or en."),
    "--opening-visits": ("opening_visits", WHOLE, False, "Visits before the site came here."),
    "--opening-views": ("opening_views", WHOLE, False, "Views before the site came here."),
    "--opening-day": ("opening_day", str, False, "When those were read, as 2026-11-23."),
    "--exclude": ("excluded", str, True, "Address or network that does not count."),
    "--article-parameter": (
        "article_parameters",
        str,
        True,
        "The only query parameter naming an article; -NAME, +NAME: drop or keep it; all; none.",
    ),
    "--readers-off": (
        "readers_off",
        str,
        True,
        "Not counted of readers: source, campaign, entry, device, browser, …; all.",
    ),
    "--readers-public": (
        "readers_public",
        str,
        True,
        "What the public page shows of readers, of the same.",
    ),
    "--clicks-off": (
        "clicks_off",
        str,
        True,
        "Clicks that are not counted: document, outgoing, action.",
    ),
    "--article-cap": ("article_cap", int, False, "Articles kept by name."),
    "--identity-cap": ("identity_cap", int, False, "New visitors of an address in half an hour."),
    "--view-ceiling": ("view_ceiling", int, False, "Views of an address in half an hour."),
    "--token-ceiling": ("token_ceiling", int, False, "Voters of an address in half an hour."),
    "--rating-ceiling": ("rating_ceiling", int, False, "Ratings of an address in half an hour."),
    "--poll": ("poll", str, False, "Poll shown as the current one; empty: the latest open one."),
    "--rating-scale": ("rating_scale", int, False, "Highest score of an article, 2 to 10."),
    "--rated-type": ("rated_type", str, False, "What search engines are told an article is."),
    "--titles": ("titles", str, False, "Where titles of articles are read: pages, feed or off."),
    "--titles-feed": ("titles_feed", str, False, "RSS, Atom or news sitemap that has titles too."),
    "--rated-name": ("rated_name", str, False, "And its name, before its key."),
}

_DEFAULTS = Site(slug="any", name="", hosts=())


def _site_options(function: Callable[..., None]) -> Callable[..., None]:
    for option, (setting, kind, is_list, text) in reversed(_OPTIONS.items()):
        default = getattr(_DEFAULTS, setting)
        note = " Repeatable." if is_list else f" [{default}]" if default else ""
        decorate = click.option(option, setting, type=kind, multiple=is_list, help=text + note)
        function = decorate(function)
    flag = "Show the numbers to everybody, at /s/SLUG, or to who is signed in. [not]"
    function = click.option("--public/--not-public", default=None, help=flag)(function)
    flag = "And there the most read articles. [not]"
    function = click.option("--public-articles/--no-public-articles", default=None, help=flag)(
        function
    )
    flag = "Count clicks on every page, or on those that show a number of downloads. [not]"
    function = click.option("--clicks-everywhere/--no-clicks-everywhere", default=None, help=flag)(
        function
    )
    flag = "And there the most downloaded documents. [not]"
    return click.option("--public-documents/--no-public-documents", default=None, help=flag)(
        function
    )


@click.group(cls=Group)
def site() -> None:
    """Add, change and list the portals that the service counts for.

    \b
    Examples:
      stats-service site add kimson --name "Kim Sơn" --host kimson.example.vn
      stats-service site list
      stats-service site edit kimson --host kimson.example.vn --host www.kimson.example.vn
    """


@site.command()
@click.argument("slug")
@_site_options
@click.option(
    "--system",
    type=click.Choice([*SYSTEMS]),
    help="What the portal runs on: sets --article-parameter for it.",
)
def add(slug: str, system: str | None, **options: Any) -> None:
    """Add the site SLUG; the name stands in the snippet and in URLs.

    \b
    Examples:
      stats-service site add kimson --name "Kim Sơn" --host kimson.example.vn --system nukeviet
      stats-service site add ketoan --host ketoan.example.vn \\
          --opening-visits 1814165 --opening-day 2019-12-24 --article-parameter id
    """
    given = _given(options)
    given.setdefault("article_parameters", parameters_of(system or ""))
    with open_services() as services:
        new = Site(slug=slug, name=given.pop("name", slug), hosts=given.pop("hosts", ()), **given)
        if (new.opening_visits or new.opening_views) and not new.opening_day:
            today = periods_at(services.clock.now(), check_site(new).timezone).day
            new = msgspec.structs.replace(new, opening_day=today)
        added = services.sites.sites.add(new, services.clock.now())
        services.accounts.audit.record_added_site(COMMAND_LINE, services.clock.now(), added)
    click.echo(f"Added the site {added.slug}. Its snippet: stats-service embed {added.slug}")


@site.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List every site.

    \b
    Examples:
      stats-service site list
      stats-service site list --json
    """
    with open_services() as services:
        sites = services.sites.sites.all()
    if as_json:
        echo_json(sites)
    elif not sites:
        click.echo("There is no site yet: stats-service site add --help", err=True)
    else:
        rows = [(s.slug, s.name, ", ".join(s.hosts), s.timezone) for s in sites]
        echo_table([("SITE", "NAME", "HOSTS", "TIME ZONE"), *rows])


@site.command()
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(slug: str, as_json: bool) -> None:
    """Show the settings of the site SLUG.

    \b
    Examples:
      stats-service site show kimson
      stats-service site show kimson --json
    """
    with open_services() as services:
        found = services.sites.sites.get(slug)
    if as_json:
        echo_json(found)
        return
    values = msgspec.structs.asdict(found)
    rows = [(name, _text(value)) for name, value in values.items()]
    echo_table([*rows, ("revision", settings_revision(found))])


@site.command()
@click.argument("slug")
@_site_options
@revision_option("site show")
def edit(slug: str, revision: str, **options: Any) -> None:
    """Change settings of the site SLUG; those not named stay.

    A repeatable option replaces the whole list; with an empty value it empties it.

    \b
    Examples:
      stats-service site edit kimson --headline views
      stats-service site edit kimson --exclude 192.0.2.0/24 --exclude 2001:db8::/32
      stats-service site edit kimson --exclude ""
    """
    changes = _given(options)
    if not changes:
        raise click.UsageError("Name at least one setting to change.")
    with open_services() as services:
        by = Author(COMMAND_LINE, services.clock.now())
        with both_versions():
            services.sites.sites.edit(slug, by, revision, **changes)
    click.echo(f"Changed the site {slug}. Every worker knows within a few seconds.")


@site.command("correct-records")
@click.argument("slug")
@click.option("--peak", type=int, help="Most visitors online at once; 0: it begins anew.")
@click.option("--peak-at", help="When that was, in the site's time zone, as 2026-11-23T09:00.")
@click.option("--days", is_flag=True, help="Work out the busiest days anew.")
def correct_records(slug: str, peak: int | None, peak_at: str | None, days: bool) -> None:
    """Correct the records of the site SLUG, as after a clock that was wrong.

    The busiest days are worked out from the numbers of all days up to today. Each change is in the
    site's log.

    \b
    Examples:
      stats-service site correct-records kimson --peak 0
      stats-service site correct-records kimson --peak 155 --peak-at 2026-11-23T09:00
      stats-service site correct-records kimson --days
    """
    if peak is None and not days:
        raise click.UsageError("Name what to correct: --peak, --days or both.")
    with open_services() as services:
        found, by = services.sites.sites.get(slug), Author(COMMAND_LINE, services.clock.now())
        changed = False
        if peak is not None:
            changed |= services.traffic.records.set_peak(found, peak, _moment(peak_at, found), by)
        if days:
            changed |= services.traffic.records.recount_days(found, by)
    click.echo(
        f"Corrected the records of {slug}; the change is in the log."
        if changed
        else f"The records of {slug} are right already."
    )


def _moment(text: str | None, site: Site) -> float | None:
    try:
        return moment_of(text, site.timezone) if text else None
    except ValueError as error:
        raise click.UsageError("--peak-at: use a date and time, as 2026-11-23T09:00.") from error


@site.command()
@click.argument("slug")
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--remove", is_flag=True, help="Take it away.")
def emblem(slug: str, file: Path | None, remove: bool) -> None:
    """Give the site SLUG the emblem in FILE: JPEG, PNG, WebP or GIF.

    It stands on printed sheets, the public page, the pages of polls and in reports by e-mail.

    \b
    Examples:
      stats-service site emblem kimson quoc-huy.png
      stats-service site emblem kimson --remove
    """
    if (file is None) != remove:
        raise click.UsageError("Name a file, or --remove.")
    with open_services() as services, both_versions():
        emblems, by = services.sites.emblems, Author(COMMAND_LINE, services.clock.now())
        if file is None:
            emblems.remove(slug, by)
        else:
            emblems.put(slug, file.read_bytes(), by)
    click.echo(f"The emblem of {slug} is {'taken away' if remove else 'saved'}.")


@site.command()
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(slug: str, yes: bool) -> None:
    """Remove the site SLUG and everything counted for it, for ever.

    Counting there ends at once. If this is cut off, do it again, or leave the rest to `tick`.

    \b
    Examples:
      stats-service site remove kimson
      stats-service site remove kimson --yes
    """
    with open_services() as services:
        if services.sites.sites.exists(slug) or slug not in services.sites.erasure.unfinished():
            found = services.sites.sites.get(slug)
            if not yes:
                _confirm(f"Remove the site {slug} ({found.name}) and every number of it, for ever?")
        services.sites.erasure.erase(slug, COMMAND_LINE, services.clock.now())
    click.echo(f"Removed the site {slug}.")


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody is there to ask: say --yes to go on without a question.")
    click.confirm(question, abort=True)


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that the user named; an empty text in a list stands for nothing."""
    return {
        name: tuple(text for text in value if text) if isinstance(value, tuple) else value
        for name, value in options.items()
        if value is not None and value != ()
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return yes_or_no(value)
    if value is None or isinstance(value, Picture):
        return f"{value.width} x {value.height} pixels, {value.id}" if value else ""
    return ", ".join(value) if isinstance(value, tuple) else str(value)

"""Plausible: the files of its export, `imported_….csv`, alone or in their zip.

Several files share columns, so each file is recognised by a column that only this file has. Each
file of a dimension has visits by day and value, all visits of the day in each: what they tell joins
the visits of `imported_visitors`, and comes with it alone.
"""

from stats_service.services.portability.legacy.exports.cells import day, whole
from stats_service.services.portability.legacy.exports.names import (
    browser_line,
    country_line,
    device_line,
    system_line,
)
from stats_service.services.portability.legacy.exports.schema import (
    Bind,
    Columns,
    Schema,
    TakeRow,
    Target,
)
from stats_service.services.visitors.sources import source_named, word

_PARTS = (
    "page",
    "hostname",
    "entry_page",
    "exit_page",
    "source",
    "referrer",
    "utm_source",
    "browser",
    "device",
    "operating_system",
    "country",
    "region",
    "name",
    "link_url",
    "property",
)
#: Columns of a campaign, with the letters of their dimensions.
_WORDS = {
    "utm_campaign": "k",
    "utm_source": "u",
    "utm_medium": "m",
    "utm_content": "n",
    "utm_term": "t",
}
#: What stands for no source.
_DIRECT = ("", "direct / none", "(none)")


def _visitors(target: Target, columns: Columns) -> TakeRow:
    """`imported_visitors_….csv`: the daily numbers of the site."""
    when, views, visits = columns["date"], columns["pageviews"], columns["visits"]
    tally = target.tally

    def take(row: list[str]) -> None:
        tally.add(day(row[when]), views=whole(row[views]), visits=whole(row[visits]))

    return take


def _pages(target: Target, columns: Columns) -> TakeRow:
    """`imported_pages_….csv`: daily views of pages; it has no numbers of the site."""
    when, page, views = columns["date"], columns["page"], columns["pageviews"]
    tally, article = target.tally, target.source.article

    def take(row: list[str]) -> None:
        if key := article(row[page]):
            tally.add_article(day(row[when]), key, whole(row[views]))
        else:
            tally.ignored["article-invalid"] += 1

    return take


def _sources(target: Target, columns: Columns) -> TakeRow:
    """`imported_sources_….csv`: the host of the page before, and the words of campaigns.

    A source without a host is what a link said of itself, which is no source here, or the name that
    another counter had given it.
    """
    when, visits = columns["date"], columns["visits"]
    source, referrer = columns["source"], columns.first("referrer")
    campaign = columns.first("utm_source")
    words = [(letter, columns.first(name)) for name, letter in _WORDS.items()]

    def take(row: list[str]) -> None:
        found, number = day(row[when]), whole(row[visits])
        host = row[referrer] if referrer >= 0 else ""
        said = row[campaign] if campaign >= 0 else ""
        target.tell(found, _source(target, host, row[source], said), number)
        for letter, place in words:
            if place >= 0 and row[place]:
                target.tell(found, letter + word(row[place]), number)

    return take


def _source(target: Target, host: str, name: str, said: str) -> str:
    """Return the line of a source: of its host, else of its name unless the link said it."""
    if host.lower() not in _DIRECT:
        return target.told.source_line(host)
    if said or name.lower() in _DIRECT:
        return target.told.source_line("")
    if known := source_named(name):
        return f"s{known}"
    return target.told.source_line(name) if "." in name else "s"


def _entries(target: Target, columns: Columns) -> TakeRow:
    """`imported_entry_pages_….csv`: the pages with which visits began."""
    when, page, visits = columns["date"], columns["entry_page"], columns["entrances"]
    article = target.source.article

    def take(row: list[str]) -> None:
        if key := article(row[page]):
            target.tell(day(row[when]), f"e{key}", whole(row[visits]))
        else:
            target.tally.ignored["article-invalid"] += 1

    return take


def _browsers(target: Target, columns: Columns) -> TakeRow:
    when, visits, browser = columns["date"], columns["visits"], columns["browser"]
    version = columns.first("browser_version")

    def take(row: list[str]) -> None:
        line = browser_line(row[browser], row[version] if version >= 0 else "")
        target.tell(day(row[when]), line, whole(row[visits]))

    return take


def _devices(target: Target, columns: Columns) -> TakeRow:
    when, visits, device = columns["date"], columns["visits"], columns["device"]

    def take(row: list[str]) -> None:
        target.tell(day(row[when]), device_line(row[device]), whole(row[visits]))

    return take


def _systems(target: Target, columns: Columns) -> TakeRow:
    when, visits, system = columns["date"], columns["visits"], columns["operating_system"]

    def take(row: list[str]) -> None:
        target.tell(day(row[when]), system_line(row[system]), whole(row[visits]))

    return take


def _countries(target: Target, columns: Columns) -> TakeRow:
    """`imported_locations_….csv`: countries; their regions and cities are not told here."""
    when, visits, country = columns["date"], columns["visits"], columns["country"]

    def take(row: list[str]) -> None:
        target.tell(day(row[when]), country_line(row[country]), whole(row[visits]))

    return take


_TOLD: tuple[tuple[str, tuple[str, ...], Bind], ...] = (
    ("sources", ("source", "visits"), _sources),
    ("browsers", ("browser", "visits"), _browsers),
    ("devices", ("device", "visits"), _devices),
    ("operating_systems", ("operating_system", "visits"), _systems),
    ("locations", ("country", "visits"), _countries),
    ("entry_pages", ("entry_page", "entrances"), _entries),
)

SCHEMAS = (
    Schema(
        kind="plausible-visitors",
        table="imported_visitors",
        needs=("date", "visits", "pageviews"),
        without=_PARTS,
        bind=_visitors,
        brings=("site",),
    ),
    Schema(
        kind="plausible-pages",
        table="imported_pages",
        needs=("date", "page", "pageviews"),
        bind=_pages,
        brings=("articles",),
    ),
    *(
        Schema(
            kind="plausible-visitors",
            table=f"imported_{table}",
            needs=("date", *columns),
            bind=bind,
            brings=("readers",),
        )
        for table, columns, bind in _TOLD
    ),
    # Those of old versions have no visits, of which nothing is told then.
    *(
        Schema(kind="plausible", table=f"imported_{table}", needs=("date", column), bind=None)
        for table, column in (
            *((table, columns[0]) for table, columns, _ in _TOLD),
            ("exit_pages", "exit_page"),
            ("custom_events", "link_url"),
            ("custom_props", "property"),
        )
    ),
)

"""Plausible: the files of its export, `imported_….csv`, alone or in their zip.

Several files share columns, so each file is recognised by a column that only this file has.
"""

from stats_service.services.portability.legacy.exports.cells import day, whole
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)

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
        Schema(kind="plausible", table=f"imported_{table}", needs=("date", column), bind=None)
        for table, column in (
            ("sources", "source"),
            ("browsers", "browser"),
            ("devices", "device"),
            ("operating_systems", "operating_system"),
            ("locations", "country"),
            ("entry_pages", "entry_page"),
            ("exit_pages", "exit_page"),
            ("custom_events", "link_url"),
            ("custom_props", "property"),
        )
    ),
)

"""Matomo: daily CSV of its reporting API.

`API.get` has the numbers of the site, `Actions.getPageUrls` with `flat=1` those of pages and how
many visits began with each. Reports of devices, browsers, systems, countries, languages and
referrers have visits by value; which one a row is of stands in its segment, or in the path of its
picture.
"""

import re
from urllib.parse import unquote

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.exports.cells import day, whole
from stats_service.services.portability.legacy.exports.names import (
    browser_line,
    country_line,
    device_line,
    system_line,
)
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)
from stats_service.services.visitors.clients import language_line
from stats_service.services.visitors.sources import source_named, word

#: A week (`2026-01-05,2026-01-11`), a month (`2026-01`), a year.
_LONGER = re.compile(r"\d{4}(?:-\d\d)?|\d{4}-\d\d-\d\d\s*(?:,|/| - | to ).*")
#: Rows that are not a page: summary rows, and pages without an address.
_NO_PAGES = ("others", "page url not defined", "khác", "url trang không xác định")


def _numbers(target: Target, columns: Columns) -> TakeRow:
    """`API.get`: the daily numbers of the site."""
    when, visits = columns["date"], columns.first("nb_visits")
    views = columns.first("nb_pageviews", "nb_actions")
    fallback = columns.first("nb_actions")
    if views < 0:
        raise InvalidInputError(
            "The report of Matomo has neither nb_pageviews nor nb_actions: export it with "
            "method=API.get and translateColumnNames=0."
        )
    tally = target.tally

    def take(row: list[str]) -> None:
        found = day(_single(row[when]))
        number = row[views] or (row[fallback] if fallback >= 0 else "")
        begun = whole(row[visits]) if visits >= 0 else 0
        tally.add(found, views=whole(number), visits=begun)

    return take


def _pages(target: Target, columns: Columns) -> TakeRow:
    """`Actions.getPageUrls`: daily views of pages, or a report of what visits tell.

    It has no numbers of the site.
    """
    when, label = columns["date"], columns.first("label")
    urls = [columns[name] for name in ("metadata_url", "url") if name in columns]
    hits, visits = columns.first("nb_hits"), columns.first("nb_visits")
    segment = columns.first("metadata_segment", "segment")
    picture, code = columns.first("metadata_logo", "logo"), columns.first("metadata_code", "code")
    entries = columns.first("entry_nb_visits")
    tally, article = target.tally, target.source.article

    def take(row: list[str]) -> None:
        found = day(_single(row[when]))
        told = _told(
            *(row[place] if place >= 0 else "" for place in (label, segment, picture, code))
        )
        if told is not None:
            if told[:1] == "s":
                named = source_named(told[1:])
                told = f"s{named}" if named else target.told.source_line(told[1:])
            target.tell(found, told, whole(row[visits]) if visits >= 0 else 0)
            return
        name = row[label] if label >= 0 else ""
        address = next((row[place] for place in urls if row[place]), "")
        if not address and "/" not in name:
            # The row of a folder sums all pages in it; a summary row has no segment.
            if name.lower() not in _NO_PAGES and (segment < 0 or row[segment]):
                raise InvalidInputError(
                    "{label!r} is a folder with all its pages: export the report with flat=1 "
                    "(method=Actions.getPageUrls&flat=1&filter_limit=-1), which has each page by "
                    "itself.",
                    label=name[:80],
                )
            tally.ignored["article-invalid"] += 1
            return
        number = row[hits] if hits >= 0 else ""
        number = number or (row[visits] if visits >= 0 else "")
        if key := article(address or "/" + name.lstrip("/")):
            tally.add_article(found, key, whole(number))
            if entries >= 0:
                target.tell(found, f"e{key}", whole(row[entries]))
        else:
            tally.ignored["article-invalid"] += 1

    return take


def _told(label: str, segment: str, picture: str, code: str) -> str | None:
    """Return the line of a row of a report of what visits tell.

    Returns:
        `""` for a row that tells nothing that is counted, None for one of another report; of a
        source its host or name stands in the line.
    """
    said = dict(part.split("==", 1) for part in unquote(segment).split(";") if "==" in part)
    folder, _, file = picture.rpartition("/")
    kind, value = folder.rpartition("/")[2], file.rpartition(".")[0]
    if "referrerType" in said or "referrerName" in said:
        return _referrer(said.get("referrerType", "website"), said.get("referrerName", ""))
    if "countryCode" in said or kind == "flags":
        return country_line(code or said.get("countryCode", value))
    if "deviceType" in said or kind == "devices":
        return device_line(said.get("deviceType", value))
    if "browserCode" in said or kind == "browsers":
        return browser_line(label)
    if "operatingSystemCode" in said or "operatingSystemName" in said or kind == "os":
        return system_line(label)
    if "languageCode" in said:
        return language_line(said["languageCode"]).rstrip("\n")
    return None


def _referrer(kind: str, name: str) -> str:
    """Return the line of a referrer; the row of a kind alone sums those of names."""
    if kind == "direct":
        return "s"
    if kind == "campaign":
        return f"k{word(name)}" if name else ""
    return f"s{name}" if name else ""


def _single(text: str) -> str:
    """Return the day of a row; InvalidInputError if it is a longer period."""
    if _LONGER.fullmatch(text.strip()):
        raise InvalidInputError(
            "{span!r} is more than a day: export the report with period=day "
            "(period=day&date=2024-01-01,2024-12-31).",
            span=text.strip()[:40],
        )
    return text


SCHEMAS = (
    Schema(
        kind="matomo",
        table="api_get",
        needs=("date", "nb_visits"),
        without=("label", "url", "metadata_url"),
        bind=_numbers,
        brings=("site",),
    ),
    Schema(
        kind="matomo",
        table="api_get",
        needs=("date", "nb_pageviews"),
        without=("label", "url", "metadata_url"),
        bind=_numbers,
        brings=("site",),
    ),
    *(
        Schema(
            kind="matomo",
            table="page_urls",
            needs=("date", name, count),
            bind=_pages,
            brings=("articles", "readers"),
        )
        for name in ("label", "metadata_url", "url")
        for count in ("nb_hits", "nb_visits")
    ),
)

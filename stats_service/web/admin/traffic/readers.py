"""Where the visits of a site came from, and with what."""

from flask import Blueprint, Response, render_template
from flask_babel import gettext as _

from stats_service.models.traffic.readers import ALL_GROUPS, GROUPS, ReaderCounts
from stats_service.services.portability.workbook import Column, Table
from stats_service.services.traffic.readers import VALUES_MAX
from stats_service.web.admin.access import access, site
from stats_service.web.http.context import services
from stats_service.web.pages.downloads import ENDING, table_file
from stats_service.web.pages.ranges import Range, as_of, choices, days_text, range_of
from stats_service.web.pages.reader_names import dimension_names, group_names, value_name

bp = Blueprint("readers", __name__, url_prefix="/sites/<slug>/readers")

#: Values of a dimension that the page shows with bars, and those that it shows in all.
BARS, SHOWN = 8, 40
#: The cards in their order: the dimensions of each, the first of which gives the heading.
CARDS = (
    ("source",),
    ("entry",),
    (
        "campaign",
        "campaign_source",
        "campaign_medium",
        "campaign_content",
        "campaign_term",
        "click",
    ),
    ("device",),
    ("browser", "browser_version"),
    ("system",),
    ("country",),
    ("language",),
)


@bp.get("")
@access("viewer")
def show() -> str:
    """Show the dimensions of a span."""
    span, counts = _counts(SHOWN)
    off = GROUPS if ALL_GROUPS in site().readers_off else site().readers_off
    return render_template(
        "admin/readers.html",
        counts=counts,
        dimensions={found.dimension: found for found in counts.dimensions},
        cards=CARDS,
        bars=BARS,
        off=off,
        knows_countries=services().settings.country_db is not None,
        titles=services().traffic.titles.of(
            site(),
            (v.value for one in counts.dimensions if one.dimension == "entry" for v in one.values),
        ),
        names=dimension_names(),
        group_names=group_names(),
        value_name=value_name,
        span=span,
        days=days_text(span.first, span.last),
        choices=choices(),
    )


@bp.get(f"/visits.{ENDING}")
@access("viewer")
def as_file(kind: str) -> Response:
    """Give all of it as a file; a row without a value has the visits that are under no name."""
    span, counts = _counts(VALUES_MAX)
    rows: list[tuple[str | int | None, ...]] = []
    for found in counts.dimensions:
        rows += [
            (found.dimension, v.value, value_name(found.dimension, v.value), v.visits, v.before)
            for v in found.values
        ]
        if found.told or found.told_before:
            rows.append((found.dimension, "", _("Other"), found.other, found.other_before))
    names, is_compared = dimension_names(), counts.visits_before is not None
    notes = [site().name, days_text(span.first, span.last), as_of(site())]
    table = Table(
        _("Readers"),
        (
            Column("dimension", _("What"), "text", names.get),
            Column("value", _("Value"), "text", in_book=False),
            Column("name", _("Value"), "text", in_csv=False),
            Column("visits", _("Visits")),
            Column("visits_before", _("Visits before"), in_book=is_compared),
        ),
        rows,
        notes,
    )
    return table_file(f"{site().slug}-readers-{span.first}-{span.last}", table, kind)


def _counts(limit: int) -> tuple[Range, ReaderCounts]:
    span, now = range_of(site()), services().clock.now()
    readers = services().traffic.readers
    return span, readers.of_span(site(), span.span, now, span.compare, limit=limit)

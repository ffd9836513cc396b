"""Documents, outgoing links and named actions, by their clicks in a span."""

from flask import Blueprint, Response, render_template
from flask_babel import gettext as _

from stats_service.models.clicks import NAMES_MAX
from stats_service.services.clicks.clicks import DAYS_KEPT, LISTED_MAX
from stats_service.services.portability.workbook import Column, Table
from stats_service.services.traffic.spans import DAY, Span
from stats_service.web.admin.access import access, site
from stats_service.web.http.context import services
from stats_service.web.pages.click_names import kind_names
from stats_service.web.pages.downloads import ENDING, table_file
from stats_service.web.pages.ranges import as_of, choices, days_text, range_of, today_of

bp = Blueprint("clicks", __name__, url_prefix="/sites/<slug>/documents")

#: Names of a kind that the page shows.
SHOWN = 50


@bp.get("")
@access("viewer")
def show() -> str:
    """Show the clicks of a span."""
    span = range_of(site())
    counts = services().traffic.clicks.of_span(site(), span.span, SHOWN)
    return render_template(
        "admin/clicks.html",
        counts=counts,
        headings=kind_names(),
        most=NAMES_MAX,
        span=span,
        days=days_text(counts.first, counts.last),
        missing=missing_days(span.span),
        choices=choices(),
    )


@bp.get(f"/clicks.{ENDING}")
@access("viewer")
def as_file(kind: str) -> Response:
    """Give all of it as a file; a row without a name has the clicks that are under none."""
    span = range_of(site())
    counts = services().traffic.clicks.of_span(site(), span.span, LISTED_MAX)
    rows: list[tuple[str | int | None, ...]] = []
    for found in counts.kinds:
        rows += [(found.kind, one.name, one.clicks) for one in found.names]
        if found.other:
            rows.append((found.kind, "", found.other))
    columns = (
        Column("kind", _("What"), "text", kind_names().get),
        Column("name", _("Name"), "text"),
        Column("clicks", _("Clicks")),
    )
    missing = missing_days(span.span)
    days = days_text(counts.first, counts.last)
    notes = [site().name, days, as_of(site()), *([missing] if missing else [])]
    table = Table(_("Documents"), columns, rows, notes)
    return table_file(f"{site().slug}-clicks-{counts.first}-{counts.last}", table, kind)


def missing_days(span: Span) -> str:
    """Say that a span has days of which no clicks are kept any more; empty: it has none."""
    if span.first > today_of(site()) - DAYS_KEPT * DAY:
        return ""
    return str(
        _(
            "Clicks are kept by day for %(n)s days; days before that are missing here.",
            n=DAYS_KEPT,
        )
    )

"""The report of a week or month that is over: one page for the editor's Monday, and its files."""

from flask import Blueprint, Response, render_template, request
from flask_babel import get_locale

from stats_service.services.notices.reports.numbers import (
    MONTH,
    WEEK,
    ReportNumbers,
    name_of,
    neighbour,
    period,
    period_named,
)
from stats_service.services.portability.workbook import workbook
from stats_service.services.traffic.beginning import FIRST_YEAR
from stats_service.services.traffic.spans import Span
from stats_service.web.admin.access import access, site
from stats_service.web.admin.traffic.report_book import sheets
from stats_service.web.admin.traffic.report_words import besides, choice, question, reason, title
from stats_service.web.http.context import services
from stats_service.web.pages.charts import chart, point_name
from stats_service.web.pages.definitions import definition
from stats_service.web.pages.downloads import XLSX, attachment
from stats_service.web.pages.ranges import as_of, days_text
from stats_service.web.pages.reader_names import value_name

bp = Blueprint("report", __name__, url_prefix="/sites/<slug>/report")


@bp.get("")
@access("viewer")
def show() -> str:
    """Show a report; of the last week, unless the query names a period."""
    every, span = _asked()
    numbers = _numbers(every, span)
    latest = period(every, site(), services().clock.now())
    former, later = neighbour(every, span, -1), neighbour(every, span, 1)
    last_week, last_month = (period(one, site(), services().clock.now()) for one in (WEEK, MONTH))
    return render_template(
        "admin/report.html",
        report=numbers,
        title=title(every),
        days=days_text(span.first, span.last),
        name=name_of(every, span.first),
        former=name_of(every, former.first) if former.first.year > FIRST_YEAR else "",
        later=name_of(every, later.first) if later.first <= latest.first else "",
        names={WEEK: name_of(WEEK, last_week.first), MONTH: name_of(MONTH, last_month.first)},
        besides=besides(numbers),
        chart=chart(numbers.series, site().headline, numbers.marks),
        point_name=point_name,
        metrics=("visits", "views") if site().headline == "visits" else ("views", "visits"),
        value_name=value_name,
        question=question,
        choice=choice,
        definition=definition,
        reason=reason,
    )


@bp.get("/report.xlsx")
@access("viewer")
def as_file() -> Response:
    """Give a report as a workbook."""
    every, span = _asked()
    numbers = _numbers(every, span)
    notes = [site().name, days_text(span.first, span.last), as_of(site())]
    book = workbook(*sheets(numbers, title(every), besides(numbers), notes))
    return attachment(book, f"{site().slug}-report-{name_of(every, span.first)}.xlsx", XLSX)


def _asked() -> tuple[str, Span]:
    """Return the period of the query; the last one that is over in place of one that is not."""
    now = services().clock.now()
    asked = period_named(request.args.get("period", "")) or (WEEK, period(WEEK, site(), now))
    every, span = asked
    latest = period(every, site(), now)
    return every, span if span.first.year > FIRST_YEAR and span.first <= latest.first else latest


def _numbers(every: str, span: Span) -> ReportNumbers:
    now, language = services().clock.now(), str(get_locale())
    return services().notices.report_numbers.read(site(), every, span, now, language)

"""The report of a week or month that is over: one page for the editor's Monday, and its files."""

from typing import NamedTuple

from flask import Blueprint, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _

from stats_service.models.history import Pair
from stats_service.models.polls import OTHER, Poll
from stats_service.services.notices.reports import words
from stats_service.services.notices.reports.numbers import (
    MONTH,
    WEEK,
    ReportNumbers,
    name_of,
    neighbour,
    period,
    period_named,
)
from stats_service.services.traffic.beginning import FIRST_YEAR
from stats_service.services.traffic.spans import Span
from stats_service.web.admin.access import access, site
from stats_service.web.http.context import services
from stats_service.web.pages.charts import chart, point_name
from stats_service.web.pages.definitions import definition
from stats_service.web.pages.ranges import days_text
from stats_service.web.pages.reader_names import value_name

bp = Blueprint("report", __name__, url_prefix="/sites/<slug>/report")


class Beside(NamedTuple):
    """What one number stands beside."""

    #: What it is, as a sentence goes on: "than the week before".
    text: str
    #: Its days.
    days: str
    #: None: the site was not counting yet.
    sum: Pair | None


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


def title(every: str) -> str:
    """Return what a report is called."""
    return str(_("Weekly report") if every == WEEK else _("Monthly report"))


def besides(numbers: ReportNumbers) -> tuple[Beside, Beside]:
    """Return what the numbers of a report stand beside: the period before, and the year before."""
    series, is_week = numbers.series, numbers.every == WEEK
    first, last = series.first_before or numbers.first, series.last_before or numbers.last
    if numbers.by_tet:
        year = _("the year before, Tết beside Tết")
    else:
        year = _("the same week of the year before") if is_week else _("the year before")
    return (
        Beside(
            str(_("the week before") if is_week else _("the month before")),
            days_text(first, last),
            numbers.before,
        ),
        Beside(str(year), days_text(numbers.year_first, numbers.year_last), numbers.year),
    )


def question(poll: Poll) -> str:
    """Return a poll's question in the language of the page, or in its own."""
    return poll.question.get(str(get_locale())) or poll.question[poll.lang]


def choice(poll: Poll, name: str) -> str:
    """Return the text of a choice in the language of the page, or in that of the poll."""
    if name == OTHER:
        return str(_("Other"))
    texts = next((one.text for one in poll.choices if one.id == name), {})
    return texts.get(str(get_locale())) or texts.get(poll.lang, name)


def reason(name: str) -> str:
    """Return why views were not counted, as the report's mail says it."""
    text = words.reason(name, str(get_locale()))
    return text[:1].upper() + text[1:]


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

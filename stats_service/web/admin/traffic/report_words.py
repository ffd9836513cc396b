"""The words of a report, in the language of the page."""

from typing import NamedTuple

from flask_babel import get_locale
from flask_babel import gettext as _

from stats_service.models.polls import OTHER, Poll
from stats_service.models.traffic.history import Pair
from stats_service.services.notices.reports import words
from stats_service.services.notices.reports.numbers import WEEK, ReportNumbers
from stats_service.web.pages.ranges import days_text


class Beside(NamedTuple):
    """What one number stands beside."""

    #: What it is, as a sentence goes on: "than the week before".
    text: str
    #: Its days.
    days: str
    #: None: the site was not counting yet.
    sum: Pair | None


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
        year = _("the same week a year before") if is_week else _("the year before")
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

"""The report as a workbook: a sheet for each part, with charts that the spreadsheet draws."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from stats_service.models.traffic.history import TopArticle, share_of_change
from stats_service.services.formats import readable
from stats_service.services.notices.reports.numbers import RatedKey, ReportNumbers
from stats_service.services.portability.workbook import Cell, Column, Drawing, Table
from stats_service.web.admin.traffic.report_words import Beside, choice, question, reason
from stats_service.web.pages.charts import chart, happened_by_point, point_begin
from stats_service.web.pages.reader_names import value_name

#: A row of a sheet.
Row = tuple[Cell, ...]


def sheets(
    report: ReportNumbers, title: str, besides: tuple[Beside, Beside], notes: Sequence[str]
) -> list[Table]:
    """Return the sheets that have anything to say.

    Args:
        report: the numbers.
        title: of the report, and of its first sheet.
        besides: what the numbers stand beside.
        notes: whose numbers, of which days, until when.
    """
    noted = [*notes, *(_("Before: %(days)s", days=f"{b.days} ({b.text})") for b in besides)]
    made = (
        _overview(report, title, noted),
        _by_day(report, noted),
        _changed(report, noted),
        _sources(report, noted),
        _most_read(report, noted),
        _documents(report, notes),
        _polls(report, notes),
        _rated(report, notes),
        _ignored(report, notes),
    )
    return [table for table in made if table.rows]


def _overview(report: ReportNumbers, title: str, notes: Sequence[str]) -> Table:
    rows: list[Row] = []
    for metric, name in (("visits", _("Visits")), ("views", _("Views"))):
        now = report.total.of(metric)
        before = report.before.of(metric) if report.before else None
        year = report.year.of(metric) if report.year else None
        rows.append((name, now, before, _growth(now, before), year, _growth(now, year)))
    if report.ratings:
        given, former = report.ratings.all.count, report.ratings.before
        before = former.count if former else None
        rows.append((_("Ratings"), given, before, _growth(given, before), None, None))
    return Table(
        title,
        (
            Column("what", _("What"), "text"),
            Column("now", _("These days")),
            Column("before", _("Before")),
            Column("change", _("Change"), "share"),
            Column("year", _("The year before")),
            Column("change_year", _("Change"), "share"),
        ),
        rows,
        notes,
        drawing=Drawing("bar", ("what", "now", "before")),
    )


def _by_day(report: ReportNumbers, notes: Sequence[str]) -> Table:
    headline = report.site.headline
    happened = happened_by_point(chart(report.series, headline, report.marks))
    rows = [
        (
            point.name,
            point.now.visits,
            point.now.views,
            point.before.of(headline) if point.before else None,
            happened.get(at),
        )
        for at, point in enumerate(report.points)
    ]
    before = _("Visits before") if headline == "visits" else _("Views before")
    return Table(
        _("By day"),
        (
            Column("day", _("Day"), "day", point_begin),
            Column("visits", _("Visits"), summed=True),
            Column("views", _("Views"), summed=True),
            Column("before", before, summed=True, in_book=report.series.is_compared),
            Column("happened", _("What happened"), "text", in_book=bool(happened)),
        ),
        rows,
        notes,
        _("Total"),
        Drawing("line", ("day", "visits", "views", "before")),
    )


def _changed(report: ReportNumbers, notes: Sequence[str]) -> Table:
    articles = (*report.articles.risen, *report.articles.fallen)
    return Table(
        _("Rose and fell most"),
        (
            *_article(articles),
            Column("views", _("Views")),
            Column("before", _("Before")),
            Column("change", _("Difference")),
        ),
        [(a.key, a.title, a.views, a.before, a.gain) for a in articles],
        notes,
        drawing=Drawing("bar", ("article", "views", "before")),
    )


def _sources(report: ReportNumbers, notes: Sequence[str]) -> Table:
    rows: list[Row] = []
    for one in (*report.sources_up, *report.sources_down):
        known = one.visits is not None and one.before is not None
        name = value_name("source", one.value)
        rows.append((name, one.visits, one.before, one.gain if known else None))
    return Table(
        _("Sources that gained or lost"),
        (
            Column("source", _("Sources"), "text"),
            Column("visits", _("Visits")),
            Column("before", _("Before")),
            Column("change", _("Difference")),
        ),
        rows,
        notes,
        drawing=Drawing("bar", ("source", "visits", "before")),
    )


def _most_read(report: ReportNumbers, notes: Sequence[str]) -> Table:
    return Table(
        _("Most read"),
        (
            *_article(report.articles.most),
            Column("views", _("Views")),
            Column("before", _("Before"), in_book=report.articles.is_compared),
        ),
        [(a.key, a.title, a.views, a.before) for a in report.articles.most],
        notes,
        drawing=Drawing("bar", ("article", "views")),
    )


def _documents(report: ReportNumbers, notes: Sequence[str]) -> Table:
    return Table(
        _("Most downloaded"),
        (Column("document", _("Document"), "text", readable), Column("clicks", _("Downloads"))),
        [(one.name, one.clicks) for one in report.documents],
        notes,
        drawing=Drawing("bar", ("document", "clicks")),
    )


def _polls(report: ReportNumbers, notes: Sequence[str]) -> Table:
    zone = ZoneInfo(report.site.timezone)
    rows: list[Row] = []
    for one in report.polls:
        # Without its zone: a spreadsheet knows none.
        ended = datetime.fromtimestamp(one.ended, UTC).astimezone(zone).replace(tzinfo=None)
        rows.append((question(one.poll), ended, None, one.ballots, None))
        rows += [
            (None, None, choice(one.poll, part.id), part.votes, part.percent / 100)
            for part in one.choices
        ]
    return Table(
        _("Polls that ended"),
        (
            Column("poll", _("Question"), "text"),
            Column("ended", _("Closed"), "hour"),
            Column("choice", _("Answers"), "text"),
            Column("votes", _("Votes")),
            Column("share", _("Share"), "share"),
        ),
        rows,
        notes,
    )


def _rated(report: ReportNumbers, notes: Sequence[str]) -> Table:
    articles = report.ratings.articles if report.ratings else ()
    return Table(
        _("Most rated"),
        (
            *_article(articles),
            Column("ratings", _("Ratings")),
            Column("average", _("Average"), "score"),
        ),
        [(one.key, one.title, one.rating.count, one.rating.average) for one in articles],
        notes,
        drawing=Drawing("bar", ("article", "average")),
    )


def _ignored(report: ReportNumbers, notes: Sequence[str]) -> Table:
    return Table(
        _("Not counted, and why"),
        (
            Column("reason", _("Reason"), "text"),
            Column("views", _("Views")),
            Column("share", _("Share"), "share"),
        ),
        list(_reasons(report)),
        notes,
        drawing=Drawing("bar", ("reason", "views")),
    )


def _reasons(report: ReportNumbers) -> Iterator[Row]:
    if report.shortfall:
        for row in report.shortfall.ignored:
            yield reason(row.reason), row.n, row.share
        for part in report.shortfall.parts:
            yield f"{_('Counted in part')}: {reason(part.reason)}", part.n, None


def _article(articles: Sequence[TopArticle | RatedKey]) -> tuple[Column, Column]:
    """Return the columns of an article: its key, and its title if any has one."""
    return (
        Column("article", _("Article"), "text", readable),
        Column("title", _("Title"), "text", in_book=any(one.title for one in articles)),
    )


def _growth(now: int, before: int | None) -> float | None:
    return None if before is None else share_of_change(now, before)

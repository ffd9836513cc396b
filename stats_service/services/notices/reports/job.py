"""Send each report once, when its week or month is over."""

from collections.abc import Iterator

from stats_service.errors import ConfigurationError
from stats_service.models.notices import Report
from stats_service.models.sites import Site
from stats_service.services.notices.mail import Mail, Mailer
from stats_service.services.notices.notices import NoticeBook
from stats_service.services.notices.outgoing import DeliveryError
from stats_service.services.notices.reports.numbers import period, read_numbers
from stats_service.services.notices.reports.render import render
from stats_service.services.sites.sites import Sites
from stats_service.services.tick_outcome import Outcome, of_one
from stats_service.services.traffic.history import History
from stats_service.services.traffic.top_articles import TopArticles
from stats_service.store.operations.ticks import TickStore


class ReportJob:
    """Sends reports by e-mail."""

    def __init__(
        self,
        store: TickStore,
        mailer: Mailer,
        book: NoticeBook,
        sites: Sites,
        history: History,
        top_articles: TopArticles,
        base_url: str,
    ) -> None:
        self._store = store
        self._mailer = mailer
        self._book = book
        self._sites = sites
        self._history = history
        self._top_articles = top_articles
        self._base_url = base_url

    def run(self, now: float) -> Iterator[Outcome]:
        """Send what is due: from six in the morning after the period, in the site's zone.

        A report that was just added waits for the end of the running period.
        """
        for site in self._sites.all():
            yield from of_one(site.slug, self._of_site(site, now))

    def _of_site(self, site: Site, now: float) -> Iterator[Outcome]:
        for report in self._book.get(site.slug).reports:
            note = f"{site.slug}:{report.id}:report"
            due, known = period(report.every, site, now)[0].isoformat(), self._store.last(note)
            if due == known:
                continue
            try:
                if known:
                    self._send(site, report, now)
                    yield Outcome(f"{site.slug}: sent the report {report.id}.")
                self._store.note(note, due)
            except DeliveryError as error:
                yield Outcome(f"{site.slug}: report {report.id}: {error}", failed=True)

    def _send(self, site: Site, report: Report, now: float) -> None:
        """Send, and note what became of it."""
        try:
            self._mailer.send(self.mail(site, report, now), now)
        except (DeliveryError, ConfigurationError) as error:
            self._book.delivered(site.slug, report.id, "report", now, str(error))
            raise
        self._book.delivered(site.slug, report.id, "report", now)

    @property
    def can_send(self) -> bool:
        """Tell whether a mail server is configured."""
        try:
            self._mailer.check()
        except ConfigurationError:
            return False
        return True

    def send_again(self, slug: str, notice: str, now: float) -> None:
        """Send one of the site's reports at once, to try it; errors as `send_now`."""
        self._send(self._sites.get(slug), self._book.report(slug, notice), now)

    def mail(self, site: Site, report: Report, now: float) -> Mail:
        """Return the e-mail of a report of the last period."""
        numbers = read_numbers(self._history, self._top_articles, site, report.every, now)
        return render(numbers, report, self._base_url)

    def send_now(self, slug: str, report: Report, now: float) -> None:
        """Send a report of the last period at once, to try it.

        Raises:
            ConfigurationError: no mail server is configured.
            DeliveryError: the server did not take it.
        """
        self._mailer.check()
        self._mailer.send(self.mail(self._sites.get(slug), report, now), now)

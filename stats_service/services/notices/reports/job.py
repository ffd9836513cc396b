"""Send each report once, when its week or month has ended."""

import time
from collections.abc import Callable, Iterator

from stats_service.errors import ConfigurationError, InvalidInputError
from stats_service.models.notices import ASKED, Delivery, Report
from stats_service.models.sites import Site
from stats_service.services.notices.mail import Mail, Mailer, MailServerError
from stats_service.services.notices.notices import NoticeBook
from stats_service.services.notices.outgoing import DeliveryError
from stats_service.services.notices.reports.numbers import FROM_HOUR, ReportReader, period
from stats_service.services.notices.reports.render import render, render_ask
from stats_service.services.sites.emblems import Emblems
from stats_service.services.sites.sites import Sites
from stats_service.services.tick_outcome import Outcome, isolated
from stats_service.store.operations.ticks import TickStore

#: Seconds after which a run starts no report of another site; the next run sends those.
RUN_SECONDS = 60.0


class ReportJob:
    """Sends reports by e-mail."""

    def __init__(
        self,
        store: TickStore,
        mailer: Mailer,
        book: NoticeBook,
        sites: Sites,
        emblems: Emblems,
        reader: ReportReader,
        base_url: str,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._mailer = mailer
        self._book = book
        self._sites = sites
        self._emblems = emblems
        self._reader = reader
        self._base_url = base_url
        self._timer = timer

    def run(self, now: float) -> Iterator[Outcome]:
        """Send the reports that are due: from six on the morning after the period, in site time.

        A report that was just added is first sent at the end of the current period.
        """
        begun = self._timer()
        for site in self._sites.all():
            try:
                yield from isolated(site.slug, self._of_site(site, now), MailServerError)
            except MailServerError as error:
                # The reports of other sites would fail in the same way, and take as long.
                yield Outcome(f"{site.slug}: {error} All reports wait.", failed=True)
                return
            if self._timer() - begun >= RUN_SECONDS:
                yield Outcome("Reports took all their time; the next run sends the others.")
                return

    def _of_site(self, site: Site, now: float) -> Iterator[Outcome]:
        reports = self._book.get(site.slug).reports
        known_deliveries = self._book.deliveries(site.slug) if reports else {}
        for report in reports:
            last = known_deliveries.get(report.id, Delivery())
            if now < last.next_at:
                continue
            if not self._book.agreed(site.slug, report):
                if last.what != ASKED or last.error:
                    yield from self._asked(site, report, now)
                continue
            note = f"{site.slug}:{report.id}:report"
            due = period(report.every, site, now, FROM_HOUR).first.isoformat()
            known = self._store.last(note)
            if due == known:
                continue
            try:
                if known:
                    self._send(site, report, now)
                    yield Outcome(f"{site.slug}: sent the report {report.id}.")
                self._store.note(note, due)
            except MailServerError:
                raise
            except DeliveryError as error:
                yield Outcome(f"{site.slug}: report {report.id}: {error}", failed=True)

    def _asked(self, site: Site, report: Report, now: float) -> Iterator[Outcome]:
        try:
            self._ask(site, report, now)
        except MailServerError:
            raise
        except (DeliveryError, InvalidInputError) as error:
            # A recipient who was asked often enough today waits until tomorrow; that is no failure.
            failed = isinstance(error, DeliveryError)
            yield Outcome(f"{site.slug}: report {report.id}: {error}", failed=failed)
        else:
            yield Outcome(f"{site.slug}: asked whether the report {report.id} is wanted.")

    def _ask(self, site: Site, report: Report, now: float) -> None:
        """Ask the recipient for agreement, and record the delivery."""
        try:
            self._mailer.check()
            self._book.count_ask(site.slug, report, now)
            try:
                self._mailer.send(render_ask(site, report, self._link(site, report)), now)
            except DeliveryError:
                self._book.forget_ask(report)
                raise
        except (DeliveryError, ConfigurationError, InvalidInputError) as error:
            self._book.delivered(site.slug, report.id, ASKED, now, error)
            raise
        self._book.delivered(site.slug, report.id, ASKED, now)

    def _link(self, site: Site, report: Report) -> str:
        token = self._book.link_token(site.slug, report)
        return f"{self._base_url}/s/{site.slug}/reports/{report.id}/{token}"

    def _send(self, site: Site, report: Report, now: float) -> None:
        """Send the report, and record the delivery."""
        try:
            self._mailer.send(self.mail(site, report, now), now)
        except (DeliveryError, ConfigurationError) as error:
            self._book.delivered(site.slug, report.id, "report", now, error)
            raise
        self._book.delivered(site.slug, report.id, "report", now)

    @property
    def can_send(self) -> bool:
        """Return whether a mail server is configured."""
        try:
            self._mailer.check()
        except ConfigurationError:
            return False
        return True

    def send_again(self, slug: str, notice: str, now: float) -> None:
        """Send one of the site's reports at once, or ask its recipient for agreement.

        Errors as in `send_now`.

        Raises:
            InvalidInputError: the recipient may not be asked again now.
        """
        site, report = self._sites.get(slug), self._book.report(slug, notice)
        if self._book.agreed(slug, report):
            self._send(site, report, now)
        else:
            self._ask(site, report, now)

    def mail(self, site: Site, report: Report, now: float) -> Mail:
        """Return the e-mail of a report of the last period."""
        span = period(report.every, site, now, FROM_HOUR)
        numbers = self._reader.read(site, report.every, span, now, report.language)
        recipient = self._link(site, report) if report.id else ""
        return render(numbers, report, self._base_url, recipient, self._emblems.data(site))

    def send_now(self, slug: str, report: Report, now: float) -> None:
        """Send a report of the last period at once, as a trial.

        Raises:
            ConfigurationError: no mail server is configured.
            DeliveryError: the server refused the message.
        """
        self._mailer.check()
        self._mailer.send(self.mail(self._sites.get(slug), report, now), now)

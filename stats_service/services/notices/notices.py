"""Who is told what: reports by e-mail and webhooks of a site."""

import hmac
import re
import secrets

import msgspec

from stats_service.errors import InvalidInputError, NotFoundError
from stats_service.models.audit import Author
from stats_service.models.notices import EVENTS, Delivery, Notices, Report, Webhook
from stats_service.services.accounts.audit import entry_of
from stats_service.services.notices.outgoing import check_url, url_host
from stats_service.services.sites.sites import Sites
from stats_service.store.notices import NoticeStore

#: Most reports, and most webhooks, of one site.
NOTICES_MAX = 20
SILENT_HOURS_MAX = 168

_ID = re.compile(r"[0-9a-f]{8}")
#: One address as SMTP takes it without quoting: no spaces, no list, no line break.
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


class NoticeBook:
    """What the people of each site want to be told."""

    def __init__(
        self,
        store: NoticeStore,
        sites: Sites,
        secret: str,
        allowed_hosts: tuple[str, ...],
    ) -> None:
        self._store = store
        self._sites = sites
        self._secret = secret
        self._allowed_hosts = allowed_hosts

    def get(self, slug: str) -> Notices:
        """Return what is wanted of a site; UnknownSiteError if there is none."""
        return self._store.get(self._sites.get(slug).slug)

    def add_report(
        self, slug: str, address: str, every: str, language: str, who: str, now: float
    ) -> Report:
        """Send a report to `address` from now on.

        Raises:
            InvalidInputError: naming what cannot be used.
        """
        report = Report(id=secrets.token_hex(4), address=address, every=every, language=language)
        _check_report(report)

        def add(known: Notices) -> Notices:
            _check_number(known.reports)
            return msgspec.structs.replace(known, reports=(*known.reports, report))

        entry = entry_of(Author(who, now), "report.added", report.id, after=report)
        self._store.change(self._sites.get(slug).slug, add, entry)
        return report

    def add_webhook(
        self, slug: str, url: str, events: tuple[str, ...], silent_hours: int, who: str, now: float
    ) -> Webhook:
        """Call `url` for `events` from now on; errors as `add_report`."""
        check_url(url, self._allowed_hosts)
        webhook = Webhook(
            id=secrets.token_hex(4),
            url=url,
            events=tuple(dict.fromkeys(events)) or EVENTS,
            silent_hours=silent_hours,
        )
        _check_webhook(webhook)

        def add(known: Notices) -> Notices:
            _check_number(known.webhooks)
            return msgspec.structs.replace(known, webhooks=(*known.webhooks, webhook))

        entry = entry_of(Author(who, now), "webhook.added", webhook.id, after=webhook)
        self._store.change(self._sites.get(slug).slug, add, entry)
        return webhook

    def remove(self, slug: str, notice: str, who: str, now: float) -> None:
        """Send no more of a report or webhook; NotFoundError if there is none."""

        def without(known: Notices) -> Notices:
            left = Notices(
                reports=tuple(report for report in known.reports if report.id != notice),
                webhooks=tuple(webhook for webhook in known.webhooks if webhook.id != notice),
            )
            if left == known:
                raise self.unknown(slug, notice)
            return left

        entry = entry_of(Author(who, now), "notice.removed", notice)
        self._store.change(self._sites.get(slug).slug, without, entry)
        self._store.note(slug, notice, None)

    def report(self, slug: str, notice: str) -> Report:
        """Return a report; NotFoundError if there is none."""
        for report in self.get(slug).reports:
            if report.id == notice:
                return report
        raise self.unknown(slug, notice)

    def webhook(self, slug: str, notice: str) -> Webhook:
        """Return a webhook; NotFoundError if there is none."""
        for webhook in self.get(slug).webhooks:
            if webhook.id == notice:
                return webhook
        raise self.unknown(slug, notice)

    def deliveries(self, slug: str) -> dict[str, Delivery]:
        """Return what became of each report and webhook last, by its id."""
        return self._store.deliveries(slug)

    def delivered(self, slug: str, notice: str, what: str, now: float, error: str = "") -> None:
        """Note what became of a report or webhook; `error` is empty if it was taken."""
        self._store.note(slug, notice, Delivery(at=now, what=what, error=error))

    @staticmethod
    def unknown(slug: str, notice: str) -> NotFoundError:
        """Return the error that says that there is no such report or webhook."""
        return NotFoundError(
            "The site {slug!r} has no report or webhook {notice!r}.", slug=slug, notice=notice[:40]
        )

    def signing_key(self, slug: str, webhook: str) -> str:
        """Return what a webhook's calls are signed with; it is stored nowhere."""
        message = f"webhook\0{slug}\0{webhook}".encode()
        return hmac.digest(self._secret.encode(), message, "sha256").hex()


def check_notices(notices: Notices) -> None:
    """Return if these could have been added here; InvalidInputError names what could not.

    Whether a webhook may be called is asked when it is called: that is the installation's.
    """
    if max(len(notices.reports), len(notices.webhooks)) > NOTICES_MAX:
        raise InvalidInputError(
            "notices: a site has at most {notices_max} of these.", notices_max=NOTICES_MAX
        )
    ids = [report.id for report in notices.reports] + [hook.id for hook in notices.webhooks]
    for one in ids:
        if not _ID.fullmatch(one):
            raise InvalidInputError("id {one!r}: use 8 hexadecimal digits.", one=one[:40])
    for report in notices.reports:
        _check_report(report)
    for webhook in notices.webhooks:
        check_url(webhook.url, (url_host(webhook.url),))
        _check_webhook(webhook)


def _check_report(report: Report) -> None:
    if not _ADDRESS.fullmatch(report.address):
        raise InvalidInputError(
            "address {address!r}: write it as name@example.vn.", address=report.address[:80]
        )
    if report.every not in ("week", "month"):
        raise InvalidInputError("every {every!r}: use 'week' or 'month'.", every=report.every[:40])
    if report.language not in ("vi", "en"):
        raise InvalidInputError(
            "language {language!r}: use 'vi' or 'en'.", language=report.language[:40]
        )


def _check_webhook(webhook: Webhook) -> None:
    for event in webhook.events:
        if event not in EVENTS:
            raise InvalidInputError(
                "event {event!r}: use {events}.", event=event[:40], events=", ".join(EVENTS)
            )
    if not 1 <= webhook.silent_hours <= SILENT_HOURS_MAX:
        raise InvalidInputError(
            "silent hours {silent_hours}: use 1 to {silent_hours_max}.",
            silent_hours=webhook.silent_hours,
            silent_hours_max=SILENT_HOURS_MAX,
        )


def _check_number(notices: tuple[object, ...]) -> None:
    if len(notices) >= NOTICES_MAX:
        raise InvalidInputError(
            "notices: a site has at most {notices_max} of these: remove one first.",
            notices_max=NOTICES_MAX,
        )

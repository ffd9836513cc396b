"""The reports by e-mail and the webhooks of a site."""

import hmac
import re
import secrets
from base64 import b64encode
from datetime import UTC, datetime

import msgspec

from stats_service.errors import InvalidInputError, NotFoundError, StatsError
from stats_service.models.audit import Author
from stats_service.models.notices import EVENTS, Delivery, Notices, Report, Webhook
from stats_service.services.accounts.audit import entry_of
from stats_service.services.notices.outgoing import check_url, url_host
from stats_service.services.sites.sites import Sites
from stats_service.store.notices import ASKS_OF_ADDRESS, NoticeStore

#: Most reports, and most webhooks, of one site.
NOTICES_MAX = 20
SILENT_HOURS_MAX = 168
#: How many recipients a site may ask for agreement in a day.
ASKS_A_DAY = 40
#: Seconds for which a recipient who declined is not asked again.
DECLINED_SECONDS = 365 * 86_400
#: The author of agreements and refusals in the audit log.
RECIPIENT = "recipient"
#: Pause after the first failure: a little less than the five minutes between two ticks. It doubles
#: with each further failure, up to six hours.
PAUSE_SECONDS = 240.0
PAUSE_MAX_SECONDS = 6 * 3600.0

_ID = re.compile(r"[0-9a-f]{8}")
#: An address that SMTP takes without quoting: no spaces, no list, no line break.
_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+")


class NoticeBook:
    """The reports and webhooks of every site."""

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
        """Return the reports and webhooks of a site; UnknownSiteError if it does not exist."""
        return self._store.get(self._sites.get(slug).slug)

    def add_report(
        self, slug: str, address: str, every: str, language: str, who: str, now: float
    ) -> Report:
        """Add a report to `address`, which is sent once the recipient has agreed.

        Raises:
            InvalidInputError: names the value that is not valid.
        """
        report = Report(
            id=secrets.token_hex(4), address=address, every=every, language=language, by=who
        )
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
        """Add a webhook that calls `url` for `events` from now on; errors as in `add_report`."""
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
        """Remove a report or webhook; NotFoundError if it does not exist."""

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
        """Return a report; NotFoundError if it does not exist."""
        for report in self.get(slug).reports:
            if report.id == notice:
                return report
        raise self.unknown(slug, notice)

    def webhook(self, slug: str, notice: str) -> Webhook:
        """Return a webhook; NotFoundError if it does not exist."""
        for webhook in self.get(slug).webhooks:
            if webhook.id == notice:
                return webhook
        raise self.unknown(slug, notice)

    def agreed(self, slug: str, report: Report) -> bool:
        """Return whether the recipient of a report has agreed to it."""
        return hmac.compare_digest(report.agreed.encode(), self._proof(slug, report).encode())

    def count_ask(self, slug: str, report: Report, now: float) -> None:
        """Count that the recipient is asked for agreement now.

        Raises:
            InvalidInputError: the address was asked often enough today or has declined, or the site
                has asked enough recipients today.
        """
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        if not self._store.count_ask(slug, self._digest(report), day, ASKS_A_DAY):
            raise InvalidInputError(
                "{address} is not asked now: an address is asked {asks} times a day at most, not "
                "at all if it declined, and a site asks at most {asks_a_day} people a day.",
                address=report.address,
                asks=ASKS_OF_ADDRESS,
                asks_a_day=ASKS_A_DAY,
            )

    def forget_ask(self, report: Report) -> None:
        """Undo `count_ask` for a mail that could not be sent."""
        self._store.take_back_ask(self._digest(report))

    def link_token(self, slug: str, report: Report) -> str:
        """Return the signature of the links in a recipient's mails."""
        return self._mac("recipient", slug, report.id, report.address).hex()[:40]

    def recipient(self, slug: str, notice: str, token: str) -> Report:
        """Return the report that a link in a mail belongs to; NotFoundError if there is none."""
        report = self.report(slug, notice)
        if not hmac.compare_digest(token.encode(), self.link_token(slug, report).encode()):
            raise self.unknown(slug, notice)
        return report

    def agree(self, slug: str, notice: str, token: str, now: float) -> None:
        """Record that the recipient agreed by the link in a mail; errors as in `recipient`."""
        agreed = self.recipient(slug, notice, token)
        proof = self._proof(slug, agreed)

        def with_proof(known: Notices) -> Notices:
            reports = tuple(
                msgspec.structs.replace(report, agreed=proof) if report == agreed else report
                for report in known.reports
            )
            return msgspec.structs.replace(known, reports=reports)

        if not self.agreed(slug, agreed):
            entry = entry_of(Author(RECIPIENT, now), "report.agreed", notice)
            self._store.change(slug, with_proof, entry)

    def decline(self, slug: str, notice: str, token: str, now: float) -> None:
        """Remove a report because its recipient declined it; errors as in `recipient`.

        A recipient who had never agreed is not asked again for a year.
        """
        report = self.recipient(slug, notice, token)
        if not self.agreed(slug, report):
            self._store.spare(self._digest(report), DECLINED_SECONDS)
        self.remove(slug, notice, RECIPIENT, now)

    def _proof(self, slug: str, report: Report) -> str:
        return self._mac("agreed", slug, report.id, report.address).hex()[:40]

    def _digest(self, report: Report) -> str:
        return self._mac("asked", report.address.lower()).hex()[:32]

    def deliveries(self, slug: str) -> dict[str, Delivery]:
        """Return the last delivery of each report and webhook, by its id."""
        return self._store.deliveries(slug)

    def delivered(
        self, slug: str, notice: str, what: str, now: float, error: StatsError | None = None
    ) -> None:
        """Record a delivery; after an error, a pause follows before the next attempt."""
        before = self._store.deliveries(slug).get(notice, Delivery())
        last = Delivery(at=now, what=what, waiting=before.waiting, missed=before.missed)
        if error:
            failures = before.failures + 1
            last = msgspec.structs.replace(
                last,
                error=str(error),
                message=error.message,
                values={name: _kept(value) for name, value in error.values.items()},
                code=error.code,
                failures=failures,
                next_at=now + pause_seconds(failures),
            )
        self._store.note(slug, notice, last)

    def note(self, slug: str, notice: str, delivery: Delivery) -> None:
        """Store the last delivery of a report or webhook."""
        self._store.note(slug, notice, delivery)

    @staticmethod
    def unknown(slug: str, notice: str) -> NotFoundError:
        """Return the error for a report or webhook that does not exist."""
        return NotFoundError(
            "The site {slug!r} has no report or webhook {notice!r}.", slug=slug, notice=notice[:40]
        )

    def signing_key(self, slug: str, webhook: str) -> str:
        """Return the signing key of a webhook, `whsec_…`; it is derived and stored nowhere."""
        key = self._mac("webhook", slug, webhook)
        return "whsec_" + b64encode(key).decode()

    def _mac(self, *parts: str) -> bytes:
        return hmac.digest(self._secret.encode(), "\0".join(parts).encode(), "sha256")


def pause_seconds(failures: int) -> float:
    """Return the pause after so many failures in a row, in seconds."""
    return min(PAUSE_SECONDS * 2.0 ** min(failures - 1, 20), PAUSE_MAX_SECONDS)


def check_notices(notices: Notices) -> None:
    """Return if `notices` could have been added here; InvalidInputError names what could not.

    A webhook's host is checked at each call, because the settings of the installation decide it.
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


def _kept(value: object) -> int | float | str:
    return value if isinstance(value, int | float | str) else str(value)

"""Reports by e-mail and webhooks of a site: who is told what, and what became of it.

An editor adds and ends reports of her own; all else is the owner's.
"""

from threading import BoundedSemaphore

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import ConfigurationError, ConflictError, InvalidInputError
from stats_service.models.accounts import LANGUAGES
from stats_service.models.notices import EVENTS, Delivery, Notices
from stats_service.services.notices.outgoing import DeliveryError
from stats_service.services.operations.health import tick_is_late
from stats_service.web.admin.access import access, account, site, who
from stats_service.web.http.context import services
from stats_service.web.pages.messages import explain, explained

bp = Blueprint("notices", __name__, url_prefix="/sites/<slug>/notices")

#: A receiver that never answers keeps a thread that everybody needs for ten seconds.
_one_at_a_time = BoundedSemaphore(1)

Page = str | tuple[str, int] | Response


@bp.get("")
@access("editor")
def index() -> str:
    """List the reports and webhooks, with what became of each last."""
    return _page()


@bp.post("/reports")
@access("editor")
def add_report() -> Page:
    """Send a report to somebody from now on."""
    form = request.form
    try:
        added = services().notices.notices.add_report(
            site().slug,
            form.get("address", "").strip(),
            form.get("every", ""),
            form.get("language", ""),
            who(),
            services().clock.now(),
        )
    except (InvalidInputError, ConflictError) as error:
        return _page(error=explain(error)), error.status
    flash(
        _(
            "The report is added. The recipient is asked by e-mail to accept it; then it leaves at "
            "the end of each week or month."
        ),
        "good",
    )
    if services().notices.reports.can_send and _one_at_a_time.acquire(blocking=False):
        try:
            services().notices.reports.send_again(site().slug, added.id, services().clock.now())
        except (DeliveryError, ConfigurationError, InvalidInputError) as error:
            flash(explain(error), "error")  # the regular work tries again
        finally:
            _one_at_a_time.release()
    return _back()


@bp.post("/webhooks")
@access("owner")
def add_webhook() -> Page:
    """Call an address from now on, and show the key of its calls, this once."""
    form = request.form
    hours = form.get("silent_hours", "").strip()
    try:
        events = tuple(form.getlist("event"))
        if not events:
            raise InvalidInputError("event: choose at least one.")
        if not (hours.isascii() and hours.isdigit() and len(hours) < 6):
            raise InvalidInputError("silent hours {hours!r}: use a whole number.", hours=hours[:40])
        made = services().notices.notices.add_webhook(
            site().slug, form.get("url", "").strip(), events, int(hours), who(), _now()
        )
    except (InvalidInputError, ConflictError) as error:
        return _page(error=explain(error)), error.status
    return _page(fresh=services().notices.notices.signing_key(site().slug, made.id))


@bp.post("/<notice>/try")
@access("editor")
def try_out(notice: str) -> Response:
    """Send a report, or a webhook's test, at once."""
    _check_own(notice)
    if not _one_at_a_time.acquire(blocking=False):
        flash(_("Another test is under way. Wait until it ends, then try again."), "error")
        return _back()
    try:
        _try_out(notice)
    finally:
        _one_at_a_time.release()
    return _back()


def _try_out(notice: str) -> None:
    slug, book = site().slug, services().notices.notices
    try:
        if any(report.id == notice for report in book.get(slug).reports):
            services().notices.reports.send_again(slug, notice, _now())
        else:
            services().notices.webhooks.test(slug, notice, _now())
    except (DeliveryError, ConfigurationError, InvalidInputError) as error:
        flash(explain(error), "error")
    else:
        flash(_("Sent, and accepted by the other side."), "good")
    services().accounts.audit.record(slug, who(), "notice.tried", _now(), subject=notice)


@bp.post("/<notice>/remove")
@access("editor")
def remove(notice: str) -> Response:
    """Send no more of a report or webhook."""
    _check_own(notice)
    services().notices.notices.remove(site().slug, notice, who(), _now())
    flash(_("Nothing more will be sent there."), "good")
    return _back()


def event_names() -> dict[str, str]:
    """Return what may happen, as people say it."""
    return {
        "peak": _("More readers online than ever before"),
        "burst": _("A burst of ballots from few networks waits for review"),
        "silent": _("No view for some hours"),
        "test": _("Test"),
        "report": _("Report"),
        "ask": _("Question whether the report is wanted"),
    }


def _may_see_all() -> bool:
    """Tell whether somebody sees all reports, and the webhooks (their addresses are keys)."""
    return account().may("owner", site().slug)


def _check_own(notice: str) -> None:
    """Refuse what an editor did not add, as if there were none."""
    book, slug = services().notices.notices, site().slug
    if not _may_see_all() and book.report(slug, notice).by != who():
        raise book.unknown(slug, notice)


def _failure(delivery: Delivery) -> str:
    """Return why something was not taken, in the reader's language."""
    if not delivery.message:  # noted by an earlier version
        return delivery.error
    return explained(delivery.message, delivery.values, delivery.code)


def _now() -> float:
    return services().clock.now()


def _back() -> Response:
    return redirect(url_for("admin.notices.index", slug=site().slug))


def _page(error: str = "", fresh: str = "") -> str:
    ticked = services().operations.ticks.last_run()
    book, slug = services().notices.notices, site().slug
    notices, may_see_all = book.get(slug), _may_see_all()
    if not may_see_all:
        notices = Notices(reports=tuple(one for one in notices.reports if one.by == who()))
    return render_template(
        "admin/notices.html",
        may_see_all=may_see_all,
        error=error,
        fresh=fresh,
        values=request.form,
        notices=notices,
        agreed={report.id for report in notices.reports if book.agreed(slug, report)},
        deliveries=book.deliveries(slug),
        now=_now(),
        failure=_failure,
        can_send=services().notices.reports.can_send,
        ticked=ticked,
        tick_is_late=tick_is_late(ticked, _now()),
        demo=services().settings.demo,
        events=EVENTS,
        names=event_names(),
        languages=LANGUAGES,
    )

"""Reports by e-mail and webhooks of a site: who is told what, and what became of it."""

from threading import BoundedSemaphore

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import ConfigurationError, ConflictError, InvalidInputError
from stats_service.models.accounts import LANGUAGES
from stats_service.models.notices import EVENTS
from stats_service.services.notices.outgoing import DeliveryError
from stats_service.services.operations.health import tick_is_late
from stats_service.web.admin.access import access, site, who
from stats_service.web.http.context import services
from stats_service.web.pages.messages import explain

bp = Blueprint("notices", __name__, url_prefix="/sites/<slug>/notices")

#: A receiver that never answers keeps a thread that everybody needs for ten seconds.
_one_at_a_time = BoundedSemaphore(1)

Page = str | tuple[str, int] | Response


@bp.get("")
@access("owner")
def index() -> str:
    """List the reports and webhooks, with what became of each last."""
    return _page()


@bp.post("/reports")
@access("owner")
def add_report() -> Page:
    """Send a report to somebody from now on."""
    form = request.form
    try:
        services().notices.add_report(
            site().slug,
            form.get("address", "").strip(),
            form.get("every", ""),
            form.get("language", ""),
            who(),
            services().clock.now(),
        )
    except (InvalidInputError, ConflictError) as error:
        return _page(error=explain(error)), error.status
    flash(_("The report is added. It leaves at the end of the running week or month."), "good")
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
        made = services().notices.add_webhook(
            site().slug, form.get("url", "").strip(), events, int(hours), who(), _now()
        )
    except (InvalidInputError, ConflictError) as error:
        return _page(error=explain(error)), error.status
    return _page(fresh=services().notices.signing_key(site().slug, made.id))


@bp.post("/<notice>/try")
@access("owner")
def try_out(notice: str) -> Response:
    """Send a report, or a webhook's test, at once."""
    if not _one_at_a_time.acquire(blocking=False):
        flash(_("Another test is under way. Wait until it ends, then try again."), "error")
        return _back()
    try:
        _try_out(notice)
    finally:
        _one_at_a_time.release()
    return _back()


def _try_out(notice: str) -> None:
    slug, book = site().slug, services().notices
    try:
        if any(report.id == notice for report in book.get(slug).reports):
            services().reports.send_again(slug, notice, _now())
        else:
            services().webhooks.test(slug, notice, _now())
    except (DeliveryError, ConfigurationError, InvalidInputError) as error:
        flash(explain(error), "error")
    else:
        flash(_("It was sent, and the other side took it."), "good")
    services().audit.record(slug, who(), "notice.tried", _now(), subject=notice)


@bp.post("/<notice>/remove")
@access("owner")
def remove(notice: str) -> Response:
    """Send no more of a report or webhook."""
    services().notices.remove(site().slug, notice, who(), _now())
    flash(_("Nothing more is sent there."), "good")
    return _back()


def event_names() -> dict[str, str]:
    """Return what may happen, as people say it."""
    return {
        "peak": _("More readers online than ever before"),
        "burst": _("A burst of ballots from few networks waits for review"),
        "silent": _("No view for some hours"),
        "test": _("Test"),
        "report": _("Report"),
    }


def _now() -> float:
    return services().clock.now()


def _back() -> Response:
    return redirect(url_for("admin.notices.index", slug=site().slug))


def _page(error: str = "", fresh: str = "") -> str:
    ticked = services().ticks.last_run()
    return render_template(
        "admin/notices.html",
        error=error,
        fresh=fresh,
        values=request.form,
        notices=services().notices.get(site().slug),
        deliveries=services().notices.deliveries(site().slug),
        can_send=services().reports.can_send,
        ticked=ticked,
        tick_is_late=tick_is_late(ticked, _now()),
        demo=services().settings.demo,
        events=EVENTS,
        names=event_names(),
        languages=LANGUAGES,
    )

"""The second factor of the own account: set up, switched on and off, recovery codes."""

import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from stats_service.errors import StatsError
from stats_service.web.admin.access import access, account, person
from stats_service.web.http.context import services
from stats_service.web.http.request import request_address
from stats_service.web.pages.messages import code_error, password_error

bp = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")

Page = str | tuple[str, int] | Response

#: Where the cookie of the browser that sets it up keeps the seed, which is no secret.
SEED = "seed"


@bp.post("")
@access("signed-in")
def begin() -> Page:
    """Begin to set it up; the password shows that it is the account's owner who does."""
    try:
        services().accounts.sign_in.confirm(
            person(),
            request.form.get("password", ""),
            request_address(),
            services().clock.now(),
        )
    except StatsError as error:
        return _refused(error)
    session[SEED] = services().accounts.second_factor.new_seed()
    return redirect(url_for("admin.second_factor.show"))


@bp.get("")
@access("signed-in")
def show() -> Page:
    """Show what the phone takes in."""
    if account().second_factor or SEED not in session:
        return redirect(url_for("admin.own_account.show"))
    return _setup_page()


@bp.post("/on")
@access("signed-in")
def enable() -> Page:
    """Switch it on if the phone shows the right code; show the recovery codes, this once."""
    if account().second_factor or SEED not in session:
        return redirect(url_for("admin.own_account.show"))
    try:
        codes = services().accounts.second_factor.enable(
            account().name,
            session[SEED],
            request.form.get("code", ""),
            services().clock.now(),
            person().session,
        )
    except StatsError as error:
        if error.status >= 500:
            raise
        return _setup_page(code_error(error)), error.status
    session.pop(SEED)
    return render_template("admin/recovery_codes.html", codes=codes, fresh=True)


@bp.post("/off")
@access("signed-in")
def disable() -> Page:
    """Switch it off, with password and code."""
    try:
        _confirm()
        services().accounts.second_factor.disable(
            account().name, account().name, services().clock.now(), person().session
        )
    except StatsError as error:
        return _refused(error)
    flash(_("Two-step sign-in is switched off. You were signed out everywhere else."), "good")
    return redirect(url_for("admin.own_account.show"))


@bp.post("/recovery-codes")
@access("signed-in")
def new_codes() -> Page:
    """Show new recovery codes in place of the old ones, with password and code."""
    try:
        _confirm()
        codes = services().accounts.second_factor.new_codes(account().name, services().clock.now())
    except StatsError as error:
        return _refused(error)
    flash(_("These codes take the place of the former ones."), "good")
    return render_template("admin/recovery_codes.html", codes=codes)


def _confirm() -> None:
    services().accounts.sign_in.confirm_both(
        person(),
        request.form.get("password", ""),
        request.form.get("code", ""),
        request_address(),
        services().clock.now(),
    )


def _refused(error: StatsError) -> Response:
    if error.status >= 500:
        raise error
    flash(code_error(error) if "code" in request.form else password_error(error), "error")
    return redirect(url_for("admin.own_account.show"))


def _setup_page(error: str = "") -> str:
    enrolment = services().accounts.second_factor.enrolment(account().name, session[SEED])
    return render_template(
        "admin/second_factor.html",
        secret=enrolment.secret,
        picture=_qr_code(enrolment.uri),
        error=error,
    )


def _qr_code(text: str) -> Markup:
    """Return a QR code as SVG: black on white, whatever the colours of the page."""
    code = segno.make(text, micro=False)
    # Made of squares and of nothing that anybody wrote.
    return Markup(code.svg_inline(omitsize=True, light="#fff", border=3))  # noqa: S704

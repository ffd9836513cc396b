"""Signing in and out, and the one-time links."""

from flask import (
    Blueprint,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from flask_babel import ngettext, refresh
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from stats_service.errors import StatsError
from stats_service.models.devices import Refusals
from stats_service.services.accounts.sign_in import NewSession
from stats_service.web.admin.access import User, access, account, load_user, local_path
from stats_service.web.admin.accounts import device_cookie
from stats_service.web.admin.accounts.own_account import THEME
from stats_service.web.http.context import services
from stats_service.web.pages.languages import LANGUAGE
from stats_service.web.pages.messages import code_error, explain

bp = Blueprint("sign_in", __name__)

#: Where the cookie keeps the id of a session that waits for its code.
PENDING = "half"
#: Refused passwords, since the sign-in before, of which its owner is told.
REFUSED_TOLD = 10

Page = str | tuple[str, int] | Response


@bp.get("/sign-in")
@access("public")
def form() -> Page:
    """Ask for name and password."""
    target = local_path(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(target or url_for("admin.overview.show"))
    return render_template("admin/sign_in.html", next=target)


@bp.post("/sign-in")
@access("public")
def sign_in() -> Page:
    """Begin a session."""
    name = request.form.get("name", "").strip().lower()
    target = local_path(request.form.get("next"))
    try:
        new_session = services().accounts.sign_in.sign_in(
            name, request.form.get("password", ""), device_cookie.caller(), services().clock.now()
        )
    except StatsError as error:
        if error.status >= 500:
            raise
        page = render_template("admin/sign_in.html", next=target, name=name, error=explain(error))
        return _refused(page, error)
    return _go_on(new_session, target)


@bp.get("/sign-in/code")
@access("public")
def code_form() -> Page:
    """Ask for the code that follows the password."""
    name = services().accounts.sign_in.pending(session.get(PENDING, ""), services().clock.now())
    if name is None:
        return redirect(url_for("admin.sign_in.form"))
    return render_template("admin/code.html", next=local_path(request.args.get("next")))


@bp.post("/sign-in/code")
@access("public")
def give_code() -> Page:
    """Take the code, and begin the session."""
    target = local_path(request.form.get("next"))
    try:
        new_session = services().accounts.sign_in.give_code(
            session.get(PENDING, ""),
            request.form.get("code", ""),
            device_cookie.caller(),
            services().clock.now(),
        )
    except StatsError as error:
        if error.status >= 500:
            raise
        return _refused(
            render_template("admin/code.html", next=target, error=code_error(error)), error
        )
    return _go_on(new_session, target)


@bp.post("/sign-out")
@access("signed-in")
def sign_out() -> Page:
    """End this session, here and on the server."""
    services().accounts.sign_in.sign_out(current_user.session_id, account().name)
    logout_user()
    _forget()
    flash(_("You are signed out."), "good")
    return redirect(url_for("admin.sign_in.form"))


@bp.get("/link/<secret>")
@access("public")
def link(secret: str) -> Page:
    """Ask for the new password that a one-time link allows."""
    owner = services().accounts.sign_in.link(secret)
    return render_template("admin/link.html", owner=owner)


@bp.post("/link/<secret>")
@access("public")
def use_link(secret: str) -> Page:
    """Set the password, and begin a session."""
    owner = services().accounts.sign_in.link(secret)
    name = request.form.get("name", "").strip().lower()
    password, again = request.form.get("password", ""), request.form.get("again", "")
    if password != again:
        return render_template("admin/link.html", owner=owner, name=name, differ=True), 400
    try:
        new_session = services().accounts.sign_in.use_link(
            secret, name, password, device_cookie.caller(), services().clock.now()
        )
    except StatsError as error:
        if error.status >= 500:
            raise
        page = render_template("admin/link.html", owner=owner, name=name, error=explain(error))
        return page, error.status
    answer = _go_on(new_session)
    flash(_("The password is set. You were signed out everywhere else."), "good")
    return answer


def _go_on(new_session: NewSession, target: str = "") -> Response:
    """Keep the session in the cookie, and lead to the code or to where the person wanted to go."""
    user = None if new_session.second_factor_pending else load_user(new_session.session)
    _forget()
    if new_session.second_factor_pending:
        session[PENDING] = new_session.session
        return redirect(url_for("admin.sign_in.code_form", next=target or None))
    if isinstance(user, User):
        login_user(user)
        refresh()  # to the language of the account
        _tell_of(new_session.refusals)
    response = redirect(target or url_for("admin.overview.show"))
    device_cookie.set_cookie(response, new_session.device)
    return response


def _tell_of(refusals: Refusals) -> None:
    """Tell the owner of an account what strangers tried since the sign-in before."""
    if refusals.codes:
        text = ngettext(
            "Since your last sign-in, %(num)d wrong code was entered after your right password. If "
            "that was not you, somebody knows the password: change it now.",
            "Since your last sign-in, %(num)d wrong codes were entered after your right password. "
            "If that was not you, somebody knows the password: change it now.",
            refusals.codes,
        )
        flash(text, "error")
    refused = refusals.passwords + refusals.unseen
    if refused >= REFUSED_TOLD:
        text = ngettext(
            "Since your last sign-in, %(num)d attempt to guess your password was refused.",
            "Since your last sign-in, %(num)d attempts to guess your password were refused.",
            refused,
        )
        flash(text, "warn")


def _refused(page: str, error: StatsError) -> Response:
    response = make_response(page, error.status)
    if error.retry_after:
        response.headers["Retry-After"] = f"{error.retry_after:.0f}"
    return response


def _forget() -> None:
    """Empty the cookie but for the reader's preferences: no CSRF token outlives a session."""
    kept = {name: session[name] for name in (LANGUAGE, THEME) if name in session}
    session.clear()
    session.update(kept)

"""Signing in and out, and the one-time links."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response

from stats_service.errors import StatsError
from stats_service.services.accounts.sign_in import Begun
from stats_service.web.admin.access import (
    User,
    access,
    account,
    load_user,
    local_path,
    peer_address,
)
from stats_service.web.admin.accounts.own_account import THEME
from stats_service.web.http.context import services
from stats_service.web.pages.languages import LANGUAGE
from stats_service.web.pages.messages import code_error, explain

bp = Blueprint("sign_in", __name__)

#: Where the cookie keeps the id of a session that waits for its code.
HALF = "half"

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
        begun = services().sign_in.sign_in(
            name, request.form.get("password", ""), peer_address(), services().clock.now()
        )
    except StatsError as error:
        if error.status >= 500:
            raise
        page = render_template("admin/sign_in.html", next=target, name=name, error=explain(error))
        return page, error.status
    return _go_on(begun, target)


@bp.get("/sign-in/code")
@access("public")
def code_form() -> Page:
    """Ask for the code that follows the password."""
    name = services().sign_in.half(session.get(HALF, ""), services().clock.now())
    if name is None:
        return redirect(url_for("admin.sign_in.form"))
    return render_template("admin/code.html", next=local_path(request.args.get("next")))


@bp.post("/sign-in/code")
@access("public")
def give_code() -> Page:
    """Take the code, and begin the session."""
    target = local_path(request.form.get("next"))
    try:
        session_id = services().sign_in.give_code(
            session.get(HALF, ""),
            request.form.get("code", ""),
            peer_address(),
            services().clock.now(),
        )
    except StatsError as error:
        if error.status >= 500:
            raise
        return render_template(
            "admin/code.html", next=target, error=code_error(error)
        ), error.status
    return _go_on(Begun(session_id, half=False), target)


@bp.post("/sign-out")
@access("signed-in")
def sign_out() -> Page:
    """End this session, here and on the server."""
    services().sign_in.sign_out(current_user.session_id, account().name)
    logout_user()
    _forget()
    return redirect(url_for("admin.sign_in.form"))


@bp.get("/link/<secret>")
@access("public")
def link(secret: str) -> Page:
    """Ask for the new password that a one-time link allows."""
    owner = services().sign_in.link(secret)
    return render_template("admin/link.html", owner=owner)


@bp.post("/link/<secret>")
@access("public")
def use_link(secret: str) -> Page:
    """Set the password, and begin a session."""
    owner = services().sign_in.link(secret)
    name = request.form.get("name", "").strip().lower()
    password, again = request.form.get("password", ""), request.form.get("again", "")
    if password != again:
        return render_template("admin/link.html", owner=owner, name=name, differ=True), 400
    try:
        begun = services().sign_in.use_link(secret, name, password, services().clock.now())
    except StatsError as error:
        if error.status >= 500:
            raise
        page = render_template("admin/link.html", owner=owner, name=name, error=explain(error))
        return page, error.status
    return _go_on(begun)


def _go_on(begun: Begun, target: str = "") -> Response:
    """Keep the session in the cookie, and lead to the code or to where the person wanted to go."""
    user = None if begun.half else load_user(begun.session)
    _forget()
    if begun.half:
        session[HALF] = begun.session
        return redirect(url_for("admin.sign_in.code_form", next=target or None))
    if isinstance(user, User):
        login_user(user)
    return redirect(target or url_for("admin.overview.show"))


def _forget() -> None:
    """Empty the cookie but for the reader's tastes, so that no CSRF token outlives a session."""
    kept = {name: session[name] for name in (LANGUAGE, THEME) if name in session}
    session.clear()
    session.update(kept)

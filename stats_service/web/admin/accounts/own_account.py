"""What people change about their own account: password, language, light or dark."""

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from stats_service.errors import NotFoundError, StatsError
from stats_service.models.accounts import LANGUAGES
from stats_service.web.admin.access import access, account, local_path, person
from stats_service.web.http.context import services
from stats_service.web.http.request import request_address
from stats_service.web.pages.languages import LANGUAGE
from stats_service.web.pages.messages import change_name, explain, password_error

bp = Blueprint("own_account", __name__)

#: Where the cookie keeps the choice between light and dark.
THEME = "theme"
THEMES = ("", "light", "dark")


@bp.get("/account")
@access("signed-in")
def show() -> str:
    """Show the own account."""
    return render_template(
        "admin/own_account.html",
        devices=services().accounts.devices.all(account().name, person().device),
        entries=services().accounts.audit.of_account(account().name),
        change_name=change_name,
    )


@bp.post("/account/password")
@access("signed-in")
def set_password() -> Response:
    """Change the own password; every other session ends."""
    now = services().clock.now()
    fresh = request.form.get("password", "")
    if fresh != request.form.get("again", ""):
        flash(_("The two new passwords differ. Nothing was changed."), "error")
        return redirect(url_for("admin.own_account.show"))
    try:
        services().accounts.sign_in.confirm(
            person(), request.form.get("old", ""), request_address(), now
        )
        services().accounts.accounts.set_password(
            account().name,
            fresh,
            account().name,
            now,
            keep_session=person().session,
            keep_device=person().device,
        )
    except StatsError as error:
        flash(password_error(error), "error")
    else:
        flash(_("The password is changed. You were signed out everywhere else."), "good")
    return redirect(url_for("admin.own_account.show"))


@bp.post("/account/sign-out-others")
@access("signed-in")
def sign_out_others() -> Response:
    """End every other session of the account."""
    services().accounts.sign_in.sign_out_others(account().name, person().session)
    flash(_("You are signed out everywhere else."), "good")
    return redirect(url_for("admin.own_account.show"))


@bp.post("/account/devices/<device>/confirm")
@access("signed-in")
def confirm_device(device: str) -> Response:
    """Note that the owner knows a device."""
    try:
        services().accounts.devices.confirm(
            account().name, device, person().device, services().clock.now()
        )
    except NotFoundError as error:
        flash(explain(error), "error")
    else:
        flash(_("Noted: the device is yours."), "good")
    return redirect(local_path(request.form.get("next")) or url_for("admin.own_account.show"))


@bp.post("/account/devices/<device>/remove")
@access("signed-in")
def remove_device(device: str) -> Response:
    """Take a device away, and end its sessions."""
    try:
        services().accounts.devices.remove(
            account().name, device, person().device, services().clock.now()
        )
    except NotFoundError as error:
        flash(explain(error), "error")
    else:
        flash(
            _(
                "The device is signed out and forgotten. If it was not yours, somebody knows your "
                "password: change it now."
            ),
            "good",
        )
    return redirect(url_for("admin.own_account.show"))


@bp.post("/preferences")
@access("public")
def preferences() -> Response:
    """Remember the language, and light or dark."""
    wanted = request.form.get("language")
    if wanted in LANGUAGES:
        session[LANGUAGE] = wanted
        if current_user.is_authenticated:
            services().accounts.accounts.set_language(account().name, wanted)
    if request.form.get("theme") in THEMES:
        session[THEME] = request.form["theme"]
    return redirect(local_path(request.form.get("next")) or url_for("admin.overview.show"))

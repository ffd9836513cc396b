"""Accounts: the operator's list of all, and the people of one site."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError, StatsError
from stats_service.models.accounts import ROLES
from stats_service.services.accounts.accounts import (
    operator_revision,
    rights_revision,
    role_revision,
)
from stats_service.web.admin.access import access, site, who
from stats_service.web.admin.revisions import given_revision, refused_in_a_line
from stats_service.web.http.context import services
from stats_service.web.pages.messages import explain, role_name

bp = Blueprint("accounts", __name__)

Page = str | tuple[str, int] | Response


@bp.get("/accounts")
@access("operator")
def index() -> str:
    """List every account."""
    return render_template(
        "admin/accounts.html",
        accounts=services().accounts.accounts.all(),
        role_name=role_name,
        rights_revision=rights_revision,
        operator_revision=operator_revision,
    )


@bp.post("/accounts")
@access("operator")
def create() -> Page:
    """Create an account, and show the one-time link with which its owner sets the password."""
    name = request.form.get("name", "").strip().lower()
    now = services().clock.now()
    try:
        services().accounts.accounts.add(
            name, "", who(), now, operator=request.form.get("operator") == "yes"
        )
    except (InvalidInputError, ConflictError) as error:
        flash(explain(error), "error")
        return redirect(url_for("admin.accounts.index"))
    flash(_("The account %(name)s is made.", name=name), "good")
    return _link_page(name)


@bp.post("/accounts/<name>/link")
@access("operator")
def make_link(name: str) -> Page:
    """Show a new one-time link."""
    return _link_page(name)


@bp.post("/accounts/<name>/operator")
@access("operator")
def set_operator(name: str) -> Response:
    """Make an operator, or an ordinary account again."""
    operator = request.form.get("operator") == "yes"
    try:
        services().accounts.accounts.set_operator(
            name, who(), services().clock.now(), operator=operator, revision=given_revision()
        )
    except ConflictError as error:
        flash(refused_in_a_line(error), "error")
    else:
        flash(
            _("%(name)s is an operator now.", name=name)
            if operator
            else _("%(name)s is an operator no longer.", name=name),
            "good",
        )
    return redirect(url_for("admin.accounts.index"))


@bp.post("/accounts/<name>/remove")
@access("operator")
def remove(name: str) -> Response:
    """Forget an account."""
    try:
        services().accounts.accounts.remove(name, who(), services().clock.now(), given_revision())
    except ConflictError as error:
        flash(refused_in_a_line(error), "error")
    else:
        flash(_("The account %(name)s is removed.", name=name), "good")
    return redirect(url_for("admin.accounts.index"))


@bp.get("/sites/<slug>/people")
@access("owner")
def people() -> str:
    """List who has a role on a site."""
    return render_template(
        "admin/people.html",
        people=services().accounts.accounts.of_site(site().slug),
        roles=ROLES,
        role_name=role_name,
        role_revision=role_revision,
    )


@bp.post("/sites/<slug>/people")
@access("owner")
def set_role() -> Response:
    """Give an account a role on a site, or take it away."""
    name = request.form.get("name", "").strip().lower()
    role = request.form.get("role", "")
    try:
        services().accounts.accounts.set_role(
            name, site().slug, role, who(), services().clock.now(), given_revision()
        )
    except NotFoundError:
        flash(_("There is no account of this name. The operator makes accounts."), "error")
    except (InvalidInputError, ConflictError) as error:
        flash(refused_in_a_line(error), "error")
    else:
        flash(_("The roles are changed."), "good")
    return redirect(url_for("admin.accounts.people", slug=site().slug))


def _link_page(name: str) -> Page:
    try:
        secret = services().accounts.sign_in.make_link(name, who(), services().clock.now())
    except StatsError as error:
        flash(explain(error), "error")
        return redirect(url_for("admin.accounts.index"))
    url = services().settings.base_url + url_for("admin.sign_in.link", secret=secret)
    return render_template("admin/link_made.html", name=name, url=url)

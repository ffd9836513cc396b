"""Settings of a site, and its opening balances with their history."""

from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError
from stats_service.web.admin.access import access, peer_address, site, who
from stats_service.web.admin.messages import change_name, explain
from stats_service.web.context import services

bp = Blueprint("settings", __name__, url_prefix="/sites/<slug>/settings")

#: Fields that are one number, and how they are grouped on the page.
NUMBERS = ("article_cap", "identity_cap", "view_ceiling", "rating_scale")
BALANCES = ("opening_visits", "opening_views")
LISTS = ("hosts", "excluded", "article_parameters")


@bp.get("")
@access("owner")
def show() -> str:
    """Show the settings."""
    return _page({name: getattr(site(), name) for name in site().__struct_fields__})


@bp.post("")
@access("owner")
def save() -> str | tuple[str, int] | Response:
    """Change settings; nothing is changed if one of them cannot be used."""
    try:
        changes = _changes()
        changed = services().sites.edit(site().slug, **changes)
    except (InvalidInputError, ConflictError) as error:
        values = {name: getattr(site(), name) for name in site().__struct_fields__}
        values |= {k: v for k, v in request.form.items() if k in values and k not in LISTS}
        values |= {name: request.form[name].splitlines() for name in LISTS if name in request.form}
        return _page(values, error=explain(error)), error.status
    what = "opening.set" if set(changes) & set(BALANCES) else "site.changed"
    services().audit.record_change(
        site().slug, who(), what, services().clock.now(), before=site(), after=changed
    )
    flash(_("The settings are saved. Every page knows within a few seconds."), "good")
    return redirect(url_for("admin.settings.show", slug=site().slug))


@bp.post("/exclude-me")
@access("owner")
def exclude_me() -> Response:
    """Leave the reader's own address out of the counts."""
    excluded = (*site().excluded, peer_address())
    changed = services().sites.edit(site().slug, excluded=excluded)
    services().audit.record_change(
        site().slug, who(), "site.changed", services().clock.now(), before=site(), after=changed
    )
    flash(_("Views from your address are not counted any more."), "good")
    return redirect(url_for("admin.settings.show", slug=site().slug))


def _changes() -> dict[str, Any]:
    """Return the settings that the form holds; each card of the page sends its own."""
    form = request.form
    changes: dict[str, Any] = {
        name: form[name] for name in ("name", "timezone", "headline", "opening_day") if name in form
    }
    if "public" in form:
        changes["public"] = form["public"] == "yes"
    for name in LISTS:
        if name in form:
            changes[name] = tuple(form[name].split())
    for name in (*NUMBERS, *BALANCES):
        if name in form:
            changes[name] = _whole_number(name, form[name])
    return changes


def _whole_number(name: str, text: str) -> int:
    digits = "".join(c for c in text if not c.isspace() and c not in ".,")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise InvalidInputError(f"{name} {text[:40]!r}: use a whole number.")
    return int(digits)


def _page(values: dict[str, Any], error: str = "") -> str:
    balances = [
        entry for entry in services().audit.newest(site().slug, 200) if entry.what == "opening.set"
    ]
    return render_template(
        "admin/settings.html",
        values=values,
        error=error,
        timezones=sorted(available_timezones()),
        balances=balances,
        change_name=change_name,
    )

"""Settings of a site, and its opening balances with their history."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError, StaleError
from stats_service.models.audit import Author
from stats_service.models.clicks import KINDS
from stats_service.models.traffic.readers import ALL_GROUPS, GROUPS
from stats_service.services.accounts.audit import BALANCES
from stats_service.services.periods import moment_of
from stats_service.services.pictures.picture_files import FILE_MAX_BYTES
from stats_service.services.sites.sites import RATED_TYPES, settings_revision
from stats_service.services.traffic.opening_balances import balance_revision
from stats_service.services.traffic.spans import DAY
from stats_service.services.visitors.addresses import canonical_network, in_networks
from stats_service.services.visitors.hosts import canonical_host
from stats_service.web.admin.access import access, read_site_anew, site, who
from stats_service.web.admin.revisions import given_revision, refused
from stats_service.web.http.context import services
from stats_service.web.http.request import request_address
from stats_service.web.pages.click_names import kind_names
from stats_service.web.pages.field_names import VALUE_NAMES
from stats_service.web.pages.messages import change_name, explained
from stats_service.web.pages.ranges import today_of
from stats_service.web.pages.reader_names import group_names
from stats_service.web.pages.title_names import trouble_names

bp = Blueprint("settings", __name__, url_prefix="/sites/<slug>/settings")

#: Fields that are one number, and how they are grouped on the page.
NUMBERS = (
    "article_cap",
    "identity_cap",
    "view_ceiling",
    "token_ceiling",
    "rating_ceiling",
    "rating_scale",
)
TEXTS = (
    *("name", "timezone", "language", "headline", "opening_day", "rated_type", "rated_name"),
    *("titles", "titles_feed"),
)
#: Most balances of articles, and most changes of balances, on the page.
BALANCES_MAX = 100
LISTS = ("hosts", "excluded", "article_parameters")


@bp.get("")
@access("owner")
def show() -> str:
    """Show the settings."""
    return _page(_values())


@bp.post("")
@access("owner")
def save() -> str | tuple[str, int] | Response:
    """Change settings; nothing is changed if one of them cannot be used."""
    try:
        changes = _changes()
        services().sites.sites.edit(site().slug, _author(), given_revision(), **changes)
    except (InvalidInputError, ConflictError) as error:
        read_site_anew()
        values = _values()
        values |= {k: v for k, v in request.form.items() if k in values and k not in LISTS}
        values |= {name: request.form[name].splitlines() for name in LISTS if name in request.form}
        return _page(values, error=refused(error)), error.status
    flash(_("The settings are saved. Every page knows within a few seconds."), "good")
    return redirect(url_for("admin.settings.show", slug=site().slug))


@bp.post("/emblem")
@access("owner")
def put_emblem() -> str | tuple[str, int] | Response:
    """Give the site an emblem."""
    file = request.files.get("emblem")
    data = file.stream.read(FILE_MAX_BYTES + 1) if file else b""
    try:
        services().sites.emblems.put(site().slug, data, _author(), given_revision())
    except (InvalidInputError, ConflictError) as error:
        read_site_anew()
        return _page(_values(), error=refused(error)), error.status
    flash(_("The emblem is saved."), "good")
    return redirect(url_for("admin.settings.show", slug=site().slug, _anchor="emblem-title"))


@bp.post("/emblem/remove")
@access("owner")
def remove_emblem() -> str | tuple[str, int] | Response:
    """Take the site's emblem away."""
    try:
        services().sites.emblems.remove(site().slug, _author(), given_revision())
    except ConflictError as error:
        read_site_anew()
        return _page(_values(), error=refused(error)), error.status
    flash(_("The emblem is taken away."), "good")
    return redirect(url_for("admin.settings.show", slug=site().slug, _anchor="emblem-title"))


@bp.post("/exclude-me")
@access("owner")
def exclude_me() -> Response:
    """Leave the reader's own address out of the counts, or count it again."""
    reader = canonical_network(request_address())
    others = tuple(network for network in site().excluded if network != reader)
    again = request.form.get("do") == "count"
    excluded = others if again else (*others, reader)
    services().sites.sites.edit(site().slug, _author(), excluded=excluded)
    if again:
        flash(_("Views from your address are counted again."), "good")
    else:
        flash(_("Views from your address are not counted any more."), "good")
    return redirect(url_for("admin.settings.show", slug=site().slug, _anchor="excluded-title"))


@bp.post("/hosts")
@access("owner")
def add_host() -> Response:
    """Add a host from which views have come."""
    slug, back = site().slug, url_for("admin.traffic.show", slug=site().slug)
    try:
        host = canonical_host(request.form.get("host", ""))
        hosts = (*(known for known in site().hosts if known != host), host)
        services().sites.sites.edit(slug, _author(), hosts=hosts)
    except InvalidInputError as error:
        flash(refused(error), "error")
        return redirect(back)
    flash(
        _("%(host)s is a host of the site now. Its pages count within seconds.", host=host), "good"
    )
    return redirect(back)


@bp.post("/opening")
@access("owner")
def set_article_opening() -> str | tuple[str, int] | Response:
    """Set what an article had before it came here."""
    form, now = request.form, services().clock.now()
    try:
        views = _whole_number("opening_views", form.get("article_views", ""))
        services().traffic.opening_balances.set(
            site(), form.get("article", "").strip(), views, who(), now, given_revision()
        )
    except (InvalidInputError, ConflictError) as error:
        standing = error.revision if isinstance(error, StaleError) else given_revision()
        page = _page(_values(), error=refused(error), opening_revision=standing, balance=form)
        return page, error.status
    flash(_("The opening balance of the article is set."), "good")
    return redirect(url_for("admin.settings.show", slug=site().slug, _anchor="balance-title"))


@bp.post("/records")
@access("owner")
def correct_records() -> str | tuple[str, int] | Response:
    """Correct the most visitors at once, or work out the busiest days anew."""
    form = request.form
    try:
        if form.get("do") == "days":
            changed = services().traffic.records.recount_days(site(), _author())
        else:
            peak, at = _whole_number("peak", form.get("peak", "")), None
            if form.get("peak_at", "").strip():
                at = _moment(form["peak_at"])
            changed = services().traffic.records.set_peak(site(), peak, at, _author())
    except InvalidInputError as error:
        return _page(_values(), error=refused(error)), error.status
    if changed:
        flash(_("The records are corrected. The change is in the log."), "good")
    else:
        flash(_("The records are right already. Nothing was changed."), "good")
    return redirect(url_for("admin.settings.show", slug=site().slug, _anchor="records-title"))


@bp.post("/erase")
@access("operator")
def erase() -> Response:
    """Erase the site for ever, if its short name was typed."""
    slug = site().slug
    if request.form.get("slug", "").strip() != slug:
        flash(_("The short name that you typed is another one. Nothing was changed."), "error")
        return redirect(url_for("admin.settings.show", slug=slug, _anchor="erase-title"))
    services().sites.erasure.erase(slug, who(), services().clock.now())
    flash(
        _("The site %(slug)s has been erased, with everything counted for it.", slug=slug), "good"
    )
    return redirect(url_for("admin.overview.show"))


def _author() -> Author:
    return Author(who(), services().clock.now())


def _changes() -> dict[str, Any]:
    """Return the settings that the form holds; each card of the page sends its own."""
    form = request.form
    changes: dict[str, Any] = {name: form[name] for name in TEXTS if name in form}
    if "public" in form:
        changes["public"] = form["public"] == "yes"
        changes["public_articles"] = "public_articles" in form
        changes["public_documents"] = "public_documents" in form
    if "readers" in form:
        changes["readers_off"] = (
            (ALL_GROUPS,)
            if form["readers"] == "none"
            else tuple(group for group in GROUPS if group not in form.getlist("readers_counted"))
        )
        changes["readers_public"] = tuple(form.getlist("readers_public"))
    if "clicks" in form:
        counted = form.getlist("clicks_counted")
        changes["clicks_everywhere"] = form["clicks"] == "everywhere"
        changes["clicks_off"] = tuple(kind for kind in KINDS if kind not in counted)
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
        raise InvalidInputError("{field} {text!r}: use a whole number.", field=name, text=text[:40])
    return int(digits)


def _moment(text: str) -> float:
    try:
        return moment_of(text, site().timezone)
    except ValueError as error:
        raise InvalidInputError("peak_at: use a date and a time.") from error


def _values() -> dict[str, Any]:
    return {name: getattr(site(), name) for name in site().__struct_fields__}


def _page(
    values: dict[str, Any],
    error: str = "",
    *,
    opening_revision: str = "",
    balance: Mapping[str, str] = MappingProxyType({}),
) -> str:
    balances = services().accounts.audit.newest_of(site().slug, "opening.set", BALANCES_MAX)
    openings, openings_number = services().traffic.opening_balances.largest(site(), BALANCES_MAX)
    today, address = today_of(site()), request_address()
    return render_template(
        "admin/settings.html",
        address=address,
        is_excluded=in_networks(address, site().excluded),
        is_excluded_alone=bool(address) and canonical_network(address) in site().excluded,
        today=today.isoformat(),
        pages=[_page_of(host) for host in site().hosts],
        private=services().traffic.history.shortfall(site(), today - 27 * DAY, today).private,
        values=values,
        revision_of=partial(settings_revision, site()),
        # An article has no balance yet, as far as whoever opens the page knows.
        opening_revision=opening_revision or balance_revision(0),
        balance=balance,
        error=error,
        emblem_megabytes=FILE_MAX_BYTES // 10**6,
        timezones=sorted(available_timezones()),
        rated_types=RATED_TYPES,
        reader_groups=group_names(),
        click_kinds=kind_names(),
        knows_countries=services().settings.country_db is not None,
        titles=services().traffic.titles.counts(site()),
        titles_reading=(reading := services().traffic.titles.reading(site())),
        titles_message=_explained(reading.message, reading.values),
        feed_message=_explained(reading.feed_message, reading.feed_values),
        titles_read_here=services().settings.titles,
        trouble_names=trouble_names(),
        title_sources=VALUE_NAMES["titles"],
        balances=balances,
        counts=services().traffic.views.counts(site(), services().clock.now()),
        openings=openings,
        openings_number=openings_number,
        change_name=change_name,
    )


def _explained(message: str, values: Mapping[str, object]) -> str:
    return explained(message, values, "") if message else ""


def _page_of(host: str) -> tuple[str, str]:
    """Return a host, and where its pages begin."""
    name = host.partition(":")[0]
    local = name == "localhost" or ":" in host
    return host, f"{'http' if local else 'https'}://{host}/"

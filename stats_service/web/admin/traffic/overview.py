"""All sites at a glance, and a new site."""

import re
from collections.abc import Mapping

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError, StatsError
from stats_service.models.operations.overview import Alarm
from stats_service.models.sites import DEFAULT_TIMEZONE, Site
from stats_service.models.traffic.history import Pair
from stats_service.services.accounts.audit import BALANCES
from stats_service.services.operations.overview import TREND_DAYS
from stats_service.services.periods import day_of
from stats_service.services.portability.legacy.exports.cells import BadCell, whole
from stats_service.services.sites.sites import slug_of_name
from stats_service.services.sites.systems import SYSTEMS, parameters_of
from stats_service.web.admin import frame
from stats_service.web.admin.access import access, account, who
from stats_service.web.http.context import services
from stats_service.web.pages.charts import sparkline
from stats_service.web.pages.languages import number
from stats_service.web.pages.messages import explain

bp = Blueprint("overview", __name__)

#: From this many sites on there is a field to find one.
FILTER_FROM = 8


@bp.get("/")
@access("signed-in")
def show() -> str:
    """Show every site that the account may see."""
    sites = frame.sites_of(account())
    overviews = services().operations.overview.of_sites(sites, services().clock.now())
    rows = list(zip(sites, overviews, strict=True))
    return render_template(
        "admin/overview.html",
        rows=rows,
        everything={
            "online": sum(shown.online for shown in overviews),
            "today": sum((shown.today for shown in overviews), Pair()),
            "yesterday": sum((shown.yesterday for shown in overviews), Pair()),
        },
        service_alarms=services().operations.overview.of_installation()
        if account().operator
        else [],
        alarm_text=alarm_text,
        sparkline=sparkline,
        trend_days=TREND_DAYS,
        filtered=len(rows) >= FILTER_FROM,
    )


@bp.get("/sites/new")
@access("operator")
def new() -> str:
    """Ask for the settings of a new site."""
    return _new_site_form({})


@bp.post("/sites/new")
@access("operator")
def create() -> str | tuple[str, int] | Response:
    """Add a site."""
    form, today = request.form, _today()
    try:
        visits, views = (_balance(name, form.get(name, "")) for name in BALANCES)
        wanted = Site(
            slug=form.get("slug", "").strip().lower() or slug_of_name(form.get("name", "")),
            name=form.get("name", ""),
            hosts=tuple(form.get("hosts", "").split()),
            timezone=DEFAULT_TIMEZONE,
            article_parameters=parameters_of(form.get("system", "")),
            opening_visits=visits,
            opening_views=views,
            opening_day=form.get("opening_day", "") or (today if visits or views else ""),
        )
        added = services().sites.sites.add(wanted, services().clock.now())
    except (InvalidInputError, ConflictError) as error:
        return _new_site_form(form, error), error.status
    services().accounts.audit.record_added_site(who(), services().clock.now(), added)
    flash(_("The site is added. Put its snippet into the portal's pages next."), "good")
    return redirect(url_for("admin.install.show", slug=added.slug))


def _new_site_form(values: Mapping[str, str], error: StatsError | None = None) -> str:
    return render_template(
        "admin/new_site.html",
        values=values,
        systems=SYSTEMS,
        today=_today(),
        error=explain(error) if error else "",
        error_field=_field_of(error) if error else "",
    )


def _field_of(error: StatsError) -> str:
    """Return the field of the form that an error is about; empty: it is about none."""
    if isinstance(error, ConflictError):
        return "slug"
    name = str(error.values.get("field") or re.split(r"\W", error.message)[0])
    name = "hosts" if name == "host" else name
    return name if name in ("name", "slug", "hosts", "opening_day", *BALANCES) else ""


def _balance(name: str, text: str) -> int:
    """Return a number as the former counter shows it: 1.814.165, or nothing."""
    try:
        return whole(text)
    except BadCell as error:
        raise InvalidInputError(
            "{field} {text!r}: use a whole number.", field=name, text=text[:40]
        ) from error


def _today() -> str:
    return day_of(services().clock.now(), DEFAULT_TIMEZONE)


@bp.get("/<path:_rest>")
@access("signed-in")
def nowhere(_rest: str) -> Response:
    """Say that there is no such page."""
    abort(404)


def alarm_text(alarm: Alarm) -> str:
    """Return what to tell a person of an alarm."""
    n = number(alarm.n)
    texts: dict[str, str] = {
        "silent": _("No view for %(n)s hours. Is the snippet still in the portal's pages?", n=n),
        "hosts": _("%(n)s views came from hosts that are not the site's.", n=n),
        "ceiling": _("%(n)s views were refused: too many from one address.", n=n),
        "articles": _(
            "All %(n)s articles are taken: new ones take the place of those that hardly anybody "
            "read. Raise the cap in the settings.",
            n=n,
        ),
        "visits": ngettext(
            "%(n)s views made no visit: one address sent more new readers in half an hour than it "
            "may. Is it a school, an office, a carrier? Then raise the cap in the settings.",
            "%(n)s views made no visit: %(addresses)s addresses sent more new readers in half an "
            "hour than they may. Are these schools, offices, a carrier? Then raise the cap in the "
            "settings.",
            alarm.of,
            n=n,
            addresses=number(alarm.of),
        ),
        "visits-proxy": _(
            "%(n)s views made no visit: their readers seem to come from %(addresses)s addresses. "
            "Is STATS_TRUSTED_PROXIES right?",
            n=n,
            addresses=number(alarm.of),
        ),
        "visits-48": _(
            "%(n)s views made no visit: too many new readers came from one IPv6 network (/48). Is "
            "it a carrier's? Then raise the cap in the settings.",
            n=n,
        ),
        "unnamed": _(
            "%(n)s views are in no article's number: more new articles were named than the site "
            "keeps apart. Does somebody invent addresses, or does the portal put a changing "
            "parameter into them?",
            n=n,
        ),
        "readers": _(
            "%(n)s sources, campaigns or entry articles of visits have no name: more were named "
            "than a day keeps. Does somebody invent them?",
            n=n,
        ),
        "proxy-more": _(
            "%(n)s of %(of)s views passed more proxies than STATS_TRUSTED_PROXIES says: readers "
            "may be taken for one another.",
            n=n,
            of=number(alarm.of),
        ),
        "proxy-local": _(
            "%(n)s of %(of)s views seem to come from this machine itself: a proxy hides who reads. "
            "Is STATS_TRUSTED_PROXIES right?",
            n=n,
            of=number(alarm.of),
        ),
        "splits": _(
            "The parameter %(name)s seems to make many articles of one: %(n)s keys have it. The "
            "page of articles asks what is right.",
            name=alarm.parameter,
            n=n,
        ),
        "merges": _(
            "One article is read under many values of the parameter %(name)s, which is dropped. "
            "The page of articles asks what is right.",
            name=alarm.parameter,
        ),
        "burst": _("%(n)s ballots wait for review: a burst from few networks.", n=n),
        "network": _(
            "%(n)s ballots of a poll came from one network; check before using the result.", n=n
        ),
        "ratings": _("Ratings wait for review: a network gave more than it may in half an hour."),
        "texts": ngettext(
            "%(n)s other answer of a poll waits to be read.",
            "%(n)s other answers of a poll wait to be read.",
            alarm.n,
            n=n,
        ),
        "lost": _("%(n)s views are lost: Redis was away, and the disk could not keep them.", n=n),
        "spool-waiting": _("%(n)s views wait on the disk until Redis takes them.", n=n),
        "spool-fault": _(
            "The disk cannot keep views: they are lost while Redis is away. `stats-service check` "
            "says what to do."
        ),
        "spool-others": _(
            "%(n)s views on the disk were kept for another Redis: `stats-service spool adopt`.", n=n
        ),
        "spool-refused": _(
            "Redis refused %(n)s views; they wait on the disk. The log says why.", n=n
        ),
        "spool-damaged": _(
            "A file with kept views cannot be read and is set aside: see `stats-service check`."
        ),
        "redis": _("Redis does not answer. Views are kept on the disk meanwhile."),
        "version": _("This Redis is too old."),
        "role": _("This Redis is a replica and takes no writes."),
        "persistence": _("Redis may lose counts in a crash: its append-only file is off or fails."),
        "snapshot": _("Redis' last snapshot failed."),
        "eviction": _("Redis may throw counts away when its memory is full."),
        "writes": _("Redis takes no writes. Views are kept on the disk meanwhile."),
        "data": _("Redis has lost the data of this installation. Views are kept on the disk."),
        "vanished": _("Redis has lost sites that nobody erased. Their views are kept on the disk."),
        "older": _("Redis holds an older state: what was counted since is missing."),
        "secret": _("This service and Redis have different secrets."),
        "layout": _(
            "The data have the layout of another version of the service: see `stats-service check`."
        ),
        "host": _("The admin pages refused a browser: the proxy changes the Host."),
        "tick": _("Nothing calls the regular work: reports and webhooks wait."),
        "backup": _("No backup was made for some days."),
        "data folder": _("The data folder takes no file."),
        "memory": _("Redis' memory is nearly full."),
    }
    return texts.get(alarm.kind, alarm.text)

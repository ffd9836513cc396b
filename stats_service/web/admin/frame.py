"""What stands around every page: the menu, the sites, the reader's preferences."""

from typing import Any, cast

from flask import g, request, session
from flask_babel import gettext as _
from flask_login import current_user

from stats_service.errors import StoreUnavailableError
from stats_service.models.accounts import ROLES, Account
from stats_service.models.devices import Device
from stats_service.models.sites import Site
from stats_service.web.admin.access import account, person
from stats_service.web.admin.accounts.own_account import THEME
from stats_service.web.admin.handbook.handbook import handbook_link
from stats_service.web.http.context import services
from stats_service.web.pages.ranges import as_of

#: Entries of the menu that concern no single site.
SERVICE_PAGES = ("overview.show", "accounts.index", "audit.of_installation")


def page_context() -> dict[str, Any]:
    """Give every template what its frame shows."""
    user = current_user if current_user and current_user.is_authenticated else None
    return {
        "account": user.account if user else None,
        "sites": sites_of(user.account) if user else [],
        "site": g.get("admin_site"),
        "theme": session.get(THEME, ""),
        "new_devices": new_devices,
        "site_pages": site_pages,
        "menu_page": menu_page(),
        "as_of": lambda: as_of(g.admin_site),
        "handbook_link": handbook_link,
    }


def new_devices() -> list[Device]:
    """Return the devices of which the owner of the account has not been told."""
    try:
        return services().accounts.devices.unconfirmed(account().name, person().device)
    except StoreUnavailableError:  # a page that says so has this frame as well
        return []


def menu_page() -> str:
    """Return the endpoint in the menu that the page belongs to, or an empty text."""
    endpoint = (request.endpoint or "").removeprefix("admin.")
    noun = endpoint.partition(".")[0]
    if noun == "kiosks" or noun.startswith("poll_"):
        noun = "polls"
    noun = noun.replace("article_changes", "articles").replace("annotations", "traffic")
    listed = [page[0] for page in site_pages()] if "admin_site" in g else list(SERVICE_PAGES)
    if endpoint in listed or endpoint == "overview.nowhere":
        return endpoint
    return next((page for page in listed if page.partition(".")[0] == noun), "")


def site_pages() -> list[tuple[str, str, str, str]]:
    """Return the pages of a site: endpoint, icon, name, and the role that may see it."""
    return [
        ("traffic.show", "chart", _("Traffic"), "viewer"),
        ("report.show", "week", _("Weekly report"), "viewer"),
        ("now.show", "pulse", _("Now"), "viewer"),
        ("readers.show", "people", _("Readers"), "viewer"),
        ("clicks.show", "file", _("Documents"), "viewer"),
        ("articles.index", "pages", _("Articles"), "viewer"),
        ("polls.index", "poll", _("Polls"), "viewer"),
        ("ratings.index", "star", _("Ratings"), "viewer"),
        ("install.show", "code", _("Install"), "viewer"),
        ("settings.show", "gear", _("Settings"), "owner"),
        ("uploads.of_site", "data", _("Data"), "editor"),
        ("notices.index", "bell", _("Notices"), "editor"),
        ("accounts.people", "people", _("People"), "owner"),
        ("tokens.index", "key", _("API tokens"), "owner"),
        ("audit.of_site", "log", _("Log"), "owner"),
    ]


def sites_of(account: Account) -> list[Site]:
    """Return the sites that an account may look at, by name."""
    if "frame_sites" not in g:
        seen = (site for site in services().sites.sites.all() if account.may(ROLES[0], site.slug))
        g.frame_sites = sorted(seen, key=lambda site: (site.name.casefold(), site.slug))
    return cast("list[Site]", g.frame_sites)

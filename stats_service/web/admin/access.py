"""Who may call which admin route. A route that does not say it is refused to everybody."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

from flask import Response, abort, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user

from stats_service.errors import StoreUnavailableError
from stats_service.models.accounts import ROLES, Account
from stats_service.models.sites import Site
from stats_service.services.accounts.sign_in import SignedIn
from stats_service.web.http.context import services

View = TypeVar("View", bound=Callable[..., Any])

#: Where the browser's signed cookie keeps the id of the session.
SESSION_ID = "id"


class Access(NamedTuple):
    """What a route asks of the account."""

    #: `public`, `signed-in`, `operator`, or a role of `models.accounts.ROLES` on the site.
    level: str


class User(UserMixin):  # type: ignore[misc] # Flask-Login has no annotations
    """Somebody signed in, as Flask-Login wants it."""

    def __init__(self, person: SignedIn, session_id: str) -> None:
        self.person = person
        self.account = person.account
        self.session_id = session_id

    def get_id(self) -> str:
        """Return what the cookie keeps: the id of the session, never the account's name."""
        return self.session_id


def access(level: str) -> Callable[[View], View]:
    """Mark a route with what it asks of the account: `public`, `signed-in`, `operator`, a role."""
    if level not in ("public", "signed-in", "operator", *ROLES):
        raise ValueError(f"{level!r} is no level")

    def mark(view: View) -> View:
        view.access = Access(level)  # type: ignore[attr-defined]
        return view

    return mark


def level_of(endpoint: str) -> str | None:
    """Return the level of an endpoint, or None if it does not say."""
    if endpoint.endswith(".static"):
        return "public"
    found = getattr(current_app.view_functions[endpoint], "access", None)
    return found.level if found else None


def load_user(session_id: str) -> User | None:
    """Return who has the session, for Flask-Login.

    Everything that is shown asks this, the page that says that the store is away as well: so only
    the guard raises what it keeps here.
    """
    try:
        found = services().accounts.sign_in.signed_in(session_id, services().clock.now())
    except StoreUnavailableError as error:
        g.store_away = error
        return None
    return User(found, session_id) if found else None


class SessionManager(LoginManager):  # type: ignore[misc]
    """Flask-Login without its remember-me cookie.

    Looking after that cookie reads the session on every answer of the application, and so makes
    caches keep the API's answers apart by cookie.
    """

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


def login_manager() -> LoginManager:
    """Return a Flask-Login that asks our own sessions."""
    manager = SessionManager()
    # The session lives in Redis; binding it to an address would sign mobile readers out.
    manager.session_protection = None
    manager.user_loader(load_user)
    return manager


def account() -> Account:
    """Return the account that is signed in."""
    return cast("Account", current_user.account)


def person() -> SignedIn:
    """Return who is signed in, in which session and on which device."""
    return cast("SignedIn", current_user.person)


def who() -> str:
    """Return the name that the audit log shows."""
    return account().name


def site() -> Site:
    """Return the site that the route is about; the guard has checked the right to it."""
    return cast("Site", g.admin_site)


def read_site_anew() -> None:
    """Let `site` return the settings as they are now, which may be others than a moment ago."""
    g.admin_site = services().sites.sites.get(site().slug)


def take_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Take the site's slug out of the URL, so that routes ask `site` for it."""
    if values and "slug" in values:
        g.admin_slug = values.pop("slug")


def guard() -> Response | None:
    """Let a request through, send it to the sign-in, or refuse it."""
    level = level_of(request.endpoint or "")
    if level is None:
        abort(403)
    if level == "public":
        return None
    if not current_user.is_authenticated:
        if "store_away" in g:
            raise g.store_away
        session.pop("_user_id", None)
        if request.method != "GET":
            abort(403)
        return redirect(url_for("admin.sign_in.form", next=local_path(request.full_path)))  # type: ignore[return-value]
    slug = g.get("admin_slug")
    if slug is not None:
        # A site that the account has no part in looks like one that does not exist.
        if not account().may(ROLES[0], slug):
            abort(404)
        g.admin_site = services().sites.sites.get(slug)
    if level == "operator" and not account().operator:
        abort(403)
    if level in ROLES and not (slug is not None and account().may(level, slug)):
        abort(403)
    return None


def local_path(target: str | None) -> str:
    """Return `target` if it is a path of the admin pages, else `""`."""
    if not target or not target.startswith("/admin") or len(target) > 2000:
        return ""
    if "\\" in target or not target.isprintable() or target.startswith("//"):
        return ""
    return target.removesuffix("?")

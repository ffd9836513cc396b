"""Access of programs to routes: the token of the site, and its scope."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import Any, TypeVar, cast

from flask import Response, abort, current_app, g, request

from stats_service.errors import InvalidInputError, StatsError, StoreUnavailableError
from stats_service.models.accounts import SCOPES, Token
from stats_service.models.sites import Site
from stats_service.services.periods import day_of
from stats_service.web.api.manage.revisions import IF_MATCH
from stats_service.web.api.operation import SITE, Operation, Parameter
from stats_service.web.http.context import services
from stats_service.web.http.limits import check_caller, check_network
from stats_service.web.http.problems import StaleProblem

#: A variable part of a Flask rule.
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")

View = TypeVar("View", bound=Callable[..., Any])


def scope(name: str) -> Callable[[View], View]:
    """Declare the scope that a route requires of the token: `read` or `write`."""
    if name not in SCOPES:
        raise ValueError(f"{name!r} is no scope")

    def mark(view: View) -> View:
        view.scope = name  # type: ignore[attr-defined]
        return view

    return mark


def take_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Remove the site's slug from the URL arguments; routes call `site` instead."""
    if values and "slug" in values:
        g.manage_slug = values.pop("slug")


def guard() -> None:
    """Check the token; no refusal tells whether a site exists."""
    wanted = getattr(current_app.view_functions[request.endpoint or ""], "scope", None)
    if wanted is None:
        abort(403)
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    text = text.strip() if kind.lower() == "bearer" else ""
    try:
        token = services().accounts.tokens.check(
            g.manage_slug, text, wanted, services().clock.now()
        )
    except StoreUnavailableError:
        raise
    except StatsError:
        # Only refusals count against the network, so that guessing locks out no program.
        check_network("manage-refused")
        raise
    check_caller("manage", f"{g.manage_slug}:{token.id}")
    g.manage_token = token
    g.manage_site = services().sites.sites.get(g.manage_slug)


def check_query(known: Mapping[tuple[str, str], Collection[str]]) -> None:
    """Refuse a parameter that the route does not have; otherwise it would be ignored silently."""
    if request.method == "OPTIONS":
        return
    rule = _ARGUMENT.sub(r"{\1}", str(request.url_rule))
    method = "get" if request.method == "HEAD" else request.method.lower()
    names = known[method, rule[rule.index("/{slug}") :]]
    for name in request.args:
        if name not in names:
            wanted = f"use {', '.join(names)}" if names else "there is none"
            raise InvalidInputError(
                f"The query parameter {name[:40]!r} is not known here; {wanted}."
            )


def add_headers(response: Response) -> Response:
    """Keep responses out of caches, and stop browsers from guessing their type."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def site() -> Site:
    """Return the site of the request."""
    return cast("Site", g.manage_site)


def who() -> str:
    """Return the author for the audit log; no account name contains a colon."""
    return f"token:{cast('Token', g.manage_token).id}"


def today() -> date:
    """Return today's date in the site's zone."""
    return date.fromisoformat(day_of(services().clock.now(), site().timezone))


def operation(
    method: str,
    path: str,
    name: str,
    wanted: str,
    summary: str,
    answer: type | str,
    *parameters: Parameter,
    body: type | None = None,
    created: bool = False,
    problems: tuple[int, ...] = (),
) -> Operation:
    """Return the OpenAPI description of a route; the rules of access are the same for all."""
    always = (400, 401, 403, 404, 429, 503)
    stale: dict[int, type] | None = {412: StaleProblem} if IF_MATCH in parameters else None
    writes = (413,) if body else ()
    return Operation(
        method,
        "/{slug}/manage" + path,
        name,
        summary,
        (SITE, *parameters),
        body,
        {201 if created else 200: answer},
        tuple(sorted({*always, *writes, *problems})),
        extended=stale,
        scope=wanted,
    )

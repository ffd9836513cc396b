"""Articles merged, renamed, deleted and hidden: look first, then do it, or take it back."""

import secrets
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.audit import Author
from stats_service.models.traffic.article_changes import VERBS, ArticleRule, ChangePreview
from stats_service.models.traffic.views import OTHER_ARTICLES
from stats_service.services.traffic.article_changes import KEPT_DAYS
from stats_service.web.admin.access import access, site, who
from stats_service.web.http.context import services
from stats_service.web.pages.field_names import VALUE_NAMES
from stats_service.web.pages.languages import number
from stats_service.web.pages.messages import explain

bp = Blueprint("article_changes", __name__, url_prefix="/sites/<slug>/articles/changes")

Page = str | tuple[str, int]

#: How the form names articles; each is a field of `ArticleRule`.
BY = ("key", "prefix", "parameter")


@bp.get("")
@access("owner")
def index() -> Page:
    """Ask for a rule, and show what it would do; list the latest changes."""
    if "do" not in request.args:
        return _page(request.args)
    try:
        preview = services().traffic.article_changes.preview(site(), _rule(request.args))
    except (InvalidInputError, ConflictError) as error:
        return _page(request.args, error=explain(error)), error.status
    return _page(request.args, preview=preview)


@bp.post("")
@access("owner")
def apply() -> Page | Response:
    """Do it, some articles at a time."""
    change = request.form.get("change", "")
    try:
        step = services().traffic.article_changes.apply(
            site(), _rule(request.form), _author(), change
        )
    except (InvalidInputError, ConflictError) as error:
        return _page(request.form, error=explain(error)), error.status
    flash(
        ngettext("%(num)d article was changed.", "%(num)d articles were changed.", step.articles),
        "good",
    )
    _tell_left(step.left)
    if step.left:
        fields = {name: request.form.get(name, "") for name in ("do", "by", "which", "into")}
        return _to(change=step.id, **fields)
    return _to()


@bp.post("/<change>/take-back")
@access("owner")
def take_back(change: str) -> Response:
    """Take a change back."""
    try:
        step = services().traffic.article_changes.take_back(site(), change, _author())
    except NotFoundError as error:
        flash(explain(error), "error")
        return _to()
    flash(
        ngettext(
            "%(num)d article is as it was before.",
            "%(num)d articles are as they were before.",
            step.articles,
        ),
        "good",
    )
    _tell_left(step.left)
    if step.blocked:
        flash(
            ngettext(
                "%(num)d article was changed again since. Take the later change back first.",
                "%(num)d articles were changed again since. Take the later change back first.",
                step.blocked,
            ),
            "error",
        )
    return _to()


@bp.post("/parameter")
@access("owner")
def decide() -> Response:
    """Keep a parameter in the keys of articles, or drop it."""
    keep, name = request.form.get("do") == "keep", request.form.get("name", "")
    try:
        services().traffic.parameters.decide(site(), name, _author(), keep=keep)
    except (InvalidInputError, ConflictError) as error:
        flash(explain(error), "error")
        return redirect(url_for("admin.articles.index", slug=site().slug))
    if keep:
        flash(_("The parameter is part of articles' keys from now on."), "good")
        return redirect(url_for("admin.articles.index", slug=site().slug))
    flash(
        _("The parameter is left out from now on. Look at what is there under it already."), "good"
    )
    return _to(do="merge", by="parameter", which=name)


def _tell_left(left: int) -> None:
    if left:
        flash(_("%(n)s are left: do the same again to go on.", n=number(left)), "good")


def _rule(form: Mapping[str, str]) -> ArticleRule:
    by = form.get("by", "key")
    if by not in BY:
        raise InvalidInputError("Name articles by one of key, prefix and parameter.")
    parts = {by: form.get("which", "").strip()}
    return ArticleRule(do=form.get("do", ""), into=form.get("into", "").strip(), **parts)


def _author() -> Author:
    return Author(who(), services().clock.now())


def _to(**fields: Any) -> Response:
    return redirect(url_for("admin.article_changes.index", slug=site().slug, **fields))


def _page(values: Mapping[str, str], error: str = "", preview: ChangePreview | None = None) -> str:
    return render_template(
        "admin/article_changes.html",
        values=values,
        error=error,
        preview=preview,
        change=values.get("change") or secrets.token_hex(8),
        verbs={verb: VALUE_NAMES["do"][verb] for verb in VERBS},
        changes=services().traffic.article_changes.changes(site()),
        hidden=sorted(services().traffic.top_articles.hidden(site()))[:50],
        other_articles=OTHER_ARTICLES,
        kept_days=KEPT_DAYS,
    )

"""Articles: merge, rename, delete and hide them, one or by a rule, and undo that."""

import msgspec
from flask import Blueprint, Response, request

from stats_service.models.audit import Author
from stats_service.models.traffic.article_changes import (
    ArticleRule,
    ChangePreview,
    ChangeStep,
    DoneChange,
    ParameterFinding,
)
from stats_service.web.api.manage.access import operation, scope, site, who
from stats_service.web.api.operation import Parameter
from stats_service.web.http.bodies import decode_body, fresh_json
from stats_service.web.http.context import services

bp = Blueprint("articles", __name__, url_prefix="/articles")


class ChangeOrder(ArticleRule, frozen=True, forbid_unknown_fields=True):
    """The articles to change, and how."""

    #: Id of a change to continue, because articles were left; empty: a new change.
    change: str = ""


class ChangeList(msgspec.Struct, frozen=True):
    """The latest changes, newest first."""

    changes: list[DoneChange]


class ParameterList(msgspec.Struct, frozen=True):
    """Query parameters whose setting may be wrong."""

    parameters: list[ParameterFinding]


class ParameterDecision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The decision about a query parameter."""

    #: True: it tells articles apart; false: it is dropped from their keys.
    keep: bool


class SiteParameters(msgspec.Struct, frozen=True):
    """The query parameters in a site's settings."""

    #: Empty: all except those known to track, to page, to sort; `-id` drops one more, `+page` keeps
    #: one of these; without signs: exactly these; `none`: no parameter.
    article_parameters: list[str]


@bp.get("/changes")
@scope("read")
def index() -> Response:
    """Answer with the latest changes."""
    return fresh_json(ChangeList(services().traffic.article_changes.changes(site())))


@bp.post("/changes/preview")
@scope("read")
def preview() -> Response:
    """Answer with the effect that a rule would have."""
    rule = decode_body(request.get_data(cache=False), ArticleRule)
    return fresh_json(services().traffic.article_changes.preview(site(), rule))


@bp.post("/changes")
@scope("write")
def apply() -> Response:
    """Change articles, a number of them at a time."""
    order = decode_body(request.get_data(cache=False), ChangeOrder)
    rule = ArticleRule(order.do, order.key, order.prefix, order.parameter, order.into)
    by = Author(who(), services().clock.now())
    return fresh_json(services().traffic.article_changes.apply(site(), rule, by, order.change))


@bp.delete("/changes/<change>")
@scope("write")
def take_back(change: str) -> Response:
    """Undo a change, a number of articles at a time."""
    by = Author(who(), services().clock.now())
    return fresh_json(services().traffic.article_changes.take_back(site(), change, by))


@bp.get("/parameters")
@scope("read")
def parameters() -> Response:
    """Answer with the query parameters whose setting may be wrong."""
    return fresh_json(ParameterList([*services().traffic.parameters.known(site())]))


@bp.put("/parameters/<name>")
@scope("write")
def decide(name: str) -> Response:
    """Keep a query parameter in the keys of articles, or drop it."""
    wanted = decode_body(request.get_data(cache=False), ParameterDecision)
    by = Author(who(), services().clock.now())
    changed = services().traffic.parameters.decide(site(), name, by, keep=wanted.keep)
    return fresh_json(SiteParameters([*changed.article_parameters]))


_NAME = Parameter("name", "A query parameter.", {"type": "string", "maxLength": 40})
_CHANGE = Parameter("change", "A change.", {"type": "string", "pattern": "^[0-9a-f]{16}$"})

OPERATIONS = (
    operation(
        "get",
        "/articles/changes",
        "manage_article_changes",
        "read",
        "Get the latest changes of articles, and how much of each can be taken back",
        ChangeList,
    ),
    operation(
        "post",
        "/articles/changes/preview",
        "manage_preview_article_change",
        "read",
        "Get what merging, renaming, deleting or hiding would do; nothing is changed",
        ChangePreview,
        body=ArticleRule,
        problems=(409,),
    ),
    operation(
        "post",
        "/articles/changes",
        "manage_change_articles",
        "write",
        "Merge, rename, delete, hide or show articles, 2,000 at most; while `left` is not 0, send "
        "the same again with the answer's `id` as `change`. No sum of the site changes",
        ChangeStep,
        body=ChangeOrder,
        problems=(409,),
    ),
    operation(
        "delete",
        "/articles/changes/{change}",
        "manage_take_back_article_change",
        "write",
        "Take a change back, 2,000 articles at most; again while `left` is not 0",
        ChangeStep,
        _CHANGE,
    ),
    operation(
        "get",
        "/articles/parameters",
        "manage_parameters",
        "read",
        "Get the query parameters that seem to make many articles of one, or one of many",
        ParameterList,
    ),
    operation(
        "put",
        "/articles/parameters/{name}",
        "manage_decide_parameter",
        "write",
        "Keep a query parameter in the keys of articles from now on, or drop it",
        SiteParameters,
        _NAME,
        body=ParameterDecision,
        problems=(409, 412),
    ),
)

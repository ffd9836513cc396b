"""The OpenAPI 3.1 document of the API, with schemas derived from the types in the code.

Every blueprint of `web.api` lists its operations in `OPERATIONS`; the tests compare them with the
URL map and check every response against its schema.
"""

from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, Response, current_app

from stats_service import __version__
from stats_service.models.install_checks import InstallReport
from stats_service.models.titles import LISTED_MAX, LISTED_USUAL, ORDERS, SPANS, TopList
from stats_service.models.traffic.views import ArticleCounts, PageQuery, SiteCounts
from stats_service.web.api.checks import CheckAnswer
from stats_service.web.api.manage import OPERATIONS as MANAGE_OPERATIONS
from stats_service.web.api.operation import NO_CONTENT, SITE, Operation, Parameter, one_of
from stats_service.web.api.vote_operations import VOTE_OPERATIONS
from stats_service.web.http.answers import PageBody
from stats_service.web.http.context import services
from stats_service.web.http.problems import CONTENT_TYPE as PROBLEM_TYPE
from stats_service.web.http.problems import Problem

bp = Blueprint("openapi", __name__)


class ArticleViews(msgspec.Struct, frozen=True):
    """The views of articles, by the names in the request."""

    articles: dict[str, ArticleCounts]


KEYS = Parameter(
    "key",
    "An article: path with query, URL, or explicit key. At most 100.",
    {"type": "array", "items": {"type": "string"}, "maxItems": 100},
    required=False,
)
VERSION = Parameter("version", "A version of the script.", {"type": "string"})
ARTICLE = Parameter("article", "An article, named as in `key`.", {"type": "string"}, required=False)

LIST = (
    SITE,
    Parameter("by", "Default: views.", one_of(*ORDERS), required=False),
    Parameter(
        "span",
        "Days up to today: 1, 7, 30, or all time. Default: week. Ratings are of all time.",
        one_of(*SPANS),
        required=False,
    ),
    Parameter(
        "limit",
        f"Default: {LISTED_USUAL}.",
        {"type": "integer", "minimum": 1, "maximum": LISTED_MAX},
        required=False,
    ),
    Parameter(
        "only",
        "Beginnings of paths, with commas between them: articles of these alone.",
        {"type": "string"},
        required=False,
    ),
    Parameter(
        "exclude",
        "Beginnings of paths, with commas between them: articles that are left out.",
        {"type": "string"},
        required=False,
    ),
)

OPERATIONS: list[Operation] = [
    Operation(
        "post",
        "/{slug}/page",
        "record_view",
        "Record one load of a page, or its heartbeat, and get every number that its widgets show",
        (SITE,),
        PageQuery,
        {200: PageBody},
        # 202: Redis is away; the view is spooled and will be counted.
        (202, 400, 404, 413, 503),
    ),
    Operation(
        "get",
        "/{slug}/counts",
        "counts",
        "Get the numbers of a site",
        (SITE,),
        answers={200: SiteCounts},
    ),
    Operation(
        "get",
        "/{slug}/articles/views",
        "article_views",
        "Get the views of articles; one that was never viewed has 0",
        (SITE, KEYS),
        answers={200: ArticleViews},
        problems=(400, 404, 503),
    ),
    Operation(
        "get",
        "/{slug}/top",
        "top_list",
        "Get the articles that are read most, rated best, or rising; where the owner opens lists",
        LIST,
        answers={200: TopList},
        problems=(400, 403, 404, 503),
    ),
    Operation(
        "get",
        "/{slug}/top.rss",
        "top_feed",
        "Get the same list as RSS",
        (*LIST, Parameter("lang", "Default: the site's.", one_of("vi", "en"), required=False)),
        answers={200: "application/rss+xml"},
        problems=(400, 403, 404, 503),
    ),
    Operation(
        "get",
        "/{slug}/dot.gif",
        "record_view_by_pixel",
        "Record one load of the page that shows this image, named by `article` or the Referer",
        (SITE, ARTICLE),
        answers={200: "image/gif"},
        problems=(400, 404, 503),
    ),
    Operation(
        "get",
        "/{slug}/badge/{metric}.svg",
        "badge",
        "Get one number as an image; `views` wants an article",
        (
            SITE,
            Parameter("metric", "Which number.", one_of("total", "online", "today", "views")),
            ARTICLE,
            Parameter("lang", "Default: vi.", one_of("vi", "en"), required=False),
            Parameter(
                "theme",
                "Default: auto, as the reader's system is.",
                one_of("auto", "light", "dark"),
                required=False,
            ),
        ),
        answers={200: "image/svg+xml", 503: "image/svg+xml"},
        problems=(400, 404),
    ),
    Operation(
        "get",
        "/embed.js",
        "newest_script",
        "Get the newest script",
        answers={200: "text/javascript"},
        problems=(),
    ),
    Operation(
        "get",
        "/embed.{version}.js",
        "script",
        "Get one version of the script, which never changes",
        (VERSION,),
        answers={200: "text/javascript"},
        problems=(404,),
    ),
    Operation(
        "get",
        "/embed-{kind}.{version}.js",
        "script_part",
        "Get one version of a file that the script loads where a page needs it",
        (Parameter("kind", "What it brings.", {"type": "string"}), VERSION),
        answers={200: "text/javascript"},
        problems=(404,),
    ),
    Operation(
        "post",
        "/{slug}/check",
        "check",
        "Tell how the snippet on a page is, and get what is right and wrong with it",
        (SITE,),
        InstallReport,
        {200: CheckAnswer},
        (400, 404, 413, 429, 503),
    ),
    Operation(
        "get",
        "/openapi.json",
        "openapi",
        "Get this document",
        answers={200: "application/json"},
        problems=(),
    ),
    *VOTE_OPERATIONS,
    *MANAGE_OPERATIONS,
]

HEADERS = {
    "Stats-Ignored": "Why the view was not counted; absent if it was.",
    "Stats-Note": "What was counted only in part: private, identity-cap, article-cap or "
    "article-invalid; same-article for another address of the article before, not counted again.",
}


def document(base_url: str, prefix: str) -> dict[str, Any]:
    """Return the whole document for an installation at `base_url`."""
    types: set[type] = {Problem}
    for operation in OPERATIONS:
        types |= {t for t in (operation.answers or {}).values() if isinstance(t, type)}
        types |= {operation.body} if operation.body else set()
        types |= set((operation.extended or {}).values())
    ordered = sorted(types, key=lambda t: t.__name__)
    references, components = msgspec.json.schema_components(
        ordered, ref_template="#/components/schemas/{name}"
    )
    schemas = dict(zip(ordered, references, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        path = paths.setdefault(operation.path, {})
        path[operation.method] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "stats_service",
            "version": __version__,
            "description": "Counts a portal's visits and article views, and records its poll "
            "votes and ratings. Errors are problem documents (RFC 9457).",
        },
        "servers": [{"url": base_url + prefix}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of the site, made on its page of API tokens.",
                }
            },
        },
    }


def _operation(operation: Operation, schemas: dict[type, dict[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {"operationId": operation.id, "summary": operation.summary}
    if operation.parameters:
        result["parameters"] = [
            {
                "name": parameter.name,
                "in": "path" if "{" + parameter.name + "}" in operation.path else parameter.where,
                "required": parameter.required,
                "description": parameter.description,
                "schema": parameter.schema,
            }
            for parameter in operation.parameters
        ]
    if operation.body:
        media = {"schema": schemas[operation.body]}
        types = ("application/json",) if operation.scope else ("text/plain", "application/json")
        result["requestBody"] = {"required": True, "content": dict.fromkeys(types, media)}
    if operation.scope:
        result["security"] = [{"token": [operation.scope]}]
    responses: dict[str, Any] = {}
    for status, answer in (operation.answers or {}).items():
        responses[str(status)] = _response(answer, schemas)
        if operation.id == "record_view":
            responses[str(status)]["headers"] = {
                name: {"description": text, "schema": {"type": "string"}}
                for name, text in HEADERS.items()
            }
    problems: dict[int, type] = dict.fromkeys(operation.problems, Problem)
    for status, kind in (problems | (operation.extended or {})).items():
        responses[str(status)] = {
            "description": "Redis is away; the view is kept and will be counted, once"
            if status == HTTPStatus.ACCEPTED
            else "The problem, and what to do",
            "content": {PROBLEM_TYPE: {"schema": schemas[kind]}},
        }
    result["responses"] = responses
    return result


def _response(answer: type | str, schemas: dict[type, dict[str, Any]]) -> dict[str, Any]:
    if answer == NO_CONTENT:
        return {"description": "Nothing to tell"}
    if isinstance(answer, str):
        return {"description": "As asked", "content": {answer: {}}}
    return {"description": "As asked", "content": {"application/json": {"schema": schemas[answer]}}}


@bp.get("/openapi.json")
def openapi() -> Response:
    """Answer with the document that describes this API."""
    settings = services().settings
    body = msgspec.json.encode(document(settings.base_url, settings.path_prefix))
    response = current_app.response_class(body, mimetype="application/json")
    response.cache_control.public = True
    response.cache_control.max_age = 300
    return response

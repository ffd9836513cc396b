"""The API for programs: what the admin pages do, for programs with a token of the site.

Everything is below `/<site>/manage`. Portal pages cannot call it: it sends no CORS headers and
ignores cookies. `access.guard` refuses every route without a declared scope.
"""

from flask import Blueprint

from stats_service.web.api.manage import (
    access,
    annotations,
    archive,
    articles,
    kiosks,
    poll_pictures,
    poll_removal,
    poll_review,
    polls,
    ratings,
    traffic,
)

NOUNS = (
    traffic,
    annotations,
    articles,
    polls,
    poll_removal,
    poll_review,
    poll_pictures,
    kiosks,
    ratings,
    archive,
)

#: Descriptions of these routes for OpenAPI.
OPERATIONS = tuple(operation for noun in NOUNS for operation in noun.OPERATIONS)

#: Query parameters of each route, by method and path.
QUERIES = {
    (one.method, one.path): [
        p.name for p in one.parameters if p.where == "query" and f"{{{p.name}}}" not in one.path
    ]
    for one in OPERATIONS
}

bp = Blueprint("manage", __name__)
bp.url_value_preprocessor(access.take_slug)
bp.before_request(access.guard)
bp.before_request(lambda: access.check_query(QUERIES))
bp.after_request(access.add_headers)
for noun in NOUNS:
    # `create_app` sets the prefix of every path, which would replace one that is set here.
    bp.register_blueprint(noun.bp, url_prefix=f"/<slug>/manage{noun.bp.url_prefix or ''}")

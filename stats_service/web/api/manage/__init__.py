"""The API of programs: what the admin pages do, for whoever has a token of the site.

Everything below `/<site>/manage`. No page of a portal may call it: there are no CORS headers, and
no cookie is looked at. `access.guard` refuses every route that does not say which scope it asks.
"""

from flask import Blueprint

from stats_service.web.api.manage import (
    access,
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
    articles,
    polls,
    poll_removal,
    poll_review,
    poll_pictures,
    kiosks,
    ratings,
    archive,
)

#: What OpenAPI tells of these routes.
OPERATIONS = tuple(operation for noun in NOUNS for operation in noun.OPERATIONS)

#: The names that the query of a route may have, by method and path.
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
    # `create_app` sets the first part of every path, in place of one that is set here.
    bp.register_blueprint(noun.bp, url_prefix=f"/<slug>/manage{noun.bp.url_prefix or ''}")

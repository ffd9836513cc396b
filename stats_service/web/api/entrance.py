"""The way from Flask's routes to the event loop, which answers views, votes and reads of numbers.

Under the service's own worker, such requests never come here; under other servers they do.
"""

from typing import cast

from flask import Response, current_app, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from stats_service.web.http.bodies import BODY_MAX_BYTES
from stats_service.web.http.context import services
from stats_service.web.loop import LoopPath, LoopPaths, LoopRequest

#: Name of the `LoopPaths` in `app.extensions`.
PATHS = "loop_paths"
#: Stands for an unread body: the loop refuses it because of its length.
TOO_LARGE = bytes(BODY_MAX_BYTES + 1)


def answer_in_loop(name: str, slug: str, part: str = "") -> Response:
    """Answer the current request in the event loop, as all entrances do.

    Args:
        name: what handles it, as in `web.loop.paths.ROUTES`.
        slug: the site.
        part: what of the site (`LoopPath.part`).
    """
    g.in_loop = True  # which measures it
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        body = TOO_LARGE
    headers = {
        name.lower().encode("latin-1"): value.encode("latin-1") for name, value in request.headers
    }
    asked = LoopRequest(
        LoopPath(name, slug, part), headers, body, request.remote_addr or "", request.query_string
    )
    paths = cast("LoopPaths", current_app.extensions[PATHS])
    status, answered, answer = services().loop.run(paths.answered(asked))
    pairs = [(name.decode(), value.decode("latin-1")) for name, value in answered.pairs]
    return Response(answer, status, pairs)

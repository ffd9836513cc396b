"""The way from Flask's routes into the event loop, where views, ballots and ratings are taken.

The worker's own requests of this kind never come here; those under any other server do.
"""

from typing import cast

from flask import Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from stats_service.web.http.bodies import BODY_MAX_BYTES
from stats_service.web.http.context import services
from stats_service.web.loop import HotPath, HotPaths, HotRequest

#: Name of the hot paths in `app.extensions`.
HOT = "hot"
#: Stands for a body that was not read: the loop refuses it for its length.
TOO_LARGE = bytes(BODY_MAX_BYTES + 1)


def answer_in_loop(name: str, slug: str, poll: str = "") -> Response:
    """Answer the current request as every other entrance does."""
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        body = TOO_LARGE
    headers = {
        name.lower().encode("latin-1"): value.encode("latin-1") for name, value in request.headers
    }
    hot_request = HotRequest(HotPath(name, slug, poll), headers, body, request.remote_addr or "")
    hot = cast("HotPaths", current_app.extensions[HOT])
    status, head, answer = services().loop.run(hot.answered(hot_request))
    pairs = [(name.decode(), value.decode("latin-1")) for name, value in head.pairs]
    return Response(answer, status, pairs)

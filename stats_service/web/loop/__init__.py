"""Requests handled in the event loop, without Flask: views, votes, and what reads their numbers.

These are nearly all of the traffic, and each takes one or two calls to Redis. In the loop all
requests share one connection, and views and reads share round trips; Flask would hold a thread and
a connection for each.

There is one implementation with three entrances: `web.server.fast_lane`, directly from the parser;
`web.server.asgi`; and `web.api.entrance`, from a Flask route under any WSGI server. Each passes a
request to `LoopPaths.find` for its path, and then to `LoopPaths.answer`. The hosted form, whose
responses differ, calls the same services through `ServiceLoop.run`.

`messages` has the requests and responses, `page_views` page views and the pixel, `reads` counts,
articles, badges and polls, `votes` ballots and ratings.
All methods run in the thread of the loop and must not block it.
"""

from stats_service.web.loop.messages import LoopPath, LoopRequest, ResponseHeaders, Send
from stats_service.web.loop.paths import LoopPaths

__all__ = ["LoopPath", "LoopPaths", "LoopRequest", "ResponseHeaders", "Send"]

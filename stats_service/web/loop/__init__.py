"""What is answered in the event loop, without Flask: page views, ballots and ratings.

These are nearly all of the traffic, and each means one or two questions to Redis. In the loop all
that are under way share one connection, and page views their round trips, where Flask would hold a
thread and a connection for each.

It is the only way there is, with three entrances: `web.server.fast_lane`, straight from the parser;
`web.server.asgi`; and `web.api.entrance`, from a route of Flask under any WSGI server. Whoever has
read a request asks `LoopPaths.find` what it is for, and hands it to `LoopPaths.answer`. The pixel
and the hosted form, which answer in another form, call the same services by `ServiceLoop.run`.

`messages` is what goes in and out, `page_views` the page view, `votes` ballots and ratings.
Everything is called in the loop's own thread, and nothing here may block it.
"""

from stats_service.web.loop.messages import LoopPath, LoopRequest, ResponseHeaders, Send
from stats_service.web.loop.paths import LoopPaths

__all__ = ["LoopPath", "LoopPaths", "LoopRequest", "ResponseHeaders", "Send"]

"""What is answered in the event loop, without Flask: page views, ballots and ratings.

These are nearly all of the traffic, and each means one or two questions to Redis. In the loop all
that are under way share one connection, and page views their round trips, where Flask holds a
thread and a connection for each. It is an optimisation and nothing else:

* every path here has an ordinary route in `web.api`, which answers the same request in the same
  way under any WSGI server; one suite of tests runs against both;
* the rules are those of `services`, free of I/O up to the question to Redis (`decide`) and from
  its answer on (`answer`); `shared_views`, `shared_votes` and `shared_sites` ask it;
* whoever has read a request (`web.asgi`; `web.fast_lane`, straight from the parser) asks
  `LoopPaths.find` whether it belongs here, and hands it to `LoopPaths.answer`.

`messages` is what goes in and out, `pages` the page view, `votes` ballots and ratings. Everything
is called in the loop's own thread, and nothing here may block it.
"""

from stats_service.web.loop.messages import LoopPath, LoopRequest, ResponseHeaders, Send
from stats_service.web.loop.paths import LoopPaths

__all__ = ["LoopPath", "LoopPaths", "LoopRequest", "ResponseHeaders", "Send"]

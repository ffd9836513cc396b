"""Requests and responses of the event loop."""

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import parse_qs

import msgspec
import werkzeug.urls  # noqa: F401 - registers `URL_QUOTE`

from stats_service.errors import StatsError
from stats_service.models.traffic.views import Visitor
from stats_service.web.http.cors import cors_headers
from stats_service.web.http.problems import internal_problem, problem_headers, problem_of
from stats_service.web.http.visitor import AddressSource, visitor_of

#: What is no UTF-8 stays quoted, as in Flask's `request.args`.
URL_QUOTE = "werkzeug.url_quote"


class ResponseHeaders(NamedTuple):
    """The headers of a response, in both formats that the servers need. No Content-Length."""

    pairs: tuple[tuple[bytes, bytes], ...]
    lines: bytes


#: What a request tells of its sender, beside the address.
SENDER_HEADERS = (
    b"origin",
    b"user-agent",
    b"sec-gpc",
    b"dnt",
    b"sec-purpose",
    b"purpose",
    b"accept-language",
)

#: Callback for a response: status, headers, body.
Send = Callable[[int, ResponseHeaders, bytes], None]


class LoopPath(NamedTuple):
    """The route of a request, parsed from its path."""

    #: As `LoopPaths` has it: `page`, `ballots`, `counts` …
    name: str
    slug: str
    #: What of the site: a poll, or the number that a badge shows; else empty.
    part: str = ""


class LoopRequest(msgspec.Struct, frozen=True):
    """One request that the event loop handles."""

    path: LoopPath
    #: By lower-case name; repeated headers are joined by commas.
    headers: Mapping[bytes, bytes]
    body: bytes
    #: The address that the connection came from; empty for a Unix socket.
    peer: str
    #: The query of the URL, as it was sent.
    query: bytes = b""

    def header(self, name: bytes) -> str:
        """Return a header, empty if it is absent."""
        value = self.headers.get(name)
        return value.decode("latin-1") if value else ""

    def arguments(self) -> dict[str, list[str]]:
        """Return the parameters of the query, each with its values."""
        if not self.query:
            return {}
        text = self.query.decode("utf-8", URL_QUOTE)
        return parse_qs(text, keep_blank_values=True, errors=URL_QUOTE)

    def visitor(self, source: AddressSource) -> Visitor:
        """Return the sender of the request."""
        get, named = self.headers.get, self.header(source.name) if source.name else ""
        address, hint = source.find(self.peer, self.header(b"x-forwarded-for"), named)
        origin, user_agent, gpc, dnt, purpose, old_purpose, language = [
            value.decode("latin-1") if (value := get(name)) else "" for name in SENDER_HEADERS
        ]
        purpose = purpose or old_purpose
        return visitor_of(address, origin, user_agent, gpc, dnt, purpose, hint, language)


def response_headers(headers: list[tuple[str, str]], allowed: str) -> ResponseHeaders:
    """Return `headers` with those of CORS; `allowed` is the origin that may read the response."""
    return plain_headers(headers + cors_headers(allowed))


def plain_headers(headers: list[tuple[str, str]]) -> ResponseHeaders:
    """Return `headers` in both formats."""
    pairs = tuple((name.lower().encode(), value.encode("latin-1")) for name, value in headers)
    return ResponseHeaders(pairs, b"".join(b"%b: %b\r\n" % pair for pair in pairs))


def error_answer(error: Exception, allowed: str) -> tuple[int, ResponseHeaders, bytes]:
    """Return the problem document for `error`."""
    problem = problem_of(error) if isinstance(error, StatsError) else internal_problem()
    try:
        body = msgspec.json.encode(problem)
    except (UnicodeError, ValueError, TypeError):  # a value cannot be encoded
        problem = internal_problem()
        body = msgspec.json.encode(problem)
    return problem.status, response_headers(problem_headers(error), allowed), body

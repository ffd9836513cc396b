"""Turns errors into responses; the only place that does so for Flask."""

import logging

import msgspec
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from stats_service.errors import StatsError, TooLargeError
from stats_service.web.http.problems import (
    CONTENT_TYPE,
    Problem,
    internal_problem,
    problem,
    problem_headers,
    problem_of,
)

logger = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Answer every error of `app` with a problem document."""
    app.register_error_handler(StatsError, _stats_error)
    app.register_error_handler(HTTPException, _http_exception)
    app.register_error_handler(Exception, _unexpected)


def _stats_error(error: StatsError) -> Response:
    return _response(problem_of(error), problem_headers(error))


def _http_exception(error: HTTPException) -> Response:
    if error.response is not None or error.code is None:
        return error.get_response()  # type: ignore[return-value] # a werkzeug Response
    if error.code == TooLargeError.status:  # Flask refuses it before any route reads the body
        return _stats_error(TooLargeError(error.description or ""))
    code = error.name.lower().replace(" ", "-")
    headers = [
        (name, value) for name, value in error.get_headers() if name.lower() != "content-type"
    ]
    headers += [("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store")]
    return _response(problem(code, error.name, error.code, error.description or ""), headers)


def _unexpected(error: Exception) -> Response:
    logger.exception("a request failed", exc_info=error)
    return _response(internal_problem(), problem_headers(error))


def _response(document: Problem, headers: list[tuple[str, str]]) -> Response:
    return Response(msgspec.json.encode(document), document.status, headers)

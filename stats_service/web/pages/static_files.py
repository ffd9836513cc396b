"""The static files of the pages: compressed once, and cached by browsers for ever.

The pages themselves are not compressed: they contain a secret (the CSRF token) beside text from the
query, and the compressed size would reveal something about both (BREACH). Static files have none.
"""

import gzip
import hashlib
from functools import cache
from importlib.resources import files

from flask import Response, request, url_for

#: Types of files that do not shrink and are sent as they are.
_TEXT = ("css", "javascript", "svg", "json", "plain")


def asset(name: str) -> str:
    """Return the URL of a static file, which changes with its content."""
    return url_for("admin.static", filename=name, v=_digest(name))


def compress(response: Response) -> Response:
    """Compress a static file for a browser that can read it."""
    if not (request.endpoint or "").endswith(".static") or response.status_code != 200:
        return response
    if not any(kind in (response.mimetype or "") for kind in _TEXT):
        return response
    response.headers.add("Vary", "Accept-Encoding")
    if not request.accept_encodings["gzip"] or "Range" in request.headers:
        return response
    name = (request.view_args or {}).get("filename", "")
    response.close()
    response.direct_passthrough = False
    response.set_data(_compressed(name))
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("ETag", None)
    return response


@cache
def _digest(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()[:12]


@cache
def _compressed(name: str) -> bytes:
    return gzip.compress(_content(name), 9, mtime=0)


def _content(name: str) -> bytes:
    return files("stats_service.web.admin").joinpath("static", name).read_bytes()

"""The script over HTTP: each version for ever, and the newest for a short time."""

from typing import cast

from flask import Blueprint, Response, current_app, request

from stats_service.errors import NotFoundError
from stats_service.services.known_sites.install_checks import Scripts
from stats_service.web.embed.files import EmbedFile, EmbedFiles
from stats_service.web.embed.version import VERSION

#: Name of the loaded files in `app.extensions`.
EXTENSION = "stats_service.embed"
#: A version never changes: a year, the longest that caches promise.
VERSIONED_MAX_AGE = 365 * 24 * 3600
#: `embed.js` follows the newest version within this many seconds.
NEWEST_MAX_AGE = 300

bp = Blueprint("embed", __name__)


def embed_files() -> EmbedFiles:
    """Return the files that the current application serves."""
    return cast("EmbedFiles", current_app.extensions[EXTENSION])


def served_scripts() -> Scripts:
    """Return which versions of the core there are, and their hashes."""
    cores = {
        name.split(".")[1]: file.integrity
        for name, file in embed_files().by_name.items()
        if name.startswith("embed.")
    }
    return Scripts(VERSION, cores)


@bp.get("/embed.js")
def newest() -> Response:
    """Answer with the newest version; for portals that do not pin one."""
    return _script(embed_files().newest, f"public, max-age={NEWEST_MAX_AGE}")


@bp.get("/embed.<version>.js", defaults={"kind": "embed"})
@bp.get("/embed-<kind>.<version>.js")
def versioned(kind: str, version: str) -> Response:
    """Answer with one version of the core, or of a file that the core loads."""
    name = f"{'embed' if kind == 'embed' else 'embed-' + kind}.{version}.js"
    file = embed_files().by_name.get(name)
    if file is None:
        raise NotFoundError(
            f"There is no {name!r}. Copy the snippet anew: `stats-service embed SITE` prints it."
        )
    return _script(file, f"public, max-age={VERSIONED_MAX_AGE}, immutable")


def _script(file: EmbedFile, cache_control: str) -> Response:
    zipped = request.accept_encodings.quality("gzip") > 0
    response = Response(file.gzipped if zipped else file.body)
    response.headers.update(
        {
            "Content-Type": "text/javascript; charset=utf-8",
            "Cache-Control": cache_control,
            "Vary": "Accept-Encoding",
            # Public bytes without credentials: `integrity` needs a page of any host to read them.
            "Access-Control-Allow-Origin": "*",
            # So that the install checker sees how long a cache has had the script.
            "Access-Control-Expose-Headers": "Age, Date",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Timing-Allow-Origin": "*",
            "X-Content-Type-Options": "nosniff",
        }
    )
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(file.etag, weak=True)
    response.make_conditional(request)
    return response

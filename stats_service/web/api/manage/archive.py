"""The whole site as an archive."""

import gzip
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile

from flask import Blueprint, Response

from stats_service.services.periods import day_of
from stats_service.web.api.manage.access import operation, scope, site
from stats_service.web.http.context import services

bp = Blueprint("archive", __name__)

#: Bytes of a compressed archive that are kept in memory; a longer one goes to a temporary file.
IN_MEMORY = 8 * 1024 * 1024
_CHUNK = 256 * 1024


@bp.get("/archive")
@scope("read")
def archive() -> Response:
    """Answer with the compressed archive; it is complete before its first byte is sent."""
    now = services().clock.now()
    # Closed by `_chunks`, or together with a response that did not use it.
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
    with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as packed:
        packed.writelines(services().portability.archives.lines(site().slug, now))
    file.seek(0)
    name = f"{site().slug}-{day_of(now, site().timezone)}.jsonl.gz"
    return Response(
        _chunks(file),
        mimetype="application/gzip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _chunks(file: "SpooledTemporaryFile[bytes]") -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


OPERATIONS = (
    operation(
        "get",
        "/archive",
        "manage_archive",
        "read",
        "Get everything of the site as `stats-service export` writes it, packed by gzip",
        "application/gzip",
    ),
)

"""Files in a form: stored below the data folder while they arrive, never in memory."""

import tempfile
from typing import IO

from flask import Request

from stats_service.web.http.bodies import BODY_MAX_BYTES
from stats_service.web.http.context import services


class RequestWithFiles(Request):
    """Flask's request; only the upload routes accept bodies long enough for a file."""

    def _get_file_stream(
        self,
        total_content_length: int | None,  # noqa: ARG002 - werkzeug's signature
        content_type: str | None,  # noqa: ARG002
        filename: str | None = None,  # noqa: ARG002
        content_length: int | None = None,  # noqa: ARG002
    ) -> IO[bytes]:
        folder = str(services().settings.data_dir)
        return tempfile.SpooledTemporaryFile(BODY_MAX_BYTES, dir=folder)

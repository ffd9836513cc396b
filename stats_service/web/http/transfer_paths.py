"""Which requests are uploads or downloads of files."""

import re

# Listed route by route: a pattern that also matched a public page (`/admin/link/upload`) would
# let a stranger send hundreds of megabytes and keep every thread waiting.
_UPLOAD = re.compile(r"/admin/(?:archives|sites/[^/]+/data)/upload")
_DOWNLOAD = re.compile(
    r"/admin/(?:sites/[^/]+/(?:export/[^/]+|audit\.jsonl)|audit\.jsonl)|(?:/[^/]+)+/manage/archive"
)


def is_upload(method: str, path: str) -> bool:
    """Return whether a request is an upload."""
    return method == "POST" and _UPLOAD.fullmatch(path) is not None


def is_transfer(method: str, path: str) -> bool:
    """Return whether a request is an upload or a download."""
    return is_upload(method, path) or (method == "GET" and _DOWNLOAD.fullmatch(path) is not None)

"""Which requests bring or fetch a file."""

import re

# Route by route: a pattern that also fits a page that is open to everybody (`/admin/link/upload`)
# lets a stranger send hundreds of megabytes and keep every thread waiting.
_UPLOAD = re.compile(r"/admin/(?:archives|sites/[^/]+/data)/upload")
_DOWNLOAD = re.compile(
    r"/admin/(?:sites/[^/]+/(?:export/[^/]+|audit\.jsonl)|audit\.jsonl)|(?:/[^/]+)+/manage/archive"
)


def is_upload(method: str, path: str) -> bool:
    """Tell whether a request brings a file."""
    return method == "POST" and _UPLOAD.fullmatch(path) is not None


def is_transfer(method: str, path: str) -> bool:
    """Tell whether a request brings or fetches a file."""
    return is_upload(method, path) or (method == "GET" and _DOWNLOAD.fullmatch(path) is not None)

"""Which requests are uploads or downloads of files."""

import re

# Listed route by route: a pattern that also matched a public page (`/admin/link/upload`) would
# let a stranger send hundreds of megabytes and keep every thread waiting.
_UPLOAD = re.compile(r"/admin/(?:archives|sites/[^/]+/data)/upload")
#: Pictures of choices, and emblems: from the admin pages, and from programs.
_PICTURE_FORM = re.compile(r"/admin/sites/[^/]+/(?:polls/[^/]+/pictures/upload|settings/emblem)")
_PICTURE = re.compile(r"(?:/[^/]+)+/manage/polls/[^/]+/choices/[^/]+/picture")
_DOWNLOAD = re.compile(
    r"/admin/(?:sites/[^/]+/(?:export/[^/]+|audit\.jsonl)|audit\.jsonl)|(?:/[^/]+)+/manage/archive"
)


def is_upload(method: str, path: str) -> bool:
    """Return whether a request is an upload."""
    if method == "POST" and _UPLOAD.fullmatch(path):
        return True
    return is_picture(method, path)


def is_picture(method: str, path: str) -> bool:
    """Return whether a request uploads a picture: longer than others, far shorter than a file."""
    return (method == "POST" and _PICTURE_FORM.fullmatch(path) is not None) or (
        method == "PUT" and _PICTURE.fullmatch(path) is not None
    )


def is_transfer(method: str, path: str) -> bool:
    """Return whether a request is an upload or a download."""
    return is_upload(method, path) or (method == "GET" and _DOWNLOAD.fullmatch(path) is not None)

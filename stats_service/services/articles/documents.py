"""Which addresses are documents: files that readers download."""

import re
from collections.abc import Collection

from stats_service.services.articles.keys import canonical_article

#: Endings of files that are documents; `web/embed/src/documents/index.js` has the same.
ENDING = re.compile(
    r"\.(pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|epub|csv|zip|rar|7z|t?gz|mp[34]|m4a|wav|ogg|webm|avi|mov"
    r"|apk|dwg|kmz)$",
    re.IGNORECASE,
)


def document_key(text: str, parameters: Collection[str] = ()) -> str:
    """Return the path under which the downloads of a document are counted; `""` if it is none.

    Args:
        text: A path or a URL, whose query names no other document.
        parameters: As of `canonical_article`, which says what errors there are.
    """
    if "." not in text:  # as of most articles
        return ""
    path = canonical_article(text, parameters).partition("?")[0]
    return path if path.startswith("/") and ENDING.search(path) else ""

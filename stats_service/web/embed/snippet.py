"""The lines that a portal pastes into its pages."""

from html import escape

from stats_service.web.embed.files import EmbedFile


def snippet(base: str, slug: str, file: EmbedFile, *, pinned: bool = True) -> str:
    """Return the HTML for the pages of a site.

    Args:
        base: URL of the service with its path prefix, e.g. `https://dem.example.vn/v1`.
        slug: the site.
        file: the version to embed.
        pinned: name this version and its hash, so that the browser runs these very bytes or
            none; otherwise the page follows the newest version, without that protection.
    """
    folder, site = escape(base.rstrip("/")), escape(slug)
    name, integrity = "embed.js", ""
    if pinned:
        name = file.name
        integrity = f'\n        integrity="{file.integrity}" crossorigin="anonymous"'
    return (
        f'<script async src="{folder}/{name}" data-site="{site}"{integrity}></script>\n'
        f'<noscript><img src="{folder}/{site}/dot.gif" alt="" width="1" height="1"\n'
        '        referrerpolicy="no-referrer-when-downgrade"></noscript>\n'
    )

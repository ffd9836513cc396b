"""The requested page of a list."""

#: Most pages of a list.
PAGE_MAX = 100_000


def page_number(text: str) -> int:
    """Return the page number in the query; an invalid one becomes the first page."""
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        return 1
    return min(max(1, int(text)), PAGE_MAX)

"""Pages of a list: which one is asked for."""

#: No list has more pages.
PAGE_MAX = 100_000


def page_number(text: str) -> int:
    """Return the page that the query asks for; whatever cannot be used becomes the first."""
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        return 1
    return min(max(1, int(text)), PAGE_MAX)

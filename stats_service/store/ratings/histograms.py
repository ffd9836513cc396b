"""Ratings by score, as Redis keeps them for an article: `0,1,0,3,9`."""


def histogram(stored: bytes | str | None) -> tuple[int, ...]:
    """Return the number of ratings by score, from 1; empty without ratings."""
    if not stored:
        return ()
    text = stored.decode() if isinstance(stored, bytes) else stored
    return tuple(map(int, text.split(",")))

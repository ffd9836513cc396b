"""Ratings of an article by score, in the format of Redis: `0,1,0,3,9`."""


def histogram(stored: bytes | str | None) -> tuple[int, ...]:
    """Return the ratings by score, from 1; empty if there are none."""
    if not stored:
        return ()
    text = stored.decode() if isinstance(stored, bytes) else stored
    return tuple(map(int, text.split(",")))

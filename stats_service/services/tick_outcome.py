"""What the regular work tells of itself."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """Something that was done, or could not be."""

    text: str
    failed: bool = False

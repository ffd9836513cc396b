"""A compact set of names: millions of them in some megabytes."""

from array import array

_EMPTY = 0
_MASK = 2**64 - 1


class SeenNames:
    """A set of names, by 64 bits of each.

    A Python set takes some hundred bytes for a name. Two of ten million names share their bits
    with a probability of 1 in 400,000.
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * 1024))
        self._number = 0

    def add(self, name: str) -> bool:
        """Add a name; return False if it was in the set."""
        value = hash(name) & _MASK or 1
        place = self._place(value)
        if self._slots[place] == value:
            return False
        self._slots[place] = value
        self._number += 1
        if 2 * self._number > len(self._slots):
            self._grow()
        return True

    def _place(self, value: int) -> int:
        """Return the position of a value, or the one where it belongs."""
        slots, mask = self._slots, len(self._slots) - 1
        place = value & mask
        while slots[place] not in (_EMPTY, value):
            place = (place + 1) & mask
        return place

    def _grow(self) -> None:
        before = self._slots
        self._slots = array("Q", bytes(16 * len(before)))
        for value in before:
            if value:
                self._slots[self._place(value)] = value

"""Revisions: what somebody read before changing it, so that nobody undoes another's change unseen.

A revision is a digest of the values that a form shows, or a program got. Whoever changes them
hands it in; it is compared with what stands where the change is written, in the step that writes.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from stats_service.errors import Difference, StaleError

#: Hexadecimal digits of a revision: two states of one thing are told apart, nobody is kept out.
DIGITS = 16


def revision_of(values: Mapping[str, Any]) -> str:
    """Return the revision of a thing that has these values now."""
    text = msgspec.json.encode(dict(values), order="deterministic")
    return hashlib.sha256(text).hexdigest()[:DIGITS]


def check_revision(known: str, standing: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Return if a change was made from what stands, or asks for nothing else.

    Args:
        known: the revision that the change was made from; empty: whoever makes it did not say.
        standing: the values now, of the fields that the revision is of.
        wanted: what the fields are to become.

    Raises:
        StaleError: they are others by now; with both versions of each field.
    """
    current = revision_of(standing)
    if known and known != current:
        raise_stale(current, standing, wanted)


def raise_stale(current: str, standing: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise StaleError with the fields in which `wanted` differs from what stands; if any does."""
    differences = tuple(
        Difference(name, value, now)
        for name, value, now in (
            (name, msgspec.to_builtins(value), msgspec.to_builtins(standing.get(name)))
            for name, value in wanted.items()
        )
        if value != now
    )
    if differences:
        raise StaleError(current, differences)

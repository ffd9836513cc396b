"""Kinds of clicks for people."""

from flask_babel import gettext as _


def kind_names() -> dict[str, str]:
    """Return what the kinds of clicks are called, by kind."""
    return {
        "document": _("Documents"),
        "outgoing": _("Outgoing links"),
        "action": _("Named actions"),
    }

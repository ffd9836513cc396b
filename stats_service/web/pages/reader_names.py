"""What dimensions of visits and their values are called, in the language of the page."""

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _

from stats_service.models.traffic.readers import DIRECT, INTERNAL, MAIL, SPAM


def group_names() -> dict[str, str]:
    """Return what a site can switch off, by `models.traffic.readers.GROUPS`."""
    return {
        "source": _("Sources"),
        "campaign": _("Campaigns"),
        "entry": _("Entry articles"),
        "device": _("Devices"),
        "browser": _("Browsers"),
        "system": _("Systems"),
        "country": _("Countries"),
        "language": _("Languages"),
    }


def dimension_names() -> dict[str, str]:
    """Return the dimensions, by their names in `models.traffic.readers.DIMENSIONS`."""
    return group_names() | {
        "campaign_source": _("Source of the campaign (utm_source)"),
        "campaign_medium": _("Medium (utm_medium)"),
        "campaign_content": _("Content (utm_content)"),
        "campaign_term": _("Term (utm_term)"),
        "click": _("Clicks with a mark"),
        "browser_version": _("Versions"),
    }


def value_name(dimension: str, value: str) -> str:
    """Return what a value is called; as it was counted if it has no name in the language."""
    locale = get_locale() or Locale("vi")
    if dimension == "source":
        names = {
            DIRECT: _("Direct"),
            MAIL: _("Mail"),
            INTERNAL: _("Internal network"),
            SPAM: _("Referrer spam"),
        }
        return str(names.get(value, value))
    if dimension == "device":
        names = {
            "phone": _("Phone"),
            "tablet": _("Tablet"),
            "computer": _("Computer"),
            "television": _("Television"),
        }
        return str(names.get(value, value))
    if dimension == "country":
        return str(locale.territories.get(value, value))
    if dimension == "language":
        name = str(locale.languages.get(value, value))
        return name[:1].upper() + name[1:]
    return value

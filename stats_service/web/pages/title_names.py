"""Why an article has no title, in the language of the page."""

from flask_babel import gettext as _


def trouble_names() -> dict[str, str]:
    """Return the reasons, by `models.titles.TROUBLES`."""
    return {
        "away": _("The page did not answer"),
        "status": _("The page answered with an error"),
        "missing": _("The page does not exist (any more)"),
        "robots": _("robots.txt forbids reading the page"),
        "elsewhere": _("The page leads away from the article"),
        "no-page": _("It is no page but a file"),
        "no-title": _("The page has no title"),
        "same": _("The page is called like the front page"),
        "echo": _("The page is called by words of its address, as results of a search are"),
        "charset": _("The page is in an unknown encoding"),
        "refused": _("The address may not be called"),
    }

"""The systems that portals run on, with what their addresses carry that names no article.

A site gets these parameters when it is made; afterwards they are settings like any others. None of
them may merge two articles: where a system names articles behind the question mark, only what
names none is left out.
"""

from stats_service.errors import InvalidInputError

#: By name: the site's `article_parameters`.
SYSTEMS: dict[str, tuple[str, ...]] = {
    "dnn": ("-popup", "-mid", "-ctl", "-returntabid"),
    "dokuwiki": ("-do", "-rev", "-idx", "-purge", "-rev2"),
    "drupal": ("-destination", "-check_logged_in"),
    # The menu that somebody came by, and what templates try out.
    "joomla": ("-itemid", "-lang_switch", "-template", "-tp"),
    "liferay": ("-p_p_resource_id", "-p_l_mode"),
    "mediawiki": ("-action", "-veaction", "-oldid", "-diff", "-redirect", "-mobileaction"),
    "nukeviet": ("-nv_redirect", "-checkss", "-nocache_t", "-theme"),
    "sharepoint": ("-source", "-isdlg", "-initialtabid", "-visibilitycontext", "-web"),
    # Files name themselves.
    "static": ("none",),
    "wordpress": ("-preview", "-preview_id", "-preview_nonce", "-unapproved", "-moderation-hash"),
}


def parameters_of(system: str) -> tuple[str, ...]:
    """Return the parameters for a system, none for an empty name; InvalidInputError if unknown."""
    if system and system not in SYSTEMS:
        raise InvalidInputError(
            "system {system!r}: use one of {systems}, or none.",
            system=system[:40],
            systems=", ".join(SYSTEMS),
        )
    return SYSTEMS.get(system, ())

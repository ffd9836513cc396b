"""How to put the counter into a portal: the snippet, and where each system wants it."""

from flask import Blueprint, render_template
from flask_babel import gettext as _

from stats_service.web.admin.access import access, site
from stats_service.web.context import services
from stats_service.web.embed.scripts import embed_files
from stats_service.web.embed.snippet import snippet

bp = Blueprint("install", __name__, url_prefix="/sites/<slug>/install")


@bp.get("")
@access("viewer")
def show() -> str:
    """Show the snippet, the widgets, and the places."""
    settings = services().settings
    base = settings.base_url + settings.path_prefix
    file = embed_files().newest
    return render_template(
        "admin/install.html",
        pinned=snippet(base, site().slug, file),
        newest=snippet(base, site().slug, file, pinned=False),
        public_url=settings.public_url,
        places=places(),
        widgets=widgets(),
    )


def places() -> list[tuple[str, str]]:
    """Return the systems, and where each takes the snippet."""
    return [
        ("HTML", _("Into every page, just before </body>: usually one shared footer file.")),
        (
            "WordPress",
            _(
                "Appearance › Theme File Editor › footer.php, before wp_footer(); or a plugin that "
                "inserts code into the footer."
            ),
        ),
        (
            "Joomla",
            _(
                "System › Site Templates › your template › index.php, before </body>. The editor's "
                "text filter would remove a script from an article."
            ),
        ),
        ("Drupal", _("The theme's html.html.twig, before the closing body tag.")),
        (
            "SharePoint",
            _(
                "The master page in SharePoint Designer, before </body>; a Script Editor web part "
                "counts only its own page."
            ),
        ),
        ("DNN", _("Site Settings › SEO or the skin's .ascx file: at its end.")),
        ("Liferay", _("Site Settings › Pages › JavaScript › Bottom, or portal_normal.ftl.")),
    ]


def widgets() -> list[tuple[str, str]]:
    """Return what can be shown on a page, and its markup."""
    return [
        (_("Visits: total, online, today"), "<stats-visits></stats-visits>"),
        (_("Views of this article"), "<stats-views></stats-views>"),
        (_("The current poll"), "<stats-poll></stats-poll>"),
        (_("Rating of this article"), "<stats-rating></stats-rating>"),
    ]

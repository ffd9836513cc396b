"""Where each system takes the snippet: step by step, with the code in the system's own form."""

from typing import NamedTuple

from flask_babel import gettext as _

from stats_service.web.embed.snippet import Embedding


class Step(NamedTuple):
    """One thing to do."""

    text: str
    #: What to paste; empty: nothing.
    code: str = ""


class Place(NamedTuple):
    """One system."""

    #: Lower-case letters.
    id: str
    name: str
    #: Which versions the steps were written for; empty where that makes no difference.
    versions: str
    steps: tuple[Step, ...]
    #: Where widgets go.
    widgets: str


def places(embedding: Embedding) -> list[Place]:
    """Return the systems, the most general first."""
    return [
        _html(embedding),
        _wordpress(embedding),
        _joomla(embedding),
        _drupal(embedding),
        _sharepoint(embedding),
        _sharepoint_online(embedding),
        _dnn(embedding),
        _liferay(embedding),
    ]


def _html(embedding: Embedding) -> Place:
    return Place(
        "html",
        _("HTML, or a system of your own"),
        "",
        (
            Step(_("Open the file that every page shares, usually the one of the footer.")),
            Step(_("Paste this just before </body>:"), embedding.html()),
            Step(_("Publish it, and empty the cache of the site if it has one.")),
        ),
        _("Anywhere in the page's body."),
    )


def _wordpress(embedding: Embedding) -> Place:
    return Place(
        "wordpress",
        "WordPress",
        "5.7+",
        (
            Step(
                _(
                    "Make the file wp-content/mu-plugins/stats.php, and the folder if it is not "
                    "there. What lies there runs by itself and survives updates of the theme."
                )
            ),
            Step(_("Put this into the file:"), embedding.php()),
            Step(
                _(
                    "Empty the cache of your cache plugin. Without access to files, paste the "
                    "lines for HTML into a plugin that inserts code into the footer instead."
                )
            ),
        ),
        _(
            "A block “Custom HTML” in a page, a template or a sidebar. Where an account may not "
            "use unknown tags (authors; all but super admins in a network), take the form for "
            "editors that strip tags."
        ),
    )


def _joomla(embedding: Embedding) -> Place:
    return Place(
        "joomla",
        "Joomla",
        "4, 5, 6",
        (
            Step(
                _(
                    "System › Site Templates, then “Details and Files” of the template that your "
                    "pages use."
                )
            ),
            Step(_("Open index.php and paste this just before </body>:"), embedding.html()),
            Step(
                _(
                    "Save, and empty the cache: System › Clear Cache. An update may overwrite the"
                    " templates that come with Joomla (Cassiopeia): use a child template that has"
                    " an index.php of its own, or look again after updates."
                )
            ),
        ),
        _(
            "Content › Site Modules › New › Custom, with the editor switched off. The text "
            "filters in the Global Configuration must let the account use unknown tags; otherwise"
            " take the form for editors that strip tags."
        ),
    )


def _drupal(embedding: Embedding) -> Place:
    return Place(
        "drupal",
        "Drupal",
        "9, 10, 11",
        (
            Step(
                _(
                    "In the folder of your own theme open templates/layout/html.html.twig. If it "
                    "is not there, copy core/modules/system/templates/html.html.twig to that "
                    "place."
                )
            ),
            Step(_("Paste this just before </body>:"), embedding.html()),
            Step(
                _(
                    "Configuration › Development › Performance › Clear all caches, or “drush cr” "
                    "on the server."
                )
            ),
        ),
        _(
            "Structure › Block layout › Place block, with a block of your own in the text format "
            "Full HTML: formats that limit HTML tags remove the widgets."
        ),
    )


def _sharepoint(embedding: Embedding) -> Place:
    return Place(
        "sharepoint",
        _("SharePoint Server (classic pages)"),
        "2016, 2019, SE",
        (
            Step(
                _(
                    "Site settings › Design Manager › Edit Master Pages, or SharePoint Designer. "
                    "If the master page has an .html file of the same name, edit that one: the "
                    ".master file follows it."
                )
            ),
            Step(
                _("Paste this just before </body>. It is well-formed XML, as SharePoint demands:"),
                embedding.xml(),
            ),
            Step(_("Check the file in and publish it as a major version.")),
        ),
        _("A web part “Script Editor” on the page, or the master page itself."),
    )


def _sharepoint_online(embedding: Embedding) -> Place:
    origin = "/".join(embedding.base.split("/")[:3])
    return Place(
        "sharepointonline",
        _("SharePoint Online (modern pages)"),
        "SPFx",
        (
            Step(
                _(
                    "Modern pages take scripts from an extension alone. Make one of the kind "
                    "“Application Customizer” with the SharePoint Framework, with this class:"
                ),
                embedding.typescript(),
            ),
            Step(
                _(
                    "Put its package into the app catalog and enable it for all sites. Allow the "
                    "service as a source of scripts, which SharePoint otherwise blocks:"
                ),
                f"Add-SPOContentSecurityPolicy -Source {origin}\n",
            ),
        ),
        _("Modern pages take no tags of their own: use a badge as an image, or the public page."),
    )


def _dnn(embedding: Embedding) -> Place:
    return Place(
        "dnn",
        "DNN (DotNetNuke)",
        "9, 10",
        (
            Step(
                _(
                    "Settings › Site Settings › Site Behavior › Default Pages, field “HTML Page "
                    "Header Tags” (“Page Header Tags” in newer versions)."
                )
            ),
            Step(_("Add this at the end of the field, and save:"), embedding.script()),
            Step(
                _(
                    "Settings › Servers › Clear Cache. If your account has no such field: the "
                    "lines for HTML go to the end of each .ascx file of the theme in "
                    "Portals/_default/Skins."
                )
            ),
        ),
        _(
            "An HTML module, in the source view of its editor. If the editor removes the tag, "
            "take the form for editors that strip tags."
        ),
    )


def _liferay(embedding: Embedding) -> Place:
    return Place(
        "liferay",
        "Liferay",
        "7.x, DXP",
        (
            Step(
                _(
                    "Site Builder › Pages, then Options (⋮) › Configuration; in older versions "
                    "the gear beside Public Pages. Find the field JavaScript, which is run at the"
                    " bottom of every page."
                )
            ),
            Step(_("Paste this, without any tag around it, and save:"), embedding.javascript()),
            Step(
                _(
                    "If there is no such field: the lines for HTML go into portal_normal.ftl of "
                    "your theme, just before </body>."
                )
            ),
        ),
        _("A fragment “HTML”, or web content in the source view of its editor."),
    )

"""SharePoint, DNN and Liferay."""

from flask_babel import gettext as _

from stats_service.web.admin.install.places.place import Place, Step
from stats_service.web.embed.snippet import Embedding


def sharepoint(embedding: Embedding) -> Place:
    """Return the steps for classic pages of SharePoint."""
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


def sharepoint_online(embedding: Embedding) -> Place:
    """Return the steps for modern pages of SharePoint."""
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


def dnn(embedding: Embedding) -> Place:
    """Return the steps for DNN."""
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


def liferay(embedding: Embedding) -> Place:
    """Return the steps for Liferay."""
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

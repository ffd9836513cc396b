"""Systems that manage the contents of a portal."""

from flask_babel import gettext as _

from stats_service.web.admin.install.places.place import Place, Step
from stats_service.web.embed.snippet import Embedding


def wordpress(embedding: Embedding) -> Place:
    """Return the steps for WordPress."""
    return Place(
        "wordpress",
        "WordPress",
        "5.9+",
        (
            Step(
                _(
                    "Plugins › Add New › Upload Plugin: this file. Install it and activate it. It "
                    "leaves out pages that are not there, searches, previews and people who edit."
                ),
                download="wordpress.zip",
            ),
            Step(_("Settings › Stats Service. The service's address:"), embedding.base),
            Step(_("The site, then save:"), embedding.slug),
            Step(_("Empty the cache of your cache plugin.")),
            Step(
                _(
                    "Instead of the plug-in, without an account that may install any: make the "
                    "file wp-content/mu-plugins/stats.php (and the folder if it is not there) with "
                    "this. It runs by itself and survives updates of the theme."
                ),
                embedding.php(),
            ),
        ),
        _(
            "The plug-in has a block and a shortcode for each: [stats_visits], [stats_views], "
            "[stats_poll], [stats_rating], [stats_archive]. In a list each item shows its own "
            "number."
        ),
    )


def nukeviet(embedding: Embedding) -> Place:
    """Return the steps for NukeViet."""
    return Place(
        "nukeviet",
        "NukeViet",
        "4.5",
        (
            Step(
                _(
                    "Unpack this file into the root of the portal; it goes to "
                    "themes/default/blocks. Copy the three files to the blocks of every other "
                    "theme that is used, also the mobile one (themes/mobile_default/blocks)."
                ),
                download="nukeviet.zip",
            ),
            Step(
                _(
                    "Quản lý giao diện › Quản lý block › Thêm block: choose “global "
                    "stats_service”. The service's address:"
                ),
                embedding.base,
            ),
            Step(_("The site:"), embedding.slug),
            Step(
                _(
                    "Choose a position and apply it to all modules. Do the same in the mobile "
                    "theme; its readers are not counted otherwise."
                )
            ),
            Step(_("Công cụ web › Dọn dẹp hệ thống: empty the cache.")),
            Step(
                _(
                    "Without the block, the lines for HTML go into layout/footer_only.tpl of each "
                    "theme, just before </body>. Administrators and searches then count as well."
                )
            ),
        ),
        _(
            "The block shows one of them. In lists of the module news, put the line for the views "
            'of an article with data-article="link" behind the title in viewcat_….tpl.'
        ),
    )


def joomla(embedding: Embedding) -> Place:
    """Return the steps for Joomla."""
    return Place(
        "joomla",
        "Joomla",
        "3, 4, 5, 6",
        (
            Step(
                _(
                    "System › Site Templates, then “Details and Files” of the template that your "
                    "pages use. In Joomla 3: Extensions › Templates › Templates."
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


def drupal(embedding: Embedding) -> Place:
    """Return the steps for Drupal."""
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


def dokuwiki(embedding: Embedding) -> Place:
    """Return the steps for DokuWiki."""
    return Place(
        "dokuwiki",
        "DokuWiki",
        "",
        (
            Step(
                _(
                    "Make the file lib/tpl/dokuwiki/footer.html (the folder of the template that "
                    "you use), which is put at the end of every page, with this:"
                ),
                embedding.html(),
            ),
            Step(_("Save the configuration once, which empties the cache.")),
        ),
        _("In footer.html or sidebarheader.html of the template; pages themselves take no HTML."),
    )


def mediawiki(embedding: Embedding) -> Place:
    """Return the steps for MediaWiki."""
    return Place(
        "mediawiki",
        "MediaWiki",
        "1.35+",
        (
            Step(_("Add this to the end of LocalSettings.php:"), mediawiki_code(embedding)),
            Step(_("What is edited, special pages and pages that are not there are left out.")),
        ),
        _("In the same place of LocalSettings.php; pages themselves take no HTML."),
    )


def mediawiki_code(embedding: Embedding) -> str:
    """Return what MediaWiki runs at the end of every page that is read."""
    return (
        "$wgHooks['SkinAfterBottomScripts'][] = function ( $skin, &$text ) {\n"
        "\t$title = $skin->getTitle();\n"
        "\t$action = $skin->getRequest()->getVal( 'action', 'view' );\n"
        "\tif ( !$title || !$title->exists() || $action !== 'view' ) {\n"
        "\t\treturn;\n"
        "\t}\n"
        "\t$text .= <<<'HTML'\n"
        f"{embedding.html()}"
        "HTML;\n"
        "};\n"
    )

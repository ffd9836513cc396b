"""Pages of one's own: files, generators, applications, tag managers."""

from flask_babel import gettext as _

from stats_service.web.admin.install.places.place import Place, Step
from stats_service.web.embed.snippet import Embedding


def html(embedding: Embedding) -> Place:
    """Return the steps for plain HTML."""
    return Place(
        "html",
        _("HTML, or a system of your own"),
        "",
        (
            Step(_("Open the file that every page shares, usually the one of the footer.")),
            Step(_("Paste this just before </body>:"), embedding.html()),
            Step(_("Publish it, and empty the cache of the site if it has one.")),
            Step(
                _(
                    "Where something combines or delays scripts (LiteSpeed Cache, WP Rocket, "
                    "Autoptimize, Cloudflare’s Rocket Loader), use this line for the script; each "
                    "of them leaves it alone:"
                ),
                embedding.for_optimisers(),
            ),
        ),
        _("Anywhere in the page's body."),
    )


def static(embedding: Embedding) -> Place:
    """Return the steps for generators of static pages."""
    return Place(
        "static",
        _("Static site generators"),
        "Hugo, Jekyll, Eleventy, Astro",
        (
            Step(
                _(
                    "Open the layout that every page uses: layouts/_default/baseof.html in Hugo, "
                    "_layouts/default.html in Jekyll, _includes/ in Eleventy, src/layouts/ in "
                    "Astro."
                )
            ),
            Step(_("Paste this just before </body>:"), embedding.html()),
            Step(
                _(
                    "The page for addresses that do not exist (404.html) should not count: leave "
                    "the lines out there. Build and publish."
                )
            ),
        ),
        _("In layouts and in the pages themselves; Markdown takes the lines as they are."),
    )


def application(embedding: Embedding) -> Place:
    """Return the steps for applications that change their page without loading it."""
    hashed = embedding.script().replace(" async ", ' async data-views="hash" ', 1)
    called = embedding.script().replace(" async ", ' async data-views="call" ', 1)
    return Place(
        "spa",
        _("Single-page applications"),
        "React, Vue, Angular, Next, Nuxt",
        (
            Step(
                _(
                    "Paste this just before </body> of the file that every page starts from, such "
                    "as index.html. Moves by history.pushState are seen, each article is a view:"
                ),
                embedding.html(),
            ),
            Step(
                _("If the routes are behind a # (/app/#/news/1), use this script line instead:"),
                hashed,
            ),
            Step(
                _(
                    "To count by your own code, use this one, and call stats.view(key) for each "
                    "article; without a key it is the address:"
                ),
                called,
            ),
        ),
        _("As elements in the components: <stats-visits>, <stats-views>, <stats-poll>."),
    )


def tag_manager(embedding: Embedding) -> Place:
    """Return the steps for tag managers, which strip attributes of scripts."""
    return Place(
        "gtm",
        "Google Tag Manager",
        "",
        (
            Step(_("Tags › New › Tag Configuration › Custom HTML.")),
            Step(_("Paste this:"), f"<script>\n{embedding.javascript()}</script>\n"),
            Step(
                _(
                    "As trigger choose “All Pages” (Page View), save, and submit the version. "
                    "Readers whose browser blocks tag managers are not counted: the lines for HTML "
                    "in the page itself count them too."
                )
            ),
        ),
        _("In the pages of the portal, not in the tag manager."),
    )

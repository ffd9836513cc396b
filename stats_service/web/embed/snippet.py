"""The lines that a portal pastes into its pages, in the form that its system wants."""

import json
from dataclasses import dataclass
from html import escape

from stats_service.web.embed.files import EmbedFile

#: What LiteSpeed Cache, Autoptimize and Rocket Loader look for; WP Rocket wants `nowprocket`.
_LEFT_ALONE = {
    "data-no-optimize": "1",
    "data-no-defer": "1",
    "data-noptimize": "1",
    "data-cfasync": "false",
}


@dataclass(frozen=True, slots=True)
class Embedding:
    """The script of one site, and the pixel for browsers without JavaScript."""

    #: URL of the service with its path prefix, e.g. `https://dem.example.vn/v1`.
    base: str
    slug: str
    file: EmbedFile
    #: Name this version and its hash, so that the browser runs these very bytes or none;
    #: otherwise the page follows the newest version, without that protection.
    pinned: bool = True

    @property
    def src(self) -> str:
        """URL of the script."""
        return f"{self.base.rstrip('/')}/{self.file.name if self.pinned else 'embed.js'}"

    @property
    def pixel(self) -> str:
        """URL of the pixel."""
        return f"{self.base.rstrip('/')}/{self.slug}/dot.gif"

    def script(self) -> str:
        """Return the script element, as HTML."""
        integrity = ""
        if self.pinned:
            integrity = f'\n        integrity="{self.file.integrity}" crossorigin="anonymous"'
        return (
            f'<script async src="{escape(self.src)}" data-site="{escape(self.slug)}"'
            f"{integrity}></script>\n"
        )

    def for_optimisers(self) -> str:
        """Return the script element so that whatever combines or delays scripts leaves it alone."""
        names = " ".join(f'{name}="{value}"' for name, value in _LEFT_ALONE.items())
        return self.script().replace(
            "<script async", f"<script async nowprocket {names}\n       ", 1
        )

    def html(self) -> str:
        """Return the script element and the pixel, as HTML; for the body, best at its end."""
        return self.script() + self.noscript()

    def noscript(self) -> str:
        """Return the pixel, as HTML; an image in the head would end the head.

        Pages that scripts put together (Turbo, htmx) and XHTML have what is in `noscript` as real
        elements, and lose the `noscript` itself if it stood in the head. A lazy image that is
        hidden is not loaded there; where no script may run, nothing is lazy.
        `crossorigin` makes the browser say where the page really stands.
        """
        return (
            f'<noscript><span hidden><img src="{escape(self.pixel)}" alt="" width="1" height="1"\n'
            '        loading="lazy" crossorigin="anonymous"\n'
            '        referrerpolicy="no-referrer-when-downgrade"></span></noscript>\n'
        )

    def xml(self) -> str:
        """Return the same as well-formed XML, which is HTML as well."""
        return (
            self.html()
            .replace("<script async ", '<script async="async" ')
            .replace("<span hidden>", '<span hidden="hidden">')
            .replace('"></span>', '" /></span>')
        )

    def php(self) -> str:
        """Return a plugin for WordPress that prints it at the foot of every page.

        A page that is not there, a search, a preview and what somebody sees who edits are not
        counted; their widgets are filled.
        """
        left_alone = "".join(
            f"\t\t'{name}' => {_php(value)},\n" for name, value in _LEFT_ALONE.items()
        )
        return (
            "<?php\n"
            "/* Plugin Name: Stats service */\n"
            "add_action( 'wp_footer', function () {\n"
            "\t$counts = ! ( is_404() || is_search() || is_preview() || current_user_can( "
            "'edit_posts' ) );\n"
            "\twp_print_script_tag( array(\n"
            f"\t\t'src' => {_php(self.src)},\n"
            "\t\t'async' => true,\n"
            f"\t\t'data-site' => {_php(self.slug)},\n"
            "\t\t'data-opt' => $counts ? '' : 'out',\n"
            f"\t\t'integrity' => {_php(self.file.integrity)},\n"
            "\t\t'crossorigin' => 'anonymous',\n"
            "\t\t'nowprocket' => true,\n"
            f"{left_alone}"
            "\t) );\n"
            "\tif ( ! $counts ) {\n"
            "\t\treturn;\n"
            "\t}\n"
            "?>\n"
            f"{self.noscript()}"
            "<?php\n"
            "} );\n"
        )

    def javascript(self) -> str:
        """Return code that puts the script into the page it runs on."""
        return f"(function () {{\n{self._statements('var ')}}})();\n"

    def typescript(self) -> str:
        """Return an application customizer of SharePoint that does so on every page."""
        body = self._statements("const ").replace("\n  ", "\n    ")
        return (
            "import { BaseApplicationCustomizer } from '@microsoft/sp-application-base';\n\n"
            "export default class StatsApplicationCustomizer\n"
            "  extends BaseApplicationCustomizer<object> {\n"
            "  public onInit(): Promise<void> {\n"
            f"  {body}"
            "    return Promise.resolve();\n"
            "  }\n"
            "}\n"
        )

    def _statements(self, declare: str) -> str:
        return (
            f'  {declare}script = document.createElement("script");\n'
            "  script.async = true;\n"
            f"  script.src = {json.dumps(self.src)};\n"
            f"  script.integrity = {json.dumps(self.file.integrity)};\n"
            '  script.crossOrigin = "anonymous";\n'
            f'  script.setAttribute("data-site", {json.dumps(self.slug)});\n'
            "  document.head.appendChild(script);\n"
        )


def snippet(base: str, slug: str, file: EmbedFile, *, pinned: bool = True) -> str:
    """Return the HTML for the pages of a site; the arguments are those of `Embedding`."""
    return Embedding(base, slug, file, pinned).html()


def _php(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

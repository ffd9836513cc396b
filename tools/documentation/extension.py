"""What the generator does for these pages alone: search, anchors, languages, descriptions."""

import gettext
import unicodedata
from typing import Any

import docutils.languages
import docutils.parsers.rst.languages
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.search import SearchLanguage
from sphinx.search.en import SearchEnglish

from tools.documentation.words import VIETNAMESE

#: As long as search engines show it, in characters.
DESCRIPTION_LENGTH = 160
DESCRIPTION_LEAST = 40
#: Splits what is searched for as `fold` and `\w+` split a page.
SPLITTER = r"""
function splitQuery(query) {
  const bare = query.normalize("NFD").replace(/\p{M}+/gu, "");
  const folded = bare.replace(/đ/g, "d").replace(/Đ/g, "D");
  return folded.split(/[^\p{Letter}\p{Number}_]+/u).filter((term) => term);
}
"""


def fold(text: str) -> str:
    """Return a text without the marks of letters: `bình chọn` is found as `binh chon`."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


class Vietnamese(SearchLanguage):
    """Syllables as they are, without marks and without the endings that English has."""

    lang = "vi"
    language_name = "Vietnamese"
    js_splitter_code = SPLITTER

    def split(self, input: str) -> list[str]:  # noqa: A002 - the name is that of the class above
        """Return the words of a text, folded."""
        return super().split(fold(input))

    def stem(self, word: str) -> str:
        """Return the word in small letters, as the page of results asks for it."""
        return word.lower()


class English(SearchEnglish):
    """English, in which Vietnamese words are found without their marks as well."""

    js_splitter_code = SPLITTER

    def split(self, input: str) -> list[str]:  # noqa: A002
        """Return the words of a text, folded."""
        return super().split(fold(input))


class _Words(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return VIETNAMESE.get(" ".join(message.split()), message)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register everything with the generator."""
    # docutils warns of a language for which it has no words, and needs none of them here.
    for languages in (docutils.languages, docutils.parsers.rst.languages):
        languages.get_language.cache["vi"] = languages.get_language("en")
    app.add_search_language(Vietnamese)
    app.add_search_language(English)
    app.add_config_value("counterparts", {}, "env")
    app.connect("builder-inited", _translate)
    app.connect("doctree-read", _keep_anchors)
    app.connect("html-page-context", _describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _translate(app: Sphinx) -> None:
    if app.config.language == "vi":
        app.builder.templates.environment.install_gettext_translations(_Words())


def _keep_anchors(_app: Sphinx, doctree: nodes.document) -> None:
    """Let a heading have the anchor that the repository and the admin pages' help give it."""
    for section in doctree.findall(nodes.section):
        slug = section.get("slug")
        if slug and slug not in section["ids"]:
            section["ids"].insert(0, slug)


def _describe(
    app: Sphinx,
    page: str,
    _template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Give a page its description and its address in the other language."""
    context["counterpart"] = app.config.counterparts.get(page, "")
    context["other_language"] = "en" if app.config.language == "vi" else "vi"
    context["description"] = _description(doctree) if doctree else ""


def _description(doctree: nodes.document) -> str:
    """Return the first paragraph that is more than a date or a line of links."""
    paragraphs = [" ".join(found.astext().split()) for found in doctree.findall(nodes.paragraph)]
    words = next((text for text in paragraphs if len(text) >= DESCRIPTION_LEAST), "")
    if len(words) > DESCRIPTION_LENGTH:
        words = words[:DESCRIPTION_LENGTH].rpartition(" ")[0] + "…"
    return words

"""What the articles of a site are called, as lists show it."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.titles import ADMIN, TITLE_MAX, Title, TitleCounts, TitleReading
from stats_service.models.traffic.views import OTHER_ARTICLES
from stats_service.services.accounts.audit import entry_of
from stats_service.services.articles.normal_form import has_endless_marks
from stats_service.store.traffic.titles import NO_ARTICLE, TOO_MANY, TitleStore, titles_max

#: Control characters and direction signs, surrogates and noncharacters; and what has no width,
#: or is a blank letter.
_UNSHOWN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\uffff\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
#: Longest text of which a title is made; the rest of a longer one is not looked at.
_RAW_MAX = 2_000


def title_text(text: str) -> str:
    """Return a title as plain text of at most `TITLE_MAX` characters; empty if nothing is left.

    In Unicode's normal form C, on one line, without control characters and direction signs.
    """
    # First: a mark belongs to the letter before what is not shown.
    text = _UNSHOWN.sub("", text[:_RAW_MAX])
    if has_endless_marks(text):
        return ""
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return plain if len(plain) <= TITLE_MAX else plain[: TITLE_MAX - 1].rstrip() + "…"


class Titles:
    """Titles of articles: looked up for lists, set by administrators."""

    def __init__(self, store: TitleStore) -> None:
        self._store = store

    def of(self, site: Site, articles: Iterable[str]) -> dict[str, str]:
        """Return the titles of those of `articles` (keys) that have one, in one round trip."""
        return {
            article: title.text
            for article, title in self.known(site, articles).items()
            if title.text
        }

    def known(self, site: Site, articles: Iterable[str]) -> dict[str, Title]:
        """Return what is known of the titles of some articles, failures too."""
        keys = [key for key in dict.fromkeys(articles) if key and key != OTHER_ARTICLES]
        return self._store.read(site.slug, keys)

    def set(self, site: Site, article: str, text: str, by: Author) -> Title:
        """Set the title of an article, in the stead of what its page says. Audited.

        Args:
            site: the site.
            article: its key.
            text: the title; empty: forget it, so that it is read from the page again.
            by: who sets it, and when.

        Raises:
            InvalidInputError: there is no such article, or the title is too long.
            ConflictError: the site has as many titles as it may have.
            UnknownSiteError: the site was erased meanwhile.
        """
        if len(text.strip()) > TITLE_MAX:
            raise InvalidInputError(
                "title: use at most {title_max} characters.", title_max=TITLE_MAX
            )
        plain = title_text(text)
        title = Title(text=plain, source=ADMIN, at=int(by.at)) if plain else None
        before = self.of(site, [article]).get(article, "")
        entry = entry_of(
            by, "article.titled", article, before={"title": before}, after={"title": plain}
        )
        outcome = self._store.set(site, article, title, entry)
        if outcome == NO_ARTICLE:
            raise InvalidInputError(
                "{key!r}: there is no such article. Its key is on the page of articles.",
                key=article[:80],
            )
        if outcome == TOO_MANY:
            raise ConflictError(
                "The site has {titles_max} titles, and no more are kept. Forget others first.",
                titles_max=titles_max(site),
            )
        return title or Title()

    def keep(self, site: Site, titles: Mapping[str, str], now: float) -> None:
        """Keep titles that were read elsewhere, as if the pages said so; not audited."""
        self._store.put(site, {key: Title(text=text, at=int(now)) for key, text in titles.items()})

    def counts(self, site: Site) -> TitleCounts:
        """Return how many articles have a title, and how many have none for which reason."""
        return self._store.counts(site.slug)

    def reading(self, site: Site) -> TitleReading:
        """Return how reading the portal's pages goes."""
        return self._store.reading(site.slug)

"""What a reader of tables must know of the site, and of the addresses of its articles."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.services.articles.keys import canonical_article

#: Inputs whose article is remembered, as long as one command lasts.
_REMEMBERED = 50_000
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Source:
    """What somebody says beside the files themselves."""

    site: Site
    #: Address of an article by the id of its post; for systems that know articles by number.
    posts: Mapping[str, str] = field(default_factory=dict)
    #: Address of the articles that `posts` does not have, as `/{category}/{alias}-{id}.html`;
    #: empty: the one that their system gives them unless it is set otherwise.
    pattern: str = ""
    #: What the columns of a plain table are, by their names or their numbers from 1.
    columns: Mapping[str, str] = field(default_factory=dict)
    #: Language of the texts of polls.
    language: str = "vi"
    _articles: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _hosts: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)

    def article(self, text: str) -> str:
        """Return the key of an article, or an empty text if it can be none."""
        if (found := self._articles.get(text)) is not None:
            return found
        try:
            found = canonical_article(text, self.site.article_parameters) if text else ""
        except InvalidInputError:
            found = ""
        if len(self._articles) >= _REMEMBERED:
            self._articles.clear()
        self._articles[text] = found
        return found

    def post(self, number: str, pattern: str, **parts: str) -> str:
        """Return the key of the article with a number.

        Args:
            number: of the article, in its own system.
            pattern: address that its system gives it.
            parts: what may stand in an address, by name (`alias`, `category`).
        """
        if address := self.posts.get(number):
            return self.article(address)
        parts["id"] = number
        pattern = self.pattern or pattern
        if any(not parts.get(name) for name in _PLACE.findall(pattern)):
            return ""
        return self.article(_PLACE.sub(lambda match: parts[match[1]], pattern))

    def is_own_host(self, host: str) -> bool:
        """Tell whether a host is one of the site's, with or without `www.`."""
        if (known := self._hosts.get(host)) is None:
            known = self._hosts[host[:300]] = self._is_own(host.strip().lower())
        return known

    def _is_own(self, host: str) -> bool:
        if len(self._hosts) >= _REMEMBERED:
            self._hosts.clear()
        other = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
        return host in self.site.hosts or other in self.site.hosts

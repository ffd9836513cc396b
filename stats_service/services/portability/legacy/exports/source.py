"""What the reader of a table needs to know about the site and the addresses of its articles."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import ADDRESSES_KNOWN
from stats_service.models.sites import Site
from stats_service.services.articles.keys import canonical_article

#: Number of inputs whose article is cached during one command.
_REMEMBERED = 50_000
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Source:
    """What the person states about the files."""

    site: Site
    #: Address of an article by its post id, for systems that store articles by number.
    posts: Mapping[str, str] = field(default_factory=dict)
    #: Pattern for the addresses that are not in `posts`, such as `/{category}/{alias}-{id}.html`;
    #: empty: the default of the system.
    pattern: str = ""
    #: Columns of a plain table, by name or by number from 1.
    columns: Mapping[str, str] = field(default_factory=dict)
    #: Language of the polls.
    language: str = "vi"
    #: What the files call an article, by its key, if that is not the key.
    addresses: dict[str, str] = field(default_factory=dict, compare=False)
    _articles: dict[str, str] = field(default_factory=dict, repr=False, compare=False)
    _hosts: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)

    def article(self, text: str) -> str:
        """Return the key of an article, or an empty text if the input is not a valid article."""
        if (found := self._articles.get(text)) is not None:
            return found
        try:
            found = canonical_article(text, self.site.article_parameters) if text else ""
        except InvalidInputError:
            found = ""
        if len(self._articles) >= _REMEMBERED:
            self._articles.clear()
        self._articles[text] = found
        if found and found != text and len(self.addresses) < ADDRESSES_KNOWN:
            self.addresses.setdefault(found, text)
        return found

    def post(self, number: str, pattern: str, **parts: str) -> str:
        """Return the key of an article by its number.

        Args:
            number: number of the article in the other system.
            pattern: the system's default pattern for addresses.
            parts: values for the pattern, by name (`alias`, `category`).
        """
        if address := self.posts.get(number):
            return self.article(address)
        parts["id"] = number
        pattern = self.pattern or pattern
        if any(not parts.get(name) for name in _PLACE.findall(pattern)):
            return ""
        return self.article(_PLACE.sub(lambda match: parts[match[1]], pattern))

    def is_own_host(self, host: str) -> bool:
        """Return whether a host is one of the site's, with or without `www.`."""
        if (known := self._hosts.get(host)) is None:
            known = self._hosts[host[:300]] = self._is_own(host.strip().lower())
        return known

    def _is_own(self, host: str) -> bool:
        if len(self._hosts) >= _REMEMBERED:
            self._hosts.clear()
        other = host.removeprefix("www.") if host.startswith("www.") else f"www.{host}"
        return host in self.site.hosts or other in self.site.hosts

"""An article's rating in the words of schema.org, as search engines' rules want them.

Google shows stars for some kinds of things alone, and calls a rating of anything else, or of a
thing without a name, an error (developers.google.com/search/docs/appearance/structured-data/
review-snippet). The kinds are those of its list that need nothing but a name.
"""

from stats_service.errors import InvalidInputError
from stats_service.models.ratings import RatedArticle
from stats_service.models.sites import Site
from stats_service.services.polls.texts import clean_text
from stats_service.services.sites.sites import RATED_NAME_MAX, check_rated_type
from stats_service.services.visitors.hosts import origin_host

#: Longest URL that is printed, in characters.
URL_MAX = 2048


def aggregate_rating(
    site: Site, article: RatedArticle, asked: str, kind: str, name: str, url: str
) -> dict[str, object]:
    """Return the `AggregateRating` of an article that has been rated.

    Args:
        site: the site, which says the kind and a name where the page does not.
        article: the article and its ratings.
        asked: how the page named the article: a URL of the site is taken for its address.
        kind: what is rated, a type of schema.org; empty: what the site says.
        name: the article's name; empty: the site's for all, and the article's key.
        url: the article's address; empty: `asked`, if that is one.

    Raises:
        InvalidInputError: the kind is none that may be rated, the name cannot be shown, or the
            address is none of the site.
    """
    if url and not _is_of(site, url):
        raise InvalidInputError(
            "url {url!r}: use an address of the site, with http:// or https://.", url=url[:80]
        )
    item: dict[str, object] = {
        "@type": check_rated_type(kind) if kind else site.rated_type,
        "name": clean_text("name", name, RATED_NAME_MAX)
        if name
        else f"{site.rated_name or site.name}: {article.key}",
    }
    # Nobody knows of a path whether its page is on http or https: a guess would name another page.
    address = url or (asked if _is_of(site, asked) else "")
    if address:
        item["url"] = address.partition("#")[0]
    return {
        "@context": "https://schema.org",
        "@type": "AggregateRating",
        "itemReviewed": item,
        "ratingValue": article.rating.average,
        "ratingCount": article.rating.count,
        "bestRating": article.rating.scale,
        "worstRating": 1,
    }


def _is_of(site: Site, text: str) -> bool:
    return len(text) <= URL_MAX and text.isprintable() and origin_host(text) in site.hosts

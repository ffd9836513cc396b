"""An article's rating as schema.org data, following the rules of search engines.

Google shows stars only for some types, and reports an error for any other type and for a thing
without a name (developers.google.com/search/docs/appearance/structured-data/review-snippet). The
types here are those that Google's list allows and that need nothing but a name.
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
        site: the site, with the type and the name to use where the page gives none.
        article: the article and its ratings.
        asked: the article as the page named it; a URL of the site serves as its address.
        kind: the schema.org type; empty: that of the site.
        name: the name of the article; empty: the site's name for all articles, or the key.
        url: the address of the article; empty: `asked`, if that is a URL.

    Raises:
        InvalidInputError: the type cannot be rated, the name cannot be shown, or the address is
            not one of the site.
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
    # A path does not say whether its page is http or https, and a guess could name another page.
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

"""A page view without I/O: from the request to a command, and from the result to a response.

`decide_view` comes before the round trip to Redis and `answer_view` after it. `recorder` calls
both, and shares the round trip between many views.
"""

import re
from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from stats_service.errors import InvalidInputError
from stats_service.models.clicks import DOCUMENT, KINDS, ClickQuery
from stats_service.models.polls import Poll, PresentedPoll
from stats_service.models.sites import Site
from stats_service.models.traffic.history import HOST_SIGN, PROGRAM_SIGN
from stats_service.models.traffic.views import (
    PageAnswer,
    PageQuery,
    SiteCounts,
    ViewCommand,
    ViewResult,
    Visitor,
)
from stats_service.services.articles.documents import document_key
from stats_service.services.articles.keys import check_number
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.periods import periods_at
from stats_service.services.polls.presentation import PresentedPolls, voting_subject
from stats_service.services.views.numbers import article_counts
from stats_service.services.visitors.addresses import in_networks, ipv6_48_prefix, network_prefix
from stats_service.services.visitors.bots import DRIVEN, bot_kind, is_bot
from stats_service.services.visitors.countries import NO_COUNTRIES, Countries
from stats_service.services.visitors.hosts import origin_host
from stats_service.services.visitors.identities import DayKey, hit_digest
from stats_service.services.visitors.traits import traits_of

#: Outcomes of a view whose sender may still get a voter token.
ISSUING_REASONS = frozenset({"", "opt-out", "excluded"})

#: Value of `frame` for a page that counts in frames of any site (`data-frame`).
FRAME_ALLOWED = "count"

#: Note for an address that is another spelling of the previous one.
SAME_ARTICLE = "same-article"

#: Placeholder for the key of a day whose salt is unknown; nothing is derived from it.
NO_DAY = DayKey(b"")

HIT_ID = re.compile(r"[A-Za-z0-9_-]{16,32}")


def decide_view(
    entry: SiteEntry,
    query: PageQuery,
    visitor: Visitor,
    now: float,
    countries: Countries = NO_COUNTRIES,
) -> ViewCommand:
    """Return the command that records `query`; errors as `ViewRecorder.record_view`."""
    article, note = _page_article(entry, query.article)
    if query.canonical and "?" in article:
        article = entry.counted_key(article, query.canonical)
    asked, listed = _listed_articles(entry, query.articles)
    documents = _documents(entry, asked) if asked else ()
    reason = ignored_reason(entry, query, visitor)
    same = is_same_article(entry, query)
    if same:
        article, note = "", SAME_ARTICLE
    if not query.beat and not HIT_ID.fullmatch(query.hit):
        raise InvalidInputError(
            "hit {hit!r}: send 16 to 32 letters, digits, '_' or '-', drawn at random for each "
            "load of a page.",
            hit=query.hit[:40],
        )
    # Midnight passed while Redis was down: without the day's salt the view has no identity.
    keys = entry.known_keys_at(now)
    network = network_prefix(visitor.address) if keys else ""
    today, before = keys or (NO_DAY, None)
    poll, voter, issue = _vote_wishes(entry, query, visitor, reason, now)
    # IPv4 has no larger network that belongs to one customer.
    ipv6_48 = today.address(ipv6_48_prefix(visitor.address)) if ":" in network else b""
    if reason:
        return ViewCommand(
            kind="beat" if query.beat or same else reason,
            article=article,
            note=note,
            asked=asked,
            listed=listed,
            documents=documents,
            rated=query.rating,
            poll=poll,
            voter=voter,
            issue=issue,
            address=today.address(network) if issue and network else b"",
            ipv6_48=ipv6_48,
            hint="" if query.beat else _name_sign(reason, visitor),
        )
    # A dropped parameter that distinguishes articles shows only in full addresses.
    sign = (
        entry.watch.sign(query.article, article, periods_at(now, entry.site.timezone).day)
        if query.article and "?" in query.article and article
        else ""
    )
    # Without an address (a Unix socket whose proxy sends none) all readers would be one visitor.
    identified = bool(network) and not visitor.private
    return ViewCommand(
        kind="beat" if query.beat or same else "view",
        hit=b"" if query.beat or same else hit_digest(query.hit),
        visitor=today.visitor(network, visitor.user_agent) if identified else b"",
        visitor_before=before.visitor(network, visitor.user_agent)
        if before and identified
        else b"",
        address=today.address(network) if network else b"",
        article=article,
        note=note,
        asked=asked,
        listed=listed,
        documents=documents,
        rated=query.rating,
        poll=poll,
        voter=voter,
        issue=issue,
        ipv6_48=ipv6_48,
        hint=sign or visitor.hint,
        traits=traits_of(entry.site, entry.hosts, visitor, query.via, countries)
        if identified and not (query.beat or same)
        else b"",
    )


def decide_read(entry: SiteEntry, query: PageQuery, now: float) -> ViewCommand:
    """Return the command that counts nothing and reads what `query` asks for.

    Raises:
        InvalidInputError: too many articles, or a text that cannot be an article.
    """
    check_number(query.articles)
    return ViewCommand(
        kind="beat",
        asked=tuple(query.articles),
        listed=tuple(map(entry.listed_key, query.articles)),
        poll=entry.polls.find(query.poll, now) if query.poll else None,
    )


def _name_sign(reason: str, visitor: Visitor) -> str:
    """Return the counter's name for a program, or for a host that is not the site's."""
    if reason == "bot":
        return PROGRAM_SIGN + (bot_kind(visitor.user_agent) or DRIVEN)
    host = origin_host(visitor.origin) if reason == "host" else None
    return HOST_SIGN + host if host else ""


def _vote_wishes(
    entry: SiteEntry, query: PageQuery, visitor: Visitor, reason: str, now: float
) -> tuple[Poll | None, bytes, bool]:
    """Return the requested poll, the voter's pseudonym in it, and whether to issue a token.

    A token is issued if the page sends an empty one. A page with an expired token may never vote,
    and requests a new token when it does.

    A reader who opted out of counting may still vote; a program may not.
    """
    poll = entry.polls.find(query.poll, now) if query.poll else None
    if query.voter is None:
        return poll, b"", False
    slug, voters = entry.site.slug, entry.voters
    voter = voters.find(slug, query.voter, now)
    if voter is None:
        wanted = query.voter == "" and reason in ISSUING_REASONS
        return poll, b"", wanted and origin_host(visitor.origin) in entry.hosts
    if poll is None:
        return None, b"", False
    subject = voting_subject(poll, entry.site.timezone, now)
    return poll, voters.pseudonym(slug, subject, voter), False


def _page_article(entry: SiteEntry, text: str | None) -> tuple[str, str]:
    """Return the key of the page's article, and a note if the text cannot be an article.

    A view with an invalid address still counts for the site.
    """
    if not text:
        return "", ""
    try:
        return entry.article_key(text), ""
    except InvalidInputError:
        return "", "article-invalid"


def is_same_article(entry: SiteEntry, query: PageQuery) -> bool:
    """Return whether the new address of a single-page application names the previous article.

    Only the server knows which addresses are one article, so the browser compares none.
    """
    if query.was is None:
        return False
    at, was = _moved_article(entry, query.at), _moved_article(entry, query.was)
    return at == was != ""


def _moved_article(entry: SiteEntry, text: str | None) -> str:
    """Return the key of an address that an application shows, or an empty string."""
    try:
        return entry.listed_key(text) if text else ""
    except InvalidInputError:
        return ""


def _listed_articles(
    entry: SiteEntry, articles: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the valid entries of `articles`, and their keys.

    One invalid link in a list must not hide the numbers of the others.
    """
    if not articles:
        return (), ()
    check_number(articles)
    asked, listed = [], []
    for text in articles:
        try:
            listed.append(entry.listed_key(text))
        except InvalidInputError:
            continue
        asked.append(text)
    return tuple(asked), tuple(listed)


def _documents(entry: SiteEntry, asked: Sequence[str]) -> tuple[str, ...]:
    """Return the keys under which clicks on documents are counted; `""` for what is none.

    A merged or renamed article does not move a document's clicks. Empty: there is none, or none is
    counted.
    """
    if DOCUMENT in entry.site.clicks_off:
        return ()
    keys = [document_key(text, entry.site.article_parameters) for text in asked]
    return tuple(keys) if any(keys) else ()


def _counted_clicks(site: Site, command: ViewCommand) -> tuple[str, ...] | UnsetType:
    """Return the kinds of clicks that a page counts: one that names a document, or every page."""
    if not (command.documents or site.clicks_everywhere):
        return UNSET
    return tuple([kind for kind in KINDS if kind not in site.clicks_off]) or UNSET


def ignored_reason(entry: SiteEntry, query: PageQuery | ClickQuery, visitor: Visitor) -> str:
    """Return why a view must not be counted, or an empty string."""
    if query.out:
        return "opt-out"
    if visitor.prefetch:
        return "prefetch"
    if not visitor.user_agent:
        return "no-user-agent"
    if query.bot or is_bot(visitor.user_agent):
        return "bot"
    if origin_host(visitor.origin) not in entry.hosts:
        return "host"
    if query.frame not in (None, FRAME_ALLOWED) and origin_host(query.frame) not in entry.hosts:
        return "frame"
    if entry.site.excluded and in_networks(visitor.address, entry.site.excluded):
        return "excluded"
    return ""


def answer_view(
    entry: SiteEntry,
    query: PageQuery,
    command: ViewCommand,
    counts: SiteCounts,
    result: ViewResult,
    now: float,
    polls: PresentedPolls | None = None,
) -> PageAnswer:
    """Return the response to `query` after Redis has recorded `command` with `result`.

    `polls` presents polls; it is passed if it is shared by many page views.
    """
    site, rated = entry.site, command.rated
    return PageAnswer(
        counted=not result.ignored,
        ignored="" if command.kind == "beat" else result.ignored,
        note=command.note or result.note,
        site=counts,
        article=UNSET
        if command.note == SAME_ARTICLE
        else article_counts(site, command.article, result.article, rated=rated, note=result.note)
        if command.article and result.article
        else None,
        articles={
            asked: article_counts(site, key, numbers, rated=rated, downloads=downloads)
            for asked, key, numbers, downloads in zip(
                command.asked,
                command.listed,
                result.listed,
                result.downloads or (None,) * len(result.listed),
                strict=True,
            )
        }
        if command.asked
        else {},
        poll=_wanted_poll(site, command, result, now, polls or PresentedPolls())
        if query.poll
        else UNSET,
        clicks=_counted_clicks(site, command),
        voter=entry.voters.issue(site.slug, now, burst=result.burst) if command.issue else UNSET,
    )


def _wanted_poll(
    site: Site, command: ViewCommand, result: ViewResult, now: float, polls: PresentedPolls
) -> PresentedPoll | None:
    if command.poll is None or result.tally is None:
        return None
    return polls.present(command.poll, result.tally, site.timezone, now, voted=result.voted)

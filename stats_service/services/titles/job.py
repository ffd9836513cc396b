"""Read the titles of the articles that lists show, a few at a time."""

import contextlib
import secrets
from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple

import msgspec

from stats_service.errors import InvalidInputError, StatsError
from stats_service.models.sites import Site
from stats_service.models.titles import ADMIN, FEED, PAGE, Title, TitleReading
from stats_service.services.articles.keys import canonical_article
from stats_service.services.notices.outgoing import DeliveryError
from stats_service.services.notices.parallel import Task, in_parallel
from stats_service.services.ratings.ratings import ArticleRatings
from stats_service.services.sites.sites import Sites
from stats_service.services.tick_outcome import Outcome, isolated
from stats_service.services.titles.echo import echoes, new_word, probes
from stats_service.services.titles.feed import FEED_MAX_BYTES, feed_items
from stats_service.services.titles.page import (
    PAGE_MAX_BYTES,
    has_head,
    page_title,
    says_missing,
    without_site_name,
)
from stats_service.services.titles.reader import OutOfBoundsError, PageError, SiteReader
from stats_service.services.traffic.top_articles import TopArticles
from stats_service.services.visitors.hosts import origin_host
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.traffic.titles import TitleStore

#: Seconds after which a title is read again.
FRESH_SECONDS = 7 * 86_400
#: Seconds after which a page, or a site, that failed is read again; doubled with each failure.
PAUSE_SECONDS, PAUSE_MAX_SECONDS = 1_800, 7 * 86_400
#: Pages read in one run, at most; one where robots.txt asks for a pause.
PAGES_MAX = 15
#: Seconds for which it is known what the front page and a missing page are called.
LEARNT_SECONDS = 86_400
FEED_SECONDS = 3_600
#: Articles of a site that are looked at: those with ratings at most, and all.
RATED_MAX, WANTED_MAX = 50, 600
#: Pages in a row without an answer, after which the site has a pause.
AWAY_MAX = 2


class _Due(NamedTuple):
    """The work of one run at one site."""

    site: Site
    reading: TitleReading
    #: Articles that lists show, the most read first, and what is known of their titles.
    wanted: list[str]
    known: dict[str, Title]
    #: Of these, those whose page is to be read.
    pages: list[str]
    feed: bool


class TitleJob:
    """Reads titles in `tick`: of several sites at a time, of one site one page after the other."""

    def __init__(
        self,
        store: TitleStore,
        sites: Sites,
        top_articles: TopArticles,
        ratings: ArticleRatings,
        aliases: AliasStore,
        title_hosts: tuple[str, ...],
        *,
        is_on: bool,
    ) -> None:
        self._store = store
        self._sites = sites
        self._top_articles = top_articles
        self._ratings = ratings
        self._aliases = aliases
        self._title_hosts = title_hosts
        self._is_on = is_on

    def run(self, now: float) -> Iterator[Outcome]:
        """Read what is due; what could not be read is told on the page of the site's settings."""
        if not self._is_on:
            return
        due: list[_Due] = []
        for site in self._sites.all():
            yield from isolated(site.slug, self._look(site, now, due))
        # Who was read longest ago comes first.
        due.sort(key=lambda one: one.reading.at)
        for outcomes in in_parallel(
            [Task(one.site.slug, partial(self._safely, one, now)) for one in due]
        ):
            yield from outcomes or ()

    def _look(self, site: Site, now: float, due: list[_Due]) -> Iterator[Outcome]:
        reading = self._store.reading(site.slug)
        if site.titles != "off" and now >= reading.next_at:
            wanted = self._wanted(site, now)
            known = self._store.read(site.slug, wanted)
            pages = [key for key in wanted if key[0] == "/" and _is_due(known.get(key), now)]
            if site.titles != "pages":
                pages = []
            feed = bool(site.titles_feed) and now >= reading.feed_at + FEED_SECONDS
            if pages or (feed and wanted):
                due.append(_Due(site, reading, wanted, known, pages, feed))
        yield from ()

    def _wanted(self, site: Site, now: float) -> list[str]:
        rated = self._ratings.ranked(site, 1, now).articles[:RATED_MAX]
        keys = [*self._top_articles.listed(site, now), *(article.key for article in rated)]
        return list(dict.fromkeys(keys))[:WANTED_MAX]

    def _safely(self, due: _Due, now: float) -> list[Outcome]:
        return list(isolated(due.site.slug, self._of_site(due, now)))

    def _of_site(self, due: _Due, now: float) -> Iterator[Outcome]:
        site = due.site
        run = _Run(SiteReader(site, self._title_hosts), due, int(now))
        try:
            if due.feed:
                self._read_feed(run)
            run.read_pages()
        finally:
            if run.found:
                self._store.make_room(site, set(due.wanted), len(run.found))
                self._store.put(site, run.found)
            self._store.note_reading(site, run.reading)
        if run.named:
            yield Outcome(f"{site.slug}: read {run.named} titles.")

    def _read_feed(self, run: "_Run") -> None:
        links = run.feed_links()
        targets = self._aliases.targets(run.site.slug, list(links))
        run.take_feed({targets.get(key, key): title for key, title in links.items()})


class _Run:
    """One run at one site: what it finds, and how it goes."""

    def __init__(self, reader: SiteReader, due: _Due, now: int) -> None:
        self.site = due.site
        self.reading = msgspec.structs.replace(due.reading, at=now)
        #: What is to be kept, by article.
        self.found: dict[str, Title] = {}
        #: Titles that are new, or were read again.
        self.named = 0
        self._reader = reader
        self._due = due
        self._now = now
        #: By the shape of an address, whether its pages are called by what they are asked for.
        self._known_echoes: dict[str, bool] = {}

    def feed_links(self) -> dict[str, str]:
        """Return the titles of the feed by the key of the page that each leads to."""
        self.reading = msgspec.structs.replace(
            self.reading, feed_at=self._now, feed_titles=0, feed_message="", feed_values={}
        )
        try:
            if origin_host(self.site.titles_feed) not in self.site.hosts:
                raise InvalidInputError("the feed is on none of the site's hosts.")
            answer = self._reader.feed(self.site.titles_feed, FEED_MAX_BYTES)
            if answer.status != 200:
                raise DeliveryError("the feed answers {status}.", status=answer.status)
            if len(answer.body) >= FEED_MAX_BYTES:
                raise InvalidInputError(
                    "the feed has more than {megabytes} MB.", megabytes=FEED_MAX_BYTES // 2**20
                )
            items = feed_items(answer.body)
        except (DeliveryError, InvalidInputError) as error:
            self._note_feed(error)
            return {}
        except PageError as error:
            self._note_feed(
                InvalidInputError("robots.txt forbids the feed.")
                if error.trouble == "robots"
                else InvalidInputError("the feed leads elsewhere.")
            )
            return {}
        except OutOfBoundsError:
            return {}
        links: dict[str, str] = {}
        for link, title in items:
            if origin_host(link) in self.site.hosts:
                with contextlib.suppress(InvalidInputError):
                    key = canonical_article(link, self.site.article_parameters)
                    links.setdefault(key, without_site_name(title, (self.site.name,)))
        self.reading = msgspec.structs.replace(self.reading, feed_titles=len(links))
        return links

    def take_feed(self, titles: Mapping[str, str]) -> None:
        """Take the titles of a feed for articles that lists show."""
        for key in self._due.wanted:
            if text := titles.get(key):
                known = self._due.known.get(key, Title())
                if known.source != ADMIN and (known.text, known.source) != (text, FEED):
                    self._name(key, text, FEED)

    def read_pages(self) -> None:
        """Read the pages that are due, one after the other."""
        pages = [key for key in self._due.pages if key not in self.found]
        if not pages:
            return
        try:
            host = self._reader.host()
            is_slow = self._reader.is_slow(host)
            if self._now >= self.reading.learnt + LEARNT_SECONDS:
                self._learn(host)
                pages = [] if is_slow else pages
            self._read(host, pages[: 1 if is_slow else PAGES_MAX])
        except OutOfBoundsError:
            pass
        except PageError:  # of robots.txt itself
            self._pause(InvalidInputError("robots.txt leads away from the site."))
        except (DeliveryError, InvalidInputError) as error:
            self._pause(error)

    def _read(self, host: str, pages: list[str]) -> None:
        away = 0
        for key in pages:
            try:
                title = self._title(host, key)
            except DeliveryError as error:
                self._fail(key, "away")
                away += 1
                if away >= AWAY_MAX:
                    self._pause(error)
                    return
            except PageError as error:
                away = 0
                self._fail(key, error.trouble)
            else:
                away = 0
                self._name(key, title, PAGE)
        if not away:
            self.reading = msgspec.structs.replace(
                self.reading, failures=0, next_at=0, message="", values={}
            )

    def _title(self, host: str, key: str) -> str:
        """Return the title of an article's page; PageError says why it has none."""
        title, at = self._said(host, key)
        folded = title.casefold()
        if key != "/" and at.partition("?")[0] in ("", "/") and key.partition("?")[0] != "/":
            raise PageError("elsewhere")
        if says_missing(title) or folded == self.reading.missing.casefold() != "":
            raise PageError("missing")
        if key != "/" and folded == self.reading.front.casefold() != "":
            raise PageError("same")
        if self._echoes(host, key, title):
            raise PageError("echo")
        return without_site_name(title, (self.reading.front, self.site.name))

    def _echoes(self, host: str, key: str, title: str) -> bool:
        """Tell whether a page is called by words of its address, whatever they are."""
        word = new_word()
        for probe in probes(key, title, word):
            if probe.shape not in self._known_echoes:
                said = ""
                with contextlib.suppress(PageError):  # such a page is not there
                    said = self._said(host, probe.address)[0]
                self._known_echoes[probe.shape] = echoes(said, word)
            if self._known_echoes[probe.shape]:
                return True
        return False

    def _said(self, host: str, path: str) -> tuple[str, str]:
        """Return the title of a page as it stands there, and where the page is in the end."""
        answer, at = self._reader.page(host, path, PAGE_MAX_BYTES, has_head)
        if answer.status in (404, 410):
            raise PageError("missing")
        if answer.status in (429, 503):
            raise DeliveryError("{host} answered {status}.", host=host, status=answer.status)
        if not 200 <= answer.status < 300:
            raise PageError("status")
        kind = answer.content_type.partition(";")[0].strip().lower()
        if kind not in ("text/html", "application/xhtml+xml", ""):
            raise PageError("no-page")
        try:
            said = page_title(answer.body, answer.content_type)
        except UnicodeError as error:
            raise PageError("charset") from error
        title = without_site_name(said.title, (said.site_name,))
        if not title or "\ufffd" in title:
            raise PageError("charset" if title else "no-title")
        return title, at

    def _learn(self, host: str) -> None:
        """Learn what the front page is called, and a page that is not there."""
        learnt = {"front": "", "missing": ""}
        for name, path in (("front", "/"), ("missing", f"/{secrets.token_hex(8)}")):
            with contextlib.suppress(PageError):
                learnt[name] = self._said(host, path)[0]
        if learnt["missing"] == learnt["front"]:
            learnt["missing"] = ""
        self.reading = msgspec.structs.replace(self.reading, **learnt, learnt=self._now)

    def _name(self, key: str, text: str, source: str) -> None:
        self.found[key] = Title(text=text, source=source, at=self._now)
        self.named += 1

    def _fail(self, key: str, trouble: str) -> None:
        """Note a failure; an article that had a title keeps it, unless it was a reader's words."""
        known = self._due.known.get(key, Title())
        if trouble == "echo" and known.source == PAGE:
            known = msgspec.structs.replace(known, text="", at=0)
        failures = known.failures + 1
        next_at = self._now + _pause(failures)
        self.found[key] = msgspec.structs.replace(
            known, trouble=trouble, failures=failures, next_at=next_at
        )

    def _pause(self, error: StatsError) -> None:
        failures = self.reading.failures + 1
        self.reading = msgspec.structs.replace(
            self.reading,
            message=error.message,
            values=_plain(error),
            failures=failures,
            next_at=self._now + _pause(failures),
        )

    def _note_feed(self, error: StatsError) -> None:
        self.reading = msgspec.structs.replace(
            self.reading, feed_message=error.message, feed_values=_plain(error)
        )


def _is_due(title: Title | None, now: float) -> bool:
    if title is None:
        return True
    if title.source == ADMIN:
        return False
    return now >= (title.next_at or title.at + FRESH_SECONDS)


def _pause(failures: int) -> int:
    return min(PAUSE_MAX_SECONDS, int(PAUSE_SECONDS * 2 ** min(20, failures - 1)))


def _plain(error: StatsError) -> dict[str, int | float | str]:
    return {
        name: value if isinstance(value, int | float) else str(value)[:200]
        for name, value in error.values.items()
    }

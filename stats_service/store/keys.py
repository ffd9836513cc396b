"""Every key in Redis of the sites, and so the data layout; the others: `store.admin_keys`.

`<p>` is the installation's prefix (`STATS_KEY_PREFIX`, default `st`); `{site}` is the site's
slug in braces, so that all keys of a site share one slot of a Redis Cluster and one script may
touch them. Nothing grows with the number of views. Days are ISO dates in the site's own zone.

==============================  ======  =======================================================
key                             type    holds; how long
==============================  ======  =======================================================
<p>:sites                       set     slugs of all sites; for ever
<p>:limit:<network and route>   string  writes of a network (a pseudonym) in a minute; one minute
<p>:{site}:site                 string  the site's settings as JSON (`models.sites.Site`); without
                                        this key nothing is written for the site; for ever
<p>:{site}:site:<birth>         string  there beside it: what was on its way to an erased site of
                                        the name looks for another such key; for ever
<p>:{site}:founded              string  random, drawn when the site is added and when an archive
                                        takes its place; for ever
<p>:{site}:held                 string  the settings while an archive takes the site's place, in the
                                        stead of `site`; for the length of a scan
<p>:{site}:replacing            string  held by the import that does it, one minute, or by a move
<p>:{site}:counts               hash    visits and views, see below; for ever
<p>:{site}:hours:<day>          hash    `visits:<HH>`, `views:<HH>`; 91 days
<p>:{site}:online               zset    8-byte visitor id -> last seen, in ms; entries 31 minutes
<p>:{site}:visitors:<day>       HLL     visitor ids of the day; 48 hours after the last new one,
                                        at most 12 KB
<p>:{site}:salt:<day>           string  16 random bytes behind the day's visitor ids; 26 hours
<p>:{site}:hits:<n>             set     8-byte hit ids of ten minutes, and `*`; 40 minutes
<p>:{site}:replayed:<batch>     string  marks kept views once they are recorded; 30 days
<p>:{site}:addresses:<n>        hash    8-byte address id -> views (`v…`), new identities (`n…`),
                                        voters' tokens (`t…`), ratings (`r…`) and new articles
                                        (`a…`) of half an hour, and `*`; `o` -> a minute since 1970
                                        and the visitors online when it and those after it
                                        began, in MessagePack; one hour
<p>:{site}:now:<n>              hash    writer (a process) -> what it has counted of five minutes,
                                        sums in MessagePack (`store.traffic.now`); 40 minutes
<p>:{site}:articles             zset    article key -> views counted here; for ever
<p>:{site}:articles:<day>       zset    article key, or the digest of a long one -> views of the
                                        day; the 5,000 most read once the day is over; 400 days
<p>:{site}:readers:<day>        hash    what visits that began on the day told: letter of a
                                        dimension and value -> visits; the letter alone: under
                                        no value that is kept; `#<letter>` -> values; `*`; `f`, an
                                        article, a tab and a source (`models.traffic.readers`);
                                        400 days
<p>:{site}:readers:<month>      hash    the same of a month that is over; for ever
<p>:{site}:clicks:<kind>        hash    name of a document, a host or an action -> clicks of all
                                        time; the empty name: under none that is kept; for ever
<p>:{site}:clicks:<day>         hash    letter of a kind (`models.clicks.KINDS`) and name -> clicks
                                        of the day; 400 days
<p>:{site}:clicked              zset    8-byte mark of a reader (or a load of a page) and a name ->
                                        the last click, in ms; 30 minutes
<p>:{site}:names                hash    digest -> article key of more than 128 bytes; `*` -> their
                                        bytes; `*<day>` -> articles new on the day
<p>:{site}:parameters           string  query parameters that somebody should look at, as JSON
                                        (`models.traffic.article_changes.ParameterFinding`); 2 days
<p>:{site}:aliases              hash    key of an article that was merged or renamed -> `r` if it
                                        had ratings, else `-`, and the key of the other; and a field
                                        that grows with each change here and in `hidden`; for ever
<p>:{site}:hidden               set     keys of articles that no list shows; for ever
<p>:{site}:titles               hash    article key -> JSON (`models.titles.Title`), 5,000 of them
                                        at most, 250 bytes each; and a field that says how reading
                                        them goes (`models.titles.TitleReading`); for ever
<p>:{site}:changes              hash    id of a change -> `models.traffic.article_changes.Change`;
                                        `<id>:articles`, `<id>:views`, `<id>:back`: how many
                                        it moved, how many are back; the latest 100
<p>:{site}:moved:<id>           hash    article -> what it had before that change; 30 days
<p>:{site}:months:<month>       zset    the month's most read articles -> views; for ever
<p>:{site}:opening              hash    article key -> views before it came here; for ever
<p>:{site}:ratings              hash    article key -> ratings by score, `0,1,0,3,9`; for ever
<p>:{site}:raters:<article>     set     8-byte ids of who rated the article (16 hexadecimal
                                        digits for its key); for ever
<p>:{site}:rated:<n>            hash    8-byte id of a rater -> score and time (ms) of the first
                                        rating, `4 1764034200000`, of half a day, and the group
                                        with which it was held; 36 hours
<p>:{site}:ratings:slots:<n>    hash    `<ten minutes of the day>:<article key>` -> ratings by score
                                        that were first given then, and behind them, if they were
                                        taken out, by which decision; `h<ten minutes>:<article>`
                                        -> the group that is held; 15 days of UTC
<p>:{site}:ratings:voided       hash    decision of an administrator -> the ratings by score that it
                                        took out, from and to which ten minutes since 1970, and
                                        the article: `0,9,0,0,0 2940057 2940059 /tin/1`; for ever
<p>:{site}:ratings:held         hash    group of one article and ten minutes -> the same of ratings
                                        beyond the ceiling of their networks, until an administrator
                                        decides; 10,000 groups at most
<p>:{site}:polls                hash    poll id -> its definition as JSON (`models.polls.Poll`)
<p>:{site}:polls:revisions      hash    poll id -> revision, also of deleted ones; `*` -> sum of
                                        all; for ever
<p>:{site}:poll:<id>:tally      hash    `ballots`, `c:<choice>`, `t:<approved free text>` ->
                                        ballots that count; for ever
<p>:{site}:poll:<id>:voters     hash    8-byte voter id -> 8-byte ballot id and outcome (c, h, x);
                                        until 30 days after the poll has closed
<p>:{site}:poll:<id>:changes    hash    8-byte voter id -> [group or "", choices, free text]; only
                                        where votes may be changed, until the poll closes
<p>:{site}:poll:<id>:networks:<day>  hash  8-byte id of an address, a /48, or a wider network around
                                        it -> how many ballots came from it that day, hour and
                                        minute, packed; `*`: from all; 48 hours
<p>:{site}:poll:<id>:groups     hash    group of quarantined ballots -> state and tally as JSON
                                        (`models.quarantine.StoredGroup`); for ever
<p>:{site}:poll:<id>:others     hash    `p:<free text>` (waits for approval), `r:<free text>`
                                        (rejected) -> ballots that count; for ever
<p>:{site}:poll:<id>:proofs     zset    8-byte id of a spent proof -> when (ms) it expires
<p>:{site}:poll:<id>:report     hash    `<outcome>:<day>T<HH>` -> ballots (`<outcome>` of a poll
                                        from before: their sum, which nothing reads);
                                        `now:held`, `now:voided` -> ballots in such groups;
                                        `network:<day>T<HH>`, `crowd:<day>T<HH>` -> ballots of
                                        the hour that counted at once, of the address (IPv6: /48)
                                        with most and of all with ten or more; `now:network` -> the
                                        most of an address and day, `now:looked` -> of that, what
                                        somebody has looked at; `browser:<kind>` -> ballots;
                                        `block:…`, `pool:…`, `provider:…` with a day or an hour ->
                                        the most of a /24, /40, /16 or /32; `kiosk:…` with an
                                        hour -> ballots of kiosks that counted; `now:provider`,
                                        `now:looked-wide`: as those of an address
<p>:{site}:poll:<id>:kiosk      hash    id of a kiosk -> day, its ballots of that day, time of the
                                        last (ms), packed; 48 hours
<p>:{site}:kiosks               hash    id of a device -> JSON (`models.devices.Kiosk`); `<id>:used`
                                        -> when (s) somebody voted on it last; for ever
<p>:{site}:kiosk:<digest>       string  what a one-time link enrols, as JSON
                                        (`models.devices.KioskLink`); one hour
<p>:{site}:pictures             hash    id of a picture -> the JPEG, 120 KB at most; `<id>:at` ->
                                        when (s) it was put there, and its bytes; until
                                        neither a poll nor the site has it any more
<p>:{site}:polls:removed        zset    removal of a poll or of its ballots -> until when (s) it
                                        can be undone
<p>:{site}:removed:<id>         string  what was removed, as JSON (`models.polls.RemovedPoll`); 7
                                        days
<p>:{site}:removed:<id>:<part>  any     its tally, voters, groups …; 7 days
<p>:{site}:legacy               hash    id of an import -> `models.portability.legacy.ImportedFile`;
                                        `views:<day>`: imported views of the day; `untold:<day>`:
                                        what was taken from its readers, as more was told than it
                                        has visits (`legacy_readers.lua`); `imports`: grows
                                        whenever one begins, ends or is taken out; for ever
<p>:{site}:legacy:<id>          hash    what the import added, so that it can be taken out:
                                        `<number>` -> a part (zlib, MessagePack of `DayPart`,
                                        `MonthPart` or `OpeningPart`), `<number>:other` -> which of
                                        its articles went to `(other)`, `<number>:unnamed` -> which
                                        of its values of readers have no name, `<number>:merged` ->
                                        which of its keys counted for another article, and which;
                                        `l<day of UTC>` -> marks of its lines or events,
                                        `f<day of UTC>` -> lines of others that begin no visit for
                                        it (`services…legacy.marks`); some 5 bytes a view
<p>:{site}:legacy:<id>:readers  hash    day of UTC -> pseudonyms behind the lines in `l<day>`; 48
                                        hours at most
<p>:{site}:legacy:salt          string  16 random bytes behind those; 48 hours
<p>:{site}:notices              string  who gets reports and calls, as JSON (`models.notices`)
<p>:{site}:annotations          string  what administrators say of days, and their latest changes,
                                        as JSON (`models.traffic.annotations`); for ever
<p>:{site}:deliveries           hash    id of a report or webhook -> what became of it last, as JSON
                                        (`models.notices.Delivery`); for ever
<p>:{site}:asked:<day>          string  people who were asked on a day of UTC whether they want
                                        reports; 2 days
<p>:{site}:check:<id>           string  what a page told of itself (`models.install_checks`), the
                                        address of the administrator who opened it among it; 30
                                        minutes
<p>:{site}:ignored              hash    `<reason>` and `<reason>:<day>` -> views not counted, lost,
                                        or counted only in part
                                        (`models.traffic.history.SHORTFALLS`);
                                        `host-<host>:<day>` of 20 strange hosts a day, `hosts:<day>`
                                        of how many; a day for 400 days
<p>:{site}:audit                stream  changes of the site, `entry` (`models.audit`); for ever
<p>:{site}:<name>~<token>       any     copies of an export, preparations of an import; one hour
                                        and six hours at most
<p>:{site}:tokens               hash    token id -> JSON (`models.accounts.Token`, the secret
                                        hashed); `<id>:used` -> seconds; for ever
==============================  ======  =======================================================

Fields of `counts`: `views` and `visits`, each alone (of all time, without the opening balance)
and followed by `:2026`, `:2026-11`, `:2026-W48`, `:2026-11-23`; `visitors:<day>` (from the HLL);
`private:<day>` (views under GPC or DNT); `record:views`, `record:views:day` and the same for
visits; `peak`, `peak:at` (ms); `swept` (ms), the first call of the last minute in which
something was recorded: `online` was then rid of who had gone. About 60
bytes a field and nine fields a day.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

#: Seconds in which a hit id is kept together; it counts once for at least this long.
HIT_BUCKET_SECONDS = 600
#: Seconds over which the ceilings of one address are counted.
ADDRESS_BUCKET_SECONDS = 1800
#: Seconds whose views and visits are summed together for the page of what happens now.
NOW_SLOT_SECONDS = 300
#: Seconds over which the ratings are kept together that may still be changed.
RATED_BUCKET_SECONDS = 43_200
#: Seconds of a day of UTC.
DAY_SECONDS = 86_400
#: Seconds of ratings of an article that can be told apart from others; a day has 144 of them.
RATING_SLOT_SECONDS = 600
#: Days for which they can; `rate_article.lua` has the same.
RATING_SLOTS_DAYS = 15
#: Field of `counts` that is no number of the site; `lua/record_views.lua` has the same.
SWEPT = "swept"
#: Field of a site's revisions that grows with each of them.
ANY_POLL = "*"
#: Field of a site's aliases that grows with each change of them; no key of an article is it.
ALIASES_REVISION = "\x01"
#: Field of a site's titles that is no article: how reading them goes.
TITLES_READING = "\x01"
#: Days after which the numbers by hour, and those by article and day, are gone.
HOURS_DAYS_KEPT = 91
ARTICLE_DAYS_KEPT = 400
#: Seconds for which readers of imported lines are told apart.
IMPORT_READERS_SECONDS = 48 * 3600


def sites(prefix: str) -> str:
    """Return the key of the set of all slugs."""
    return f"{prefix}:sites"


def limit(prefix: str, name: str) -> str:
    """Return the key of the writes that a network sent to a route lately."""
    return f"{prefix}:limit:{name}"


#: Names of keys as `staging_key` makes them.
PREPARED = re.compile(rb".*~[0-9a-f]{8}", re.DOTALL)


def staging_key(key: str, token: str) -> str:
    """Return where a copy or a successor of `key` is kept while an export or import lasts."""
    return f"{key}~{token}"


@dataclass(frozen=True, slots=True)
class SiteKeys:
    """The keys of one site."""

    prefix: str
    slug: str

    def _key(self, name: str) -> str:
        return f"{self.prefix}:{{{self.slug}}}:{name}"

    @property
    def site(self) -> str:
        """The site's settings."""
        return self._key("site")

    def alive(self, birth: str) -> str:
        """What is there as long as the site of this birth is; scripts that write look for it."""
        return self._key(f"site:{birth}") if birth else self.site

    @property
    def founded(self) -> str:
        """Which founding the site goes back to: when it was added, or restored last."""
        return self._key("founded")

    @property
    def held(self) -> str:
        """The settings while an archive takes the site's place."""
        return self._key("held")

    @property
    def replacing(self) -> str:
        """Held by the import that replaces the site."""
        return self._key("replacing")

    @property
    def pattern(self) -> str:
        """A glob for every key of the site. Slugs hold no glob characters."""
        return self._key("*")

    @property
    def counts(self) -> str:
        """Visits and views by span."""
        return self._key("counts")

    @property
    def online(self) -> str:
        """Visitors by the time they were last seen."""
        return self._key("online")

    @property
    def articles(self) -> str:
        """Views by article of all time."""
        return self._key("articles")

    @property
    def clicked(self) -> str:
        """Who clicked on what lately."""
        return self._key("clicked")

    def clicks(self, span: str) -> str:
        """Clicks of one day, or of one kind and all time."""
        return self._key(f"clicks:{span}")

    @property
    def names(self) -> str:
        """Long article keys by their digests, and how many articles are new."""
        return self._key("names")

    @property
    def parameters(self) -> str:
        """Query parameters that somebody should look at."""
        return self._key("parameters")

    @property
    def aliases(self) -> str:
        """Keys that were merged into others, or renamed."""
        return self._key("aliases")

    @property
    def hidden(self) -> str:
        """Articles that no list shows."""
        return self._key("hidden")

    @property
    def titles(self) -> str:
        """What articles are called."""
        return self._key("titles")

    @property
    def changes(self) -> str:
        """The latest changes of articles."""
        return self._key("changes")

    def moved(self, change: str) -> str:
        """What articles had before a change."""
        return self._key(f"moved:{change}")

    @property
    def opening(self) -> str:
        """Opening balances of articles."""
        return self._key("opening")

    @property
    def ratings(self) -> str:
        """Ratings by article."""
        return self._key("ratings")

    @property
    def ratings_voided(self) -> str:
        """Decisions by which an administrator took ratings out."""
        return self._key("ratings:voided")

    @property
    def ratings_held(self) -> str:
        """Ratings beyond their networks' ceilings, until an administrator decides."""
        return self._key("ratings:held")

    def rating_slots(self, day: int) -> str:
        """The ratings of one day of UTC, numbered since 1970, by ten minutes and article."""
        return self._key(f"ratings:slots:{day}")

    @property
    def polls(self) -> str:
        """Definitions of polls."""
        return self._key("polls")

    @property
    def poll_revisions(self) -> str:
        """Revisions of the definitions."""
        return self._key("polls:revisions")

    @property
    def removed_polls(self) -> str:
        """Removals of polls that can still be undone."""
        return self._key("polls:removed")

    def removed(self, removal: str, part: str = "") -> str:
        """What was removed, or one part of it, as `poll` has them."""
        return self._key(f"removed:{removal}:{part}" if part else f"removed:{removal}")

    @property
    def pictures(self) -> str:
        """The pictures of choices, and the emblem."""
        return self._key("pictures")

    @property
    def kiosks(self) -> str:
        """The devices that are enrolled as kiosks."""
        return self._key("kiosks")

    def kiosk_link(self, digest: str) -> str:
        """What a one-time link enrols, by the digest of its secret."""
        return self._key(f"kiosk:{digest}")

    @property
    def ignored(self) -> str:
        """Views that were not counted, by reason."""
        return self._key("ignored")

    @property
    def tokens(self) -> str:
        """The API tokens."""
        return self._key("tokens")

    @property
    def notices(self) -> str:
        """Who gets reports and calls."""
        return self._key("notices")

    @property
    def annotations(self) -> str:
        """What administrators say of days."""
        return self._key("annotations")

    def asked(self, day: str) -> str:
        """How many people were asked on a day whether they want reports."""
        return self._key(f"asked:{day}")

    @property
    def deliveries(self) -> str:
        """What became of each report and webhook last."""
        return self._key("deliveries")

    @property
    def legacy(self) -> str:
        """Files of other counters that were imported."""
        return self._key("legacy")

    def imported(self, import_id: str) -> str:
        """What one import added."""
        return self._key(f"legacy:{import_id}")

    def import_readers(self, import_id: str) -> str:
        """Who is behind the lines of one import, for a while."""
        return self._key(f"legacy:{import_id}:readers")

    @property
    def import_salt(self) -> str:
        """The salt behind those."""
        return self._key("legacy:salt")

    @property
    def audit(self) -> str:
        """Who changed what and when."""
        return self._key("audit")

    def check(self, check_id: str) -> str:
        """The report of one checked page."""
        return self._key(f"check:{check_id}")

    def hours(self, day: str) -> str:
        """Visits and views by hour of one day."""
        return self._key(f"hours:{day}")

    def visitors(self, day: str) -> str:
        """The HyperLogLog of one day's visitors."""
        return self._key(f"visitors:{day}")

    def salt(self, day: str) -> str:
        """The salt behind one day's visitor ids."""
        return self._key(f"salt:{day}")

    def day_articles(self, day: str) -> str:
        """Views by article of one day."""
        return self._key(f"articles:{day}")

    def now(self, slot: int) -> str:
        """What was counted in one span of `NOW_SLOT_SECONDS`."""
        return self._key(f"now:{slot}")

    def readers(self, span: str) -> str:
        """What visits of a day, or of a month that is over, told of themselves."""
        return self._key(f"readers:{span}")

    def month_articles(self, month: str) -> str:
        """The most read articles of a month that is over."""
        return self._key(f"months:{month}")

    def hits(self, bucket: int) -> str:
        """The hit ids of one span of `HIT_BUCKET_SECONDS`."""
        return self._key(f"hits:{bucket}")

    def replayed(self, batch: str) -> str:
        """What says that a batch of kept views was recorded."""
        return self._key(f"replayed:{batch}")

    def addresses(self, bucket: int) -> str:
        """The ceilings of one span of `ADDRESS_BUCKET_SECONDS`."""
        return self._key(f"addresses:{bucket}")

    def raters(self, article: str) -> str:
        """Who rated an article, named by its key."""
        digest = hashlib.blake2b(article.encode(), digest_size=8).hexdigest()
        return self._key(f"raters:{digest}")

    def rated(self, bucket: int) -> str:
        """The ratings of one span of `RATED_BUCKET_SECONDS`, which may still be changed."""
        return self._key(f"rated:{bucket}")

    def poll(self, poll: str, name: str) -> str:
        """One part of a poll: `tally`, `voters`, `report`…; see the layout above."""
        return self._key(f"poll:{poll}:{name}")


#: Parts of a poll that `lua/place_ballot.lua` writes, in its order.
_PLACED = ("tally", "voters", "groups", "others", "report")


@lru_cache(maxsize=4096)
def cast_ballot_keys(prefix: str, slug: str, birth: str, poll: str, day: str) -> tuple[str, ...]:
    """Return the KEYS of `lua/cast_ballot.lua` in its order."""
    keys = SiteKeys(prefix, slug)
    parts = (*_PLACED, "changes", f"networks:{day}", "proofs")
    return (keys.alive(birth), keys.poll_revisions, *(keys.poll(poll, part) for part in parts))


@lru_cache(maxsize=4096)
def cast_kiosk_ballot_keys(prefix: str, slug: str, birth: str, poll: str) -> tuple[str, ...]:
    """Return the KEYS of `lua/cast_kiosk_ballot.lua` in its order."""
    keys = SiteKeys(prefix, slug)
    parts = (keys.poll(poll, part) for part in (*_PLACED, "kiosk"))
    return (keys.alive(birth), keys.poll_revisions, *parts, keys.kiosks)


@lru_cache(maxsize=4096)
def refuse_ballot_keys(prefix: str, slug: str, birth: str, poll: str) -> tuple[str, ...]:
    """Return the KEYS of `lua/refuse_ballot.lua` in its order."""
    keys = SiteKeys(prefix, slug)
    parts = ("tally", "voters", "report")
    return (keys.alive(birth), *(keys.poll(poll, part) for part in parts))


@lru_cache(maxsize=4096)
def rate_article_keys(
    prefix: str,
    slug: str,
    birth: str,
    article: str,
    rated_bucket: int,
    address_bucket: int,
    day: int,
    merged: tuple[str, ...] = (),
) -> tuple[str, ...]:
    """Return the KEYS of `lua/rate_article.lua` in its order; `merged` into the article."""
    keys = SiteKeys(prefix, slug)
    return (
        keys.alive(birth),
        keys.articles,
        keys.ratings,
        keys.raters(article),
        keys.rated(rated_bucket),
        keys.rated(rated_bucket - 1),
        keys.rated(rated_bucket - 2),
        keys.addresses(address_bucket),
        keys.rating_slots(day),
        keys.rating_slots(day - 1),
        keys.ratings_voided,
        keys.ratings_held,
        *map(keys.raters, merged),
    )


@lru_cache(maxsize=4096)
def record_click_keys(prefix: str, slug: str, birth: str, kind: str, day: str) -> tuple[str, ...]:
    """Return the KEYS of `lua/record_click.lua` in its order."""
    keys = SiteKeys(prefix, slug)
    return (keys.alive(birth), keys.clicks(kind), keys.clicks(day), keys.clicked)


@lru_cache(maxsize=4096)
def poll_keys(prefix: str, slug: str, poll: str) -> tuple[str, str]:
    """Return the keys of a poll that `lua/record_views.lua` takes: its tally and its voters."""
    keys = SiteKeys(prefix, slug)
    return keys.poll(poll, "tally"), keys.poll(poll, "voters")


@lru_cache(maxsize=4096)
def record_views_keys(
    prefix: str, slug: str, birth: str, day: str, hit_bucket: int, address_bucket: int
) -> tuple[str, ...]:
    """Return the KEYS of `lua/record_views.lua` in its order."""
    keys = SiteKeys(prefix, slug)
    return (
        keys.counts,
        keys.hours(day),
        keys.online,
        keys.visitors(day),
        keys.hits(hit_bucket),
        keys.hits(hit_bucket - 1),
        keys.addresses(address_bucket),
        keys.articles,
        keys.day_articles(day),
        keys.opening,
        keys.ratings,
        keys.ignored,
        keys.alive(birth),
        keys.names,
        keys.aliases,
        keys.readers(day),
    )

"""The words for the findings of the install checker: the fact, and what to do."""

from collections.abc import Callable
from datetime import timedelta

import msgspec
from flask_babel import format_decimal, format_timedelta
from flask_babel import gettext as _

from stats_service.models.install_checks import Finding


class WordedFinding(msgspec.Struct, frozen=True):
    """A finding in words."""

    code: str
    #: `bad`, `warn`, `info` or `good`.
    level: str
    title: str
    #: What to do; empty: nothing.
    text: str


def worded(finding: Finding) -> WordedFinding:
    """Return a finding in the words of the current language."""
    values = {name: _written(name, value) for name, value in finding.values.items()}
    title, text = _WORDS[finding.code]()
    return WordedFinding(finding.code, finding.level, title % values, text % values)


def _written(name: str, value: str | int) -> str:
    if isinstance(value, str):
        return value
    if name == "age":
        return str(format_timedelta(timedelta(seconds=value)))
    return str(format_decimal(value))


#: Title and advice by code; called once the language is known.
_WORDS: dict[str, Callable[[], tuple[str, str]]] = {
    "site": lambda: (_("The snippet names the site “%(site)s”."), ""),
    "site-missing": lambda: (
        _("The snippet does not say which site it is for."),
        _(
            'Copy it from the install page again; it needs data-site="%(site)s". Where a tag '
            "manager removes that, add ?site=%(site)s to the address of the script."
        ),
    ),
    "site-other": lambda: (
        _("The snippet names another site: “%(named)s”."),
        _('On the pages of this site it has to say data-site="%(site)s".'),
    ),
    "host": lambda: (_("The host %(host)s is one of the site's."), ""),
    "host-unknown": lambda: (
        _("The host %(host)s is not one of the site's: its pages are not counted."),
        _("Add %(host)s to the hosts in the site's settings, if this is your portal."),
    ),
    "host-none": lambda: (
        _("The page has no host of its own."),
        _("It is a file or stands in a sandboxed frame. Open it by its address on the portal."),
    ),
    "request": lambda: (
        _("The page got its numbers, in %(milliseconds)s milliseconds."),
        "",
    ),
    "request-policy": lambda: (
        _("The page's Content-Security-Policy stops the request for the numbers."),
        _("Add the address of this service to connect-src (and to script-src) in the policy."),
    ),
    "request-blocked": lambda: (
        _("The request for the numbers was blocked on its way."),
        _(
            "Usually by an ad blocker or a filter of the network. Try another browser without "
            "extensions; if readers are hit as well, change STATS_PATH_PREFIX to a word of your "
            "own."
        ),
    ),
    "request-refused": lambda: (
        _("The service refused the request for the numbers (status %(status)s)."),
        _("The log of the service says more; 503 means that Redis does not answer."),
    ),
    "ignored-opt-out": lambda: (
        _("This browser opted out: its views are not counted."),
        _("Open the page with #stats-optin at the end of its address to be counted again."),
    ),
    "ignored-excluded": lambda: (
        _("Your address %(address)s is excluded: your own views are not counted."),
        _("This follows the site's settings. Other readers are counted."),
    ),
    "ignored-bot": lambda: (
        _("This browser is taken for a program: its views are not counted."),
        _("Test programs are left out. Check with a browser that people use."),
    ),
    "ignored-prefetch": lambda: (_("The page was fetched ahead of a visit."), ""),
    "ignored-no-user-agent": lambda: (
        _("This browser does not say what it is: its views are not counted."),
        _("Something on the way removes the header User-Agent."),
    ),
    "ignored-frame": lambda: (
        _("The page stands in a frame of %(frame)s: there it is not counted."),
        _(
            "Only the site's own pages may raise its numbers. If that portal is yours, add its "
            "host to the hosts in the site's settings."
        ),
    ),
    "framed": lambda: (
        _("The page stands in a frame: it is counted when somebody sees it there."),
        "",
    ),
    "frames": lambda: (
        _("Frames on the page with pages of the portal: %(number)s."),
        _("Each is a view of its own when it is seen. Invisible ones are not counted."),
    ),
    "not-run": lambda: (
        _("The script of the snippet did not run on this page."),
        _(
            "An optimiser or a blocker holds it back, or the browser is too old for it. Leave the "
            "script out of what is combined, delayed or deferred."
        ),
    ),
    "patched": lambda: (
        _("A library on the page has replaced parts of the language: %(names)s."),
        _("The counter uses none of these, so nothing is to be done."),
    ),
    "private": lambda: (
        _("This browser asks not to be tracked: views are counted, visits are not."),
        _("That is Global Privacy Control or Do Not Track, and holds for this browser alone."),
    ),
    "storeless": lambda: (
        _("The browser lets the page store nothing."),
        _("Numbers work; polls remember a vote only until the page is left."),
    ),
    "snippet": lambda: (_("The snippet is on the page once."), ""),
    "snippets": lambda: (
        _("The snippet is on the page %(number)s times."),
        _(
            "The page is counted once all the same. Remove what is too much: often one is in the "
            "template and one in a plugin."
        ),
    ),
    "snippets-of-sites": lambda: (
        _("There are %(number)s snippets, of different sites."),
        _("Only the first one counts, for “%(site)s”. Remove that of: %(others)s."),
    ),
    "pixel": lambda: (
        _("The pixel is loaded although there is JavaScript: each view counts twice."),
        _(
            "Something took the image out of <noscript>, often a plugin that loads images later. "
            "Make it leave the image alone, or remove the noscript part."
        ),
    ),
    "views": lambda: (
        _("One load of the page sent %(views)s views."),
        _(
            "The page's address changed while it loaded, or the script ran again. Look for code "
            "that rewrites the address or loads the script by itself."
        ),
    ),
    "moves": lambda: (
        _("The page sent %(views)s views, because its address changed."),
        _("Right for a single-page application: each page of it is a view."),
    ),
    "version": lambda: (_("The script is version %(version)s, the newest."), ""),
    "version-old": lambda: (
        _("The script is version %(version)s; the newest is %(newest)s."),
        _("It goes on working. Copy the snippet again to take the newest one."),
    ),
    "script": lambda: (_("The script arrives unaltered."), ""),
    "script-altered": lambda: (
        _("The script arrives altered."),
        _(
            "Something on the way rewrites it, such as an optimiser or a proxy; with integrity in "
            "the snippet browsers would refuse it. Make that leave the file alone."
        ),
    ),
    "unpinned": lambda: (
        _("The snippet has no integrity: browsers run whatever comes."),
        _("Copy the snippet with a fixed version, unless you follow new versions on purpose."),
    ),
    "cache": lambda: (_("Caches have had the script for %(age)s."), ""),
    "cache-old": lambda: (
        _("A cache has had the script for %(age)s, longer than it may."),
        _("embed.js is good for five minutes. Let the cache on the way keep to Cache-Control."),
    ),
    "no-policy": lambda: (_("No security policy stops the script."), ""),
    "policy": lambda: (
        _("The page's Content-Security-Policy stops something: %(directives)s."),
        _("The numbers are not touched; badges and the pixel want img-src."),
    ),
    "address": lambda: (_("The service sees your address as %(address)s."), ""),
    "address-unknown": lambda: (
        _("The service does not see the address of readers."),
        _(
            "Then visits cannot be told apart. The reverse proxy before the service has to send "
            "X-Forwarded-For, and STATS_TRUSTED_PROXIES has to be 1."
        ),
    ),
    "address-private": lambda: (
        _("The service sees your address as %(address)s, one of a private network."),
        _(
            "Right if you sit in that network. If you came over the Internet, this is a proxy "
            "that sends no X-Forwarded-For, and all readers look like one."
        ),
    ),
    "proxies": lambda: (
        _("The service sees your address as %(address)s, through %(seen)s proxies, as set."),
        "",
    ),
    "proxies-missing": lambda: (
        _("STATS_TRUSTED_PROXIES is %(trusted)s, but only %(seen)s proxies were seen."),
        _(
            "Readers could pretend any address. Set it to %(seen)s, or let every proxy before the "
            "service add to X-Forwarded-For."
        ),
    ),
    "proxies-more": lambda: (
        _("%(seen)s proxies were seen; STATS_TRUSTED_PROXIES is %(trusted)s."),
        _(
            "The service takes %(address)s for yours. If that is a proxy of your own, set it to "
            "%(seen)s. If it is the way out of your own network, all is well."
        ),
    ),
    "proxies-all-one": lambda: (
        _("Readers may all look like one: the service sees %(address)s, which is a proxy's."),
        _(
            "%(seen)s proxies were seen, and STATS_TRUSTED_PROXIES is %(trusted)s. If all of them "
            "are your own, set it to %(seen)s and restart the service."
        ),
    ),
    "widgets": lambda: (_("Widgets on the page: %(number)s."), ""),
    "no-widgets": lambda: (
        _("The page has no widget."),
        _("It is counted, and shows no numbers. Put one in where readers are to see them."),
    ),
    "strangers": lambda: (
        _("There are elements that no widget has: %(names)s."),
        _("Probably a typing error: copy the markup from the install page."),
    ),
    "article": lambda: (_("The page is counted as %(article)s."), ""),
    "dropped": lambda: (
        _("These query parameters of its address are not part of that name: %(names)s."),
        _("If one of them tells articles apart, name it in the site's settings."),
    ),
    "kept": lambda: (
        _("These query parameters tell articles apart here: %(names)s."),
        _(
            "A parameter that does not (a menu, a filter) splits an article into several: then "
            "name in the site's settings those that do."
        ),
    ),
    "canonical": lambda: (
        _("The page's canonical link names another address: %(canonical)s. It is not believed."),
        _(
            "Search engines take this page for that one. If it is wrong, as the home page on every "
            "article is, correct the template; if it is right, name the parameters that tell "
            "articles apart in the site's settings."
        ),
    ),
    "bare": lambda: (
        _("%(number)s widgets of one kind name no article: all of them show that of this page."),
        _(
            'If they stand in a list, write article="link" into each: it shows the article that '
            "its item links to."
        ),
    ),
    "items-alike": lambda: (
        _("%(number)s widgets of a list name one and the same article."),
        _(
            'article="link" takes the nearest link. Move the widget next to the title, or write '
            "the address of the article into each item."
        ),
    ),
    "items-unread": lambda: (
        _("Nobody has read any of the articles that a list on the page names: %(names)s."),
        _(
            "Probably the articles' own pages are counted under other names: open one of them with "
            "#stats-check, and write into the list what it shows."
        ),
    ),
    "optimisers": lambda: (
        _("This page's scripts pass through: %(names)s."),
        _(
            "Leave the script of the snippet out of what is combined or delayed there, or use its "
            "line for optimisers, on the install page under HTML: readers who leave early would "
            "not be counted."
        ),
    ),
    "no-article": lambda: (
        _("The page is not counted as an article."),
        _('It says data-article="", as front pages may; it counts for the site alone.'),
    ),
}

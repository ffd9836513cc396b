"""The options of `stats-service poll create` and `edit`, and what they make of a poll."""

from collections.abc import Callable
from typing import Any

import click

from stats_service.errors import InvalidInputError
from stats_service.models.polls import POLL_ID, Poll
from stats_service.models.sites import Site
from stats_service.services.polls.definition import (
    PROTECTION,
    DraftChoice,
    PollChanges,
    PollDraft,
    local_moment,
    texts_of,
)
from stats_service.services.polls.rules import (
    PRESETS,
    RESULTS_AS,
    RESULTS_ORDER,
    RESULTS_WHEN,
    new_id,
)

#: Options of `create` and `edit` that are fields of `PollChanges` as they stand.
_FIELDS = (
    "multiple",
    "min_choices",
    "max_choices",
    "results_when",
    "results_as",
    "results_order",
    "shuffle",
    "other",
    "change",
    "daily",
    "next_page",
    "kiosk_pause",
    "kiosk_ceiling",
    *PROTECTION,
)


def poll_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that define a poll."""
    options = (
        click.option("--question", help="The question, in the poll's own language."),
        click.option(
            "--question-in", nargs=2, multiple=True, metavar="LANG TEXT", help="In another one."
        ),
        click.option(
            "--choice",
            "new_choices",
            multiple=True,
            metavar="[ID=]TEXT",
            help="A further choice. ID is of a-z, 0-9 and -; what else stands before a = is text, "
            "and an id is made of it.",
        ),
        click.option(
            "--choice-in",
            nargs=3,
            multiple=True,
            metavar="LANG ID TEXT",
            help="The text of a choice in a language; also corrects one.",
        ),
        click.option("--multiple/--single", default=None, help="More than one choice. [single]"),
        click.option("--min", "min_choices", type=int, help="Fewest choices on a ballot. [1]"),
        click.option("--max", "max_choices", type=int, help="Most choices on a ballot."),
        click.option("--opens", help="2026-11-23T08:00 in the site's zone; empty: at once."),
        click.option("--closes", help="The same; empty: when closed by hand."),
        click.option("--results-when", type=click.Choice(RESULTS_WHEN), help="[always]"),
        click.option("--results-as", type=click.Choice(RESULTS_AS), help="[both]"),
        click.option(
            "--results-order",
            type=click.Choice(RESULTS_ORDER),
            help="As the choices are listed, or by votes. [listed]",
        ),
        click.option("--shuffle/--no-shuffle", default=None, help="Another order each time."),
        click.option("--other", type=int, help="Longest free text; 0: none. [0]"),
        click.option("--change/--no-change", default=None, help="A vote may be changed."),
        click.option("--daily/--once", default=None, help="One vote a day. [once]"),
        click.option("--thanks", help="What a voter is told; empty: the usual."),
        click.option(
            "--thanks-in", nargs=2, multiple=True, metavar="LANG TEXT", help="In another language."
        ),
        click.option("--next-page", metavar="PATH", help="Page of the portal after the vote."),
        click.option(
            "--kiosk-pause",
            type=int,
            help="Seconds between two votes on a kiosk; 0: none. [0]",
        ),
        click.option("--kiosk-ceiling", type=int, help="Ballots of a kiosk in a day. [500]"),
        click.option(
            "--kiosk-network",
            multiple=True,
            metavar="CIDR",
            help="Networks that are kiosks, all of them; an empty one: none.",
        ),
        click.option("--protection", type=click.Choice(list(PRESETS)), help="[standard]"),
        click.option("--wait", type=float, help="Seconds that a token must be old. [2]"),
        click.option("--per-address", type=int, help="Ballots of an address an hour; 0: any."),
        click.option("--per-customer", type=int, help="The same of an IPv6 /48."),
        click.option("--office", type=int, help="Ballots of an office in a day. [600]"),
        click.option(
            "--share", type=int, help="Percent of a poll that a burst of a network may be. [20]"
        ),
        click.option("--effort", type=int, help="Work of a proof. [10000]"),
    )
    for option in reversed(options):
        function = option(function)
    return function


def draft_of(name: str, lang: str, status: str, site: Site, options: dict[str, Any]) -> PollDraft:
    """Return the poll that the options describe."""
    nothing = Poll(id="", question={}, choices=(), lang=lang)
    fields = _fields_of(nothing, site, options)
    return PollDraft(
        id=name,
        lang=lang,
        status=status,
        **({"question": {}, "choices": ()} | fields),
    )


def changes_of(before: Poll, site: Site, options: dict[str, Any]) -> PollChanges:
    """Return what the options change of a poll."""
    fields = _fields_of(before, site, options)
    if options["multiple"] and options["max_choices"] is None:
        fields["max_choices"] = len(fields.get("choices", before.choices))
    return PollChanges(**fields)


def _fields_of(before: Poll, site: Site, options: dict[str, Any]) -> dict[str, Any]:
    fields = {name: options[name] for name in _FIELDS if options[name] is not None}
    for name in ("opens", "closes"):
        if options[name] is not None:
            fields[name] = local_moment(name, options[name], site.timezone)
    if options["protection"]:
        fields["level"] = options["protection"]
    if options["kiosk_network"]:
        fields["kiosk_networks"] = tuple(filter(None, options["kiosk_network"]))
    for name in ("question", "thanks"):
        texts = dict(getattr(before, name))
        if options[name] is not None:
            texts[before.lang] = options[name]
        texts = texts_of(texts | dict(options[f"{name}_in"]))
        if texts != getattr(before, name):
            fields[name] = texts
    choices = _choices(before, options)
    if choices != tuple(DraftChoice(c.text, c.id, c.hidden) for c in before.choices):
        fields["choices"] = choices
    return fields


def _choices(before: Poll, options: dict[str, Any]) -> tuple[DraftChoice, ...]:
    texts = {choice.id: dict(choice.text) for choice in before.choices}
    for word in options["new_choices"]:
        name, equals, text = word.partition("=")
        if not (equals and POLL_ID.fullmatch(name)):
            # An answer may well have the sign in it: "Giá = 5".
            name, text = new_id(word, texts), word
        if name in texts:
            raise InvalidInputError(
                f"choice {name!r}: is there already; correct it with --choice-in."
            )
        texts[name] = {before.lang: text}
    for lang, name, text in options["choice_in"]:
        _known(name, texts)[lang] = text
    hidden = {choice.id for choice in before.choices if choice.hidden}
    for option in ("hide", "unhide", "remove"):
        for name in options.get(option, ()):
            _known(name, texts)
            if option == "hide":
                hidden.add(name)
            elif option == "unhide":
                hidden.discard(name)
            else:
                del texts[name]
    first = [name for name in (options.get("order") or "").split(",") if name]
    for name in first:
        _known(name, texts)
    order = [*dict.fromkeys(first), *(name for name in texts if name not in first)]
    return tuple(DraftChoice(texts[name], name, name in hidden) for name in order)


def _known(name: str, texts: dict[str, dict[str, str]]) -> dict[str, str]:
    if name not in texts:
        raise InvalidInputError(f"choice {name!r}: there are only {', '.join(texts)}.")
    return texts[name]

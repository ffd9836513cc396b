"""Rules for the definition of a poll, and for changes once somebody has voted."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from typing import cast

from msgspec.structs import replace

from stats_service.errors import InvalidInputError
from stats_service.models.bounds import TIME_MAX
from stats_service.models.pictures import Picture
from stats_service.models.polls import (
    OTHER,
    POLL_ID,
    Choice,
    Poll,
    Protection,
)
from stats_service.services.articles.normal_form import has_endless_marks
from stats_service.services.pictures.kept import is_possible
from stats_service.services.polls.presentation import RESERVED
from stats_service.services.polls.texts import clean_text
from stats_service.services.visitors.addresses import canonical_network, check_desk

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
CHOICES_MIN, CHOICES_MAX = 2, 50
#: Longest texts, in characters.
QUESTION_MAX, CHOICE_MAX, OTHER_MAX, THANKS_MAX = 500, 300, 300, 300
LANGUAGES_MAX = 12
STATUSES = ("draft", "open", "closed", "archived")
RESULTS_WHEN = ("always", "after-voting", "after-closing", "admins")
RESULTS_AS = ("counts", "percents", "both")
RESULTS_ORDER = ("listed", "votes")
#: Longest pause of a kiosk, in seconds, and most networks that are kiosks.
KIOSK_PAUSE_MAX, KIOSK_NETWORKS_MAX = 3600, 20
#: A path without a host: a browser reads `//` and `/\\` as the start of a host.
_PATH = re.compile(r"/(?![/\\\\])[!-\[\]-~]{0,499}")
_BIRTH = re.compile(r"[0-9a-f]{0,16}")

#: Protection levels; each of their numbers can be changed for a single poll.
PRESETS: Mapping[str, Protection] = {
    # Offices and mobile carriers put hundreds of honest voters behind one address.
    "standard": Protection(),
    "proof": Protection(level="proof", proof=True),
    "strict": Protection(
        level="strict", proof=True, per_address=60, per_customer=200, office=60, share=10
    ),
    # All voters come from the same few addresses, and nobody else can reach the page.
    "intranet": Protection(level="intranet", per_address=0, per_customer=0, share=0),
}


def check_poll(poll: Poll) -> Poll:
    """Return `poll` in canonical form; InvalidInputError names the field that is wrong.

    Rules that only this function checks (and not `check_form`) protect voters from confusion.
    They apply when somebody writes a poll; polls that are older than such a rule stay valid.
    """
    poll = check_form(poll)
    texts = Counter(
        choice.text[poll.lang].casefold() for choice in poll.choices if not choice.hidden
    )
    for text, number in texts.items():
        if number > 1:
            raise InvalidInputError(
                "choices: {number} of them say {text!r}.", number=number, text=text[:80]
            )
    # Hidden choices count here, because a choice can be hidden at any number.
    most = len(poll.choices) + (1 if poll.other else 0)
    if poll.max_choices > most:
        raise InvalidInputError(
            "max_choices {max_choices}: the poll has {most} choices.",
            max_choices=poll.max_choices,
            most=most,
        )
    return poll


def check_form(poll: Poll) -> Poll:
    """Return `poll` in canonical form if every field is valid; errors as in `check_poll`."""
    if not POLL_ID.fullmatch(poll.id) or poll.id in RESERVED:
        raise InvalidInputError(
            "id {id!r}: use 1 to 39 lower-case letters, digits or hyphens, and not {current}.",
            id=poll.id[:80],
            current=", ".join(RESERVED),
        )
    if not LANGUAGE.fullmatch(poll.lang):
        raise InvalidInputError("lang {lang!r}: use a code such as vi or en.", lang=poll.lang[:20])
    choices = tuple(_choice(choice, poll.lang) for choice in poll.choices)
    ids = [choice.id for choice in choices]
    check_number_of_choices(len(ids))
    if len(set(ids)) < len(ids):
        raise InvalidInputError("choices: two have the same id among {ids}.", ids=", ".join(ids))
    _one_of("status", poll.status, STATUSES)
    _one_of("results_when", poll.results_when, RESULTS_WHEN)
    _one_of("results_as", poll.results_as, RESULTS_AS)
    _one_of("results_order", poll.results_order, RESULTS_ORDER)
    if not _BIRTH.fullmatch(poll.birth):
        raise InvalidInputError("birth {birth!r}: is none.", birth=poll.birth[:40])
    _check_numbers(poll, sum(not choice.hidden for choice in choices))
    _check_times(poll)
    _check_protection(poll.protection)
    _in_range("kiosk_pause", poll.kiosk_pause, 0, KIOSK_PAUSE_MAX)
    _in_range("kiosk_ceiling", poll.kiosk_ceiling, 1, 1_000_000)
    networks = tuple(dict.fromkeys(map(canonical_network, poll.kiosk_networks)))
    if len(networks) > KIOSK_NETWORKS_MAX:
        raise InvalidInputError(
            "kiosk_networks: {number} networks; use at most {most}.",
            number=len(networks),
            most=KIOSK_NETWORKS_MAX,
        )
    for network in networks:
        check_desk(network)
    if poll.next_page and not _PATH.fullmatch(poll.next_page):
        raise InvalidInputError(
            "next_page {page!r}: write the path of a page of the portal, such as /cam-on.html.",
            page=poll.next_page[:80],
        )
    thanks = _texts("thanks", poll.thanks, poll.lang, THANKS_MAX) if poll.thanks else {}
    question = _texts("question", poll.question, poll.lang, QUESTION_MAX)
    return replace(poll, question=question, choices=choices, thanks=thanks, kiosk_networks=networks)


def vote_altering(before: Poll, after: Poll) -> list[str]:
    """Return the changes that are not allowed once somebody has voted.

    Texts may be corrected and choices added; a choice may be hidden but not removed.
    """
    kept = {choice.id for choice in after.choices}
    changes = [f"removing the choice {c.id}" for c in before.choices if c.id not in kept]
    if before.multiple != after.multiple:
        changes.append("switching between single and multiple choice")
    if (before.min_choices, before.max_choices) != (after.min_choices, after.max_choices):
        changes.append("another number of choices on a ballot")
    if before.daily != after.daily:
        changes.append("switching between one vote and one vote a day")
    if after.change and not before.change:
        changes.append("letting voters change their votes, which are not known by voter")
    return changes


def check_number_of_choices(number: int) -> None:
    """Return if a poll may have that many choices; call it before making ids for them."""
    if not CHOICES_MIN <= number <= CHOICES_MAX:
        raise InvalidInputError(
            "choices: {number} were given; a poll has {choices_min} to {choices_max}.",
            number=number,
            choices_min=CHOICES_MIN,
            choices_max=CHOICES_MAX,
        )


def new_id(text: str, taken: Collection[str]) -> str:
    """Return an id made from a text, e.g. `tin-tuc` from `Tin tức`, that is not in `taken`."""
    whole = "-".join(re.findall(r"[a-z0-9]+", plain(text)))
    base = whole[:34]
    if whole[34:35] not in ("", "-"):  # in the middle of a word, or of a year
        base = base.rpartition("-")[0] or base
    base = base.strip("-") or "poll"
    number, name = 1, base
    while name in taken or name in (OTHER, *RESERVED):
        number += 1
        name = f"{base}-{number}"
    return name


def plain(text: str) -> str:
    """Return `text` in lower case without accents: `tin tuc` for `Tin tức`; "" if none is left."""
    if has_endless_marks(text):
        return ""
    parts = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(c for c in parts if not unicodedata.combining(c))


def _texts(name: str, texts: Mapping[str, str], lang: str, longest: int) -> dict[str, str]:
    if lang not in texts:
        raise InvalidInputError(
            "{field}: has no text in {lang}, the poll's own language.", field=name, lang=lang
        )
    if len(texts) > LANGUAGES_MAX:
        raise InvalidInputError(
            "{field}: {number} languages; use at most {languages_max}.",
            field=name,
            number=len(texts),
            languages_max=LANGUAGES_MAX,
        )
    for code in texts:
        if not LANGUAGE.fullmatch(code):
            raise InvalidInputError(
                "{field}: the language {code!r} is no code such as vi.", field=name, code=code[:20]
            )
    return {code: clean_text(name, text, longest) for code, text in texts.items()}


def _choice(choice: Choice, lang: str) -> Choice:
    if not POLL_ID.fullmatch(choice.id) or choice.id == OTHER:
        raise InvalidInputError(
            "choice {id!r}: an id is 1 to 39 lower-case letters, digits or hyphens, and not "
            "{other!r}, which stands for the free text.",
            id=choice.id[:80],
            other=OTHER,
        )
    text = _texts(f"choice {choice.id}", choice.text, lang, CHOICE_MAX)
    picture = _picture(choice) if choice.picture else None
    return Choice(id=choice.id, text=text, hidden=choice.hidden, picture=picture)


def _picture(choice: Choice) -> Picture:
    name, picture = f"picture {choice.id}", cast("Picture", choice.picture)
    if not is_possible(picture):
        raise InvalidInputError("{field}: is none of this service's.", field=name)
    if not all(map(LANGUAGE.fullmatch, picture.alt)) or len(picture.alt) > LANGUAGES_MAX:
        raise InvalidInputError("{field}: name languages by codes such as vi.", field=name)
    alt = {code: clean_text(name, text, CHOICE_MAX) for code, text in picture.alt.items()}
    return replace(picture, alt=alt)


def _one_of(name: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise InvalidInputError(
            "{field} {value!r}: use one of {allowed}.",
            field=name,
            value=value[:40],
            allowed=", ".join(allowed),
        )


def _check_numbers(poll: Poll, offered: int) -> None:
    available = offered + (1 if poll.other else 0)
    if available < CHOICES_MIN:
        raise InvalidInputError(
            "choices: {available} can be chosen; leave {choices_min} or more.",
            available=available,
            choices_min=CHOICES_MIN,
        )
    if not poll.multiple and (poll.min_choices, poll.max_choices) != (1, 1):
        raise InvalidInputError(
            "min_choices {min_choices}, max_choices {max_choices}: both are 1 for single "
            "choice; set multiple for more.",
            min_choices=poll.min_choices,
            max_choices=poll.max_choices,
        )
    if not 1 <= poll.min_choices <= poll.max_choices <= CHOICES_MAX + 1:
        raise InvalidInputError(
            "min_choices {min_choices}, max_choices {max_choices}: use 1 <= min <= max <= "
            "{choices_max}.",
            min_choices=poll.min_choices,
            max_choices=poll.max_choices,
            choices_max=CHOICES_MAX + 1,
        )
    if poll.min_choices > available:
        raise InvalidInputError(
            "min_choices {min_choices}: only {available} choices are offered.",
            min_choices=poll.min_choices,
            available=available,
        )
    _in_range("other", poll.other, 0, OTHER_MAX)


def _check_times(poll: Poll) -> None:
    for name in ("opens", "closes"):
        moment = getattr(poll, name)
        if moment is not None and not 0 < moment < TIME_MAX:
            raise InvalidInputError(
                "{field} {moment}: is no moment between 1970 and 9999.", field=name, moment=moment
            )
    if poll.opens is not None and poll.closes is not None and poll.opens >= poll.closes:
        raise InvalidInputError("closes: is not after opens.")


def _check_protection(protection: Protection) -> None:
    _one_of("protection", protection.level, PRESETS)
    _in_range("effort", protection.effort, 1_000, 1_000_000)
    _in_range("wait", protection.wait, 0, 3600)
    _in_range("per_address", protection.per_address, 0, 1_000_000)
    _in_range("per_customer", protection.per_customer, 0, 1_000_000)
    _in_range("office", protection.office, 1, 1_000_000)
    _in_range("share", protection.share, 0, 100)


def _in_range(name: str, value: float, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidInputError(
            "{field} {value}: use a number from {low} to {high}.",
            field=name,
            value=value,
            low=low,
            high=high,
        )

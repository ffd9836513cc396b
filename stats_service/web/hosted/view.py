"""What stands on the hosted page: from a poll as its reader sees it to the template's values."""

import random
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from stats_service.models.pictures import Picture
from stats_service.models.polls import OTHER, PollResults, PresentedPoll
from stats_service.services.formats import number
from stats_service.services.polls.presentation import percent_text
from stats_service.web.hosted.texts import TEXTS, counted, moment, pick

#: Characters of the answers where the page's link is shared.
DESCRIPTION_MAX = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """What the reader has sent, to be shown again if it could not be taken."""

    choices: Collection[str] = ()
    other: str = ""
    ballot: str = ""


def may_vote(view: PresentedPoll) -> bool:
    """Tell whether the reader of `view` may cast a ballot now."""
    return view.state == "open" and (not view.voted or view.change)


def page_values(
    view: PresentedPoll,
    lang: str,
    here: str,
    voter: str,
    sent: Sent,
    zone: str,
    *,
    show_results: bool,
) -> dict[str, Any]:
    """Return the template's values for a poll.

    Args:
        view: the poll as its reader sees it.
        lang: `vi` or `en`.
        here: the page's own path, with its language.
        voter: the token that goes into the form.
        sent: what the reader sent before, if it is to be corrected.
        zone: the site's time zone.
        show_results: the reader asked for the results, or has voted.
    """
    t = TEXTS[lang]
    votes = may_vote(view)
    form = _form(view, lang, here, voter, sent) if votes and not show_results else None
    shown = view.results if not form and view.state != "scheduled" else None
    when = ""
    if view.state == "open" and view.closes:
        when = t["closes"].format(time=moment(view.closes, lang, zone))
    elif view.state == "scheduled" and view.opens:
        when = t["opens"].format(time=moment(view.opens, lang, zone))
    return {
        "question": pick(view.question, lang, view.lang),
        "question_lang": lang if lang in view.question else view.lang,
        "hint": _hint(view, lang),
        "description": _description(view, lang),
        "form": form,
        "results": _results(view, shown, lang, here) if shown else None,
        "results_hidden": not form and not shown and view.state != "scheduled",
        "back": here if votes and not form else "",
        "notes": [when] * bool(when)
        + [t["changeable" if view.change else "daily" if view.daily else "once"]] * votes,
    }


def _form(view: PresentedPoll, lang: str, here: str, voter: str, sent: Sent) -> dict[str, Any]:
    t = TEXTS[lang]
    choices = [
        {
            "id": choice.id,
            "text": pick(choice.text, lang, view.lang),
            "lang": lang if lang in choice.text else view.lang,
            "checked": choice.id in sent.choices,
            "picture": picture_values(choice.picture, here, lang, view.lang),
        }
        for choice in view.choices
        if not choice.hidden
    ]
    if view.shuffle:
        # The same order for one reader each time. Nothing is kept secret by it.
        random.Random(voter).shuffle(choices)  # noqa: S311
    if view.other:
        choices.append(
            {"id": OTHER, "text": t["other"], "lang": lang, "checked": OTHER in sent.choices}
        )
    return {
        "choices": choices,
        "kind": "checkbox" if view.multiple else "radio",
        "other": view.other,
        "other_label": t["other_text"].format(n=view.other),
        "other_text": sent.other,
        "voter": voter,
        "birth": view.birth,
        "ballot": sent.ballot or secrets.token_urlsafe(18),
        "button": t["change"] if view.voted else t["vote"],
        "results_link": f"{here}&results=1" if view.results else "",
    }


def _description(view: PresentedPoll, lang: str) -> str:
    """Return what stands below the question where the page's link is shared: the answers."""
    answers = [
        pick(choice.text, lang, view.lang) for choice in view.choices if not choice.hidden
    ] + [TEXTS[lang]["other"]] * bool(view.other)
    text = " · ".join(answers)
    return text if len(text) <= DESCRIPTION_MAX else text[: DESCRIPTION_MAX - 1] + "…"


def _hint(view: PresentedPoll, lang: str) -> str:
    t = TEXTS[lang]
    if not view.multiple:
        return t["choose_one"]
    name = "choose_exactly" if view.min == view.max else "choose_some"
    return t[name].format(min=view.min, max=view.max)


def _results(view: PresentedPoll, results: PollResults, lang: str, here: str) -> dict[str, Any]:
    t = TEXTS[lang]
    texts = {
        choice.id: pick(choice.text, lang, view.lang)
        + (f" ({t['withdrawn']})" if choice.hidden else "")
        for choice in view.choices
    } | {OTHER: t["other"]}
    pictures = {
        choice.id: picture_values(choice.picture, here, lang, view.lang) for choice in view.choices
    }
    langs = {choice.id: lang if lang in choice.text else view.lang for choice in view.choices}
    rows = [
        {
            "text": texts[choice.id],
            "lang": langs.get(choice.id, lang),
            "picture": pictures.get(choice.id),
            "share": choice.percent
            if choice.votes is None
            else choice.votes * 100 / max(1, results.ballots or choice.votes),
            "percent": ""
            if choice.percent is None
            else f"{percent_text(choice.percent, t['point'])}%",
            "votes": "" if choice.votes is None else counted("votes", choice.votes, lang),
        }
        for choice in results.choices
    ]
    others = [
        other.text if other.votes is None else f"{other.text}: {number(other.votes, lang)}"
        for other in results.others
    ]
    tied = len(results.leading)
    unit = "voters" if results.of == "voters" else "ballots"
    total = [counted(unit, results.ballots, lang)] if results.ballots is not None else []
    total += [t["of_voters"]] if unit == "voters" and rows and rows[0]["percent"] else []
    total += [t["tied"].format(n=tied)] if tied > 1 else []
    return {"rows": rows, "others": others, "total": " ".join(total)}


def picture_values(
    picture: Picture | None, here: str, lang: str, poll_lang: str
) -> dict[str, Any] | None:
    """Return what an `<img>` needs; `here` is a path of the site two folders deep."""
    if picture is None:
        return None
    site = here.rpartition("/")[0].rpartition("/")[0]
    return {
        "src": f"{site}/picture/{picture.id}.jpg",
        "width": picture.width,
        "height": picture.height,
        "alt": pick(picture.alt, lang, poll_lang) if picture.alt else "",
    }

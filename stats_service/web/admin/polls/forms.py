"""The form of a poll: its fields into a definition, and a definition into its fields."""

from collections.abc import Collection, Mapping
from typing import Any

from msgspec.structs import replace

from stats_service.errors import InvalidInputError
from stats_service.models.polls import Poll
from stats_service.services.periods import local_minute
from stats_service.services.polls import definition
from stats_service.services.polls.definition import (
    DraftChoice,
    PollChanges,
    PollDraft,
    local_moment,
    texts_of,
)
from stats_service.services.polls.rules import KIOSK_PAUSE_MAX, check_number_of_choices

#: The languages that the form asks for; the first is the one that every text has.
LANGUAGES = ("vi", "en")
#: Longest free text of a poll that takes one, if it was not set by other means.
OTHER_LENGTH = 120

#: Seconds between two votes on one kiosk, if nobody says otherwise.
KIOSK_PAUSE = 10

Form = Mapping[str, str]


def new_poll(form: Form, timezone: str, taken: Collection[str]) -> Poll:
    """Return the poll that the form describes; InvalidInputError names a field."""
    draft = PollDraft(
        question=_texts(form.get("question", ""), form.get("question_en", "")),
        choices=_new_choices(form, 0),
        status="open" if form.get("status") == "open" else "draft",
        **_options(form, timezone, None),
    )
    return definition.new_poll(draft, taken)


def changed_fields(poll: Poll, form: Form, timezone: str) -> dict[str, Any]:
    """Return the fields of `poll` as the form has them."""
    kept = [
        DraftChoice(
            id=choice.id,
            text=_texts(
                form.get(f"text-{choice.id}", ""), form.get(f"en-{choice.id}", ""), choice.text
            ),
            hidden=form.get(f"hidden-{choice.id}") == "yes",
        )
        for choice in poll.choices
    ]
    places = {c.id: _place(form.get(f"order-{c.id}", ""), n) for n, c in enumerate(kept, 1)}
    kept.sort(key=lambda choice: places[choice.id])
    changes = PollChanges(
        question=_texts(form.get("question", ""), form.get("question_en", ""), poll.question),
        choices=(*kept, *_new_choices(form, len(kept))),
        **_options(form, timezone, poll),
    )
    return definition.changed_fields(poll, changes)


def drafted_poll(poll: Poll | None, form: Form, timezone: str) -> Poll:
    """Return the poll of a form that somebody is still filling in.

    What is missing is filled in or taken from `poll` as it was; errors are those that remain.
    """
    offered = [c for c in poll.choices if form.get(f"hidden-{c.id}") != "yes"] if poll else []
    lines = _lines(form.get("choices", ""))
    lines += [f"Câu trả lời {n}" for n in range(len(offered) + len(lines) + 1, 3)]
    english = _lines(form.get("choices_en", ""))
    filled = dict(form) | {
        "question": form.get("question", "").strip() or "Câu hỏi của bạn",
        "choices": "\n".join(lines),
        "choices_en": "\n".join(
            [*english, *lines[len(english) :]][: len(lines)] if english else []
        ),
    }
    if poll is None:
        return new_poll(filled, timezone, ())
    for choice in poll.choices:
        name = f"text-{choice.id}"
        filled[name] = form.get(name, "").strip() or choice.text.get("vi", choice.text[poll.lang])
    return replace(poll, **changed_fields(poll, filled, timezone))


def form_values(poll: Poll, timezone: str) -> dict[str, object]:
    """Return what the form shows of a poll that exists."""
    values: dict[str, object] = {
        "question": poll.question.get("vi", ""),
        "question_en": poll.question.get("en", ""),
        "max_choices": str(poll.max_choices),
        "opens": _local(poll.opens, timezone),
        "closes": _local(poll.closes, timezone),
        "results_when": poll.results_when,
        "results_as": poll.results_as,
        "level": poll.protection.level,
        "shuffle": "yes" if poll.shuffle else "",
        "other": "yes" if poll.other else "",
        "change": "yes" if poll.change else "",
        "daily": "yes" if poll.daily else "",
        "results_order": poll.results_order,
        "thanks": poll.thanks.get("vi", ""),
        "thanks_en": poll.thanks.get("en", ""),
        "next_page": poll.next_page,
        "kiosk": "yes" if poll.kiosk_pause else "",
        "kiosk_pause": str(poll.kiosk_pause or KIOSK_PAUSE),
        "kiosk_ceiling": str(poll.kiosk_ceiling),
        "kiosk_networks": "\n".join(poll.kiosk_networks),
    }
    return values | {f"hidden-{choice.id}": "yes" for choice in poll.choices if choice.hidden}


def _options(form: Form, timezone: str, poll: Poll | None) -> dict[str, Any]:
    most = form.get("max_choices", "1").strip() or "1"
    if not (most.isascii() and most.isdigit() and len(most) <= 2 and 1 <= int(most) <= 50):
        raise InvalidInputError(
            "max_choices {most!r}: use a whole number from 1 to 50.", most=most[:20]
        )
    longest = (poll.other if poll else 0) or OTHER_LENGTH
    thanks = {"vi": form.get("thanks", "").strip(), "en": form.get("thanks_en", "").strip()}
    return {
        "multiple": int(most) > 1,
        "max_choices": int(most),
        "opens": local_moment("opens", form.get("opens", ""), timezone),
        "closes": local_moment("closes", form.get("closes", ""), timezone),
        "results_when": form.get("results_when", "always"),
        "results_as": form.get("results_as", "both"),
        "results_order": form.get("results_order", "listed"),
        "shuffle": form.get("shuffle") == "yes",
        "other": longest if form.get("other") == "yes" else 0,
        "change": form.get("change") == "yes",
        "daily": form.get("daily") == "yes",
        "thanks": texts_of((poll.thanks if poll else {}) | thanks),
        "next_page": form.get("next_page", "").strip(),
        "level": form.get("level") or "standard",
        **_kiosk(form),
    }


def _kiosk(form: Form) -> dict[str, Any]:
    """Return what the form says of kiosks; a form that does not have them changes nothing of it."""
    if "kiosk_pause" not in form:
        return {}
    pause = _number("kiosk_pause", form["kiosk_pause"], 1, KIOSK_PAUSE_MAX)
    return {
        "kiosk_pause": pause if form.get("kiosk") == "yes" else 0,
        "kiosk_ceiling": _number("kiosk_ceiling", form.get("kiosk_ceiling", ""), 1, 1_000_000),
        "kiosk_networks": tuple(form.get("kiosk_networks", "").split()),
    }


def _number(field: str, text: str, low: int, high: int) -> int:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 7 and low <= int(text) <= high):
        raise InvalidInputError(
            "{field} {value}: use a number from {low} to {high}.",
            field=field,
            value=text[:20],
            low=low,
            high=high,
        )
    return int(text)


def _place(text: str, place: int) -> tuple[int, int]:
    """Return where an answer is to stand, of old at `place`; one number moves one answer."""
    text = text.strip()
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else place
    # Up: before the one that stands there; down: behind it.
    return wanted, (wanted > place) - (wanted < place)


def _new_choices(form: Form, kept: int) -> tuple[DraftChoice, ...]:
    """Return the choices of the two text fields, which belong together line by line."""
    lines, english = _lines(form.get("choices", "")), _lines(form.get("choices_en", ""))
    if english and len(english) != len(lines):
        raise InvalidInputError(
            "choices: {number} lines in Vietnamese and {english} in English; give both the "
            "same number, or no English ones.",
            number=len(lines),
            english=len(english),
        )
    # Before anything is made of a file's worth of lines.
    check_number_of_choices(kept + len(lines))
    return tuple(
        DraftChoice(text=_texts(text, english[n] if english else ""))
        for n, text in enumerate(lines)
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _texts(vi: str, en: str, before: Mapping[str, str] | None = None) -> dict[str, str]:
    texts = {k: v for k, v in (before or {}).items() if k not in LANGUAGES} | {"vi": vi.strip()}
    return texts | ({"en": en.strip()} if en.strip() else {})


def _local(moment: float | None, timezone: str) -> str:
    return "" if moment is None else local_minute(moment, timezone)

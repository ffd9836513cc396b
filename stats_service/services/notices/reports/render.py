"""A report as an e-mail: text, HTML and the chart."""

from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from stats_service.models.notices import Report
from stats_service.models.polls import OTHER, Poll
from stats_service.models.sites import Site
from stats_service.services import formats
from stats_service.services.notices.mail import Mail, MailPicture
from stats_service.services.notices.reports import chart, words
from stats_service.services.notices.reports.numbers import ReportNumbers, name_of
from stats_service.services.polls.presentation import percent_text

CHART_ID, EMBLEM_ID = "chart@stats-service", "emblem@stats-service"
#: Largest width and height of the emblem in a mail, in pixels.
EMBLEM_WIDTH, EMBLEM_HEIGHT = 240, 56

_templates = Environment(
    loader=PackageLoader("stats_service.services.notices.reports"),
    autoescape=select_autoescape(("html",), default=False),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
)


def render(
    numbers: ReportNumbers, report: Report, base_url: str, recipient: str, emblem: bytes = b""
) -> Mail:
    """Return the e-mail of a report.

    Article keys are shown as text, never as links: they come from whoever visits the portal.

    Args:
        numbers: the numbers of the report.
        report: the recipient and the language.
        base_url: where the service is.
        recipient: the page on which the recipient unsubscribes; empty for a trial.
        emblem: the site's emblem, a JPEG; empty: it has none.
    """
    language = report.language
    texts = words.WORDS[language]
    number = partial(formats.number, language=language)
    day = partial(formats.day, language=language)
    span = f"{day(numbers.first)} – {day(numbers.last)}"
    title = f"{texts[report.every]} {span}: {numbers.site.name}"
    year = "year_tet" if numbers.by_tet else f"year_{report.every}"
    values: dict[str, Any] = {
        "title": title,
        "kind": texts[report.every],
        "span": span,
        "language": language,
        "numbers": numbers,
        "busiest_day": date.fromisoformat(numbers.busiest.name),
        "words": texts,
        "metrics": (
            ("visits", "views") if numbers.site.headline == "visits" else ("views", "visits")
        ),
        "besides": (
            (texts[f"before_{report.every}"], numbers.before),
            (texts[year], numbers.year),
        ),
        "link": (
            f"{base_url}/admin/sites/{numbers.site.slug}/report"
            f"?period={name_of(report.every, numbers.first)}"
        ),
        "definitions": (
            f"{base_url}/s/{numbers.site.slug}/how-we-count"
            if numbers.site.public
            else f"{base_url}/admin/help/{language}/how-we-count"
        ),
        "stop": recipient,
        "chart_id": CHART_ID,
        "emblem": _emblem(numbers.site) if emblem else None,
        "reason": partial(words.reason, language=language),
        "source": partial(words.source, language=language),
        "key": formats.readable,
        "text": partial(_text, language=language),
        "percent": lambda value: percent_text(value, formats.decimal_sign(language)) + "%",
        "score": partial(formats.score, language=language),
        "ended": lambda at: day(datetime.fromtimestamp(at, ZoneInfo(numbers.site.timezone))),
        "few": lambda n: texts["few"] if n is None else number(n),
        "signed": lambda n: ("−" if n < 0 else "+") + number(abs(n)),
        "n": number,
        "change": partial(formats.change, language=language),
        "day": day,
    }
    return Mail(
        to=report.address,
        subject=title,
        text=_templates.get_template("report.txt").render(values),
        html=_templates.get_template("report.html").render(values),
        pictures=tuple(_pictures(numbers, emblem, language)),
        language=language,
        unsubscribe=recipient,
    )


def _text(poll: Poll, choice: str, language: str) -> str:
    """Return the text of a choice of a poll, or its question if none is named."""
    if choice == OTHER:
        return words.WORDS[language]["other"]
    texts = poll.question if not choice else {}
    texts = next((one.text for one in poll.choices if one.id == choice), texts)
    return texts.get(language) or texts.get(poll.lang, choice)


def _pictures(numbers: ReportNumbers, emblem: bytes, language: str) -> Iterator[MailPicture]:
    yield MailPicture(CHART_ID, chart.draw(numbers.points, language), "png", "chart.png")
    if emblem:
        yield MailPicture(EMBLEM_ID, emblem, "jpeg", "emblem.jpg")


def _emblem(site: Site) -> dict[str, str | int] | None:
    """Return what an `<img>` needs: mail programs scale by its attributes alone."""
    if site.emblem is None:
        return None
    width, height = site.emblem.width, site.emblem.height
    scale = min(1, EMBLEM_WIDTH / width, EMBLEM_HEIGHT / height)
    sides = {"width": max(1, round(width * scale)), "height": max(1, round(height * scale))}
    return {"id": EMBLEM_ID, **sides}


def render_ask(site: Site, report: Report, link: str) -> Mail:
    """Return the e-mail that asks a recipient for agreement to the reports of a site.

    Args:
        site: the site; an administrator chose its name, so it is shown as text.
        report: the recipient and the language.
        link: the page on which the recipient answers.
    """
    texts = words.WORDS[report.language]
    values = {
        "language": report.language,
        "title": texts["ask_title"].format(site=site.name),
        "text": texts[f"ask_{report.every}"].format(site=site.name),
        "button": texts["ask_button"],
        "foot": texts["ask_foot"],
        "link": link,
    }
    return Mail(
        to=report.address,
        subject=values["title"],
        text=_templates.get_template("ask.txt").render(values),
        html=_templates.get_template("ask.html").render(values),
        language=report.language,
        unsubscribe=link,
    )

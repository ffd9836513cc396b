"""A report as an e-mail: text, HTML and the chart."""

from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from stats_service.models.notices import Report
from stats_service.models.sites import Site
from stats_service.services import formats
from stats_service.services.notices.mail import Mail, MailPicture
from stats_service.services.notices.reports import chart, words
from stats_service.services.notices.reports.numbers import ReportNumbers

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
    span = f"{formats.day(numbers.first, language)} – {formats.day(numbers.last, language)}"
    title = f"{texts[report.every]} {span}: {numbers.site.name}"
    values: dict[str, Any] = {
        "title": title,
        "kind": texts[report.every],
        "span": span,
        "language": language,
        "numbers": numbers,
        "busiest_day": date.fromisoformat(numbers.busiest.name),
        "words": texts,
        "rows": tuple(
            (texts[metric], numbers.total.of(metric), numbers.before and numbers.before.of(metric))
            for metric in ("visits", "views")
        ),
        "link": f"{base_url}/admin/sites/{numbers.site.slug}/",
        "stop": recipient,
        "chart_id": CHART_ID,
        "emblem": _emblem(numbers.site) if emblem else None,
        "reason": partial(words.reason, language=language),
        "n": partial(formats.number, language=language),
        "change": partial(formats.change, language=language),
        "day": partial(formats.day, language=language),
    }
    return Mail(
        to=report.address,
        subject=title,
        text=_templates.get_template("report.txt").render(values),
        html=_templates.get_template("report.html").render(values),
        pictures=tuple(_pictures(numbers, emblem)),
        language=language,
        unsubscribe=recipient,
    )


def _pictures(numbers: ReportNumbers, emblem: bytes) -> Iterator[MailPicture]:
    yield MailPicture(CHART_ID, chart.draw(numbers.points), "png", "chart.png")
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

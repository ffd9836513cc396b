"""What the hosted pages share: the reader's language, forms of our own, refusals in words."""

from collections.abc import Sequence

from flask import Response, request

from stats_service.errors import NotFoundError, StatsError
from stats_service.models.polls import PresentedPoll
from stats_service.services.visitors.hosts import origin_host
from stats_service.web.hosted.texts import LANGUAGES, TEXTS
from stats_service.web.http.context import services
from stats_service.web.http.problems import problem_headers

#: Refusals that the pages explain by their own text.
_EXPLAINED = (
    "already-voted",
    "voter-too-new",
    "too-many-requests",
    "store-unavailable",
    "kiosk-refused",
)


def own_form() -> bool:
    """Tell whether the form comes from this page: browsers say where a form was."""
    origin = origin_host(request.headers.get("Origin", ""))
    own = (f"http://{request.host}", f"https://{request.host}", services().settings.base_url)
    return origin is not None and origin in map(origin_host, own)


def language_of(view: PresentedPoll) -> str:
    """Return what the reader asks for, else the first that the browser wants and the poll has."""
    lang = request.args.get("lang", "")
    if lang in LANGUAGES:
        return lang
    spoken = [known for known in LANGUAGES if known in view.question]
    return _accepted(view.lang if view.lang in LANGUAGES else LANGUAGES[0], spoken)


def _accepted(default: str, spoken: Sequence[str] = LANGUAGES) -> str:
    return request.accept_languages.best_match(spoken) or default


def wanted_language() -> str:
    """Return the language of a page that shows no poll."""
    lang = request.args.get("lang", "")
    return lang if lang in LANGUAGES else _accepted("vi")


def explained(error: StatsError, lang: str) -> str:
    """Return what an error means, in words."""
    code = "unknown" if isinstance(error, NotFoundError) else error.code
    t = TEXTS[lang]
    return t[code] if code == "unknown" or code in _EXPLAINED else t["refused"]


def refused(response: Response, error: StatsError) -> Response:
    """Give a page the status of an error, and when to try again."""
    response.status_code = error.status
    for name, value in problem_headers(error):
        if name == "Retry-After":
            response.headers[name] = value
    return response

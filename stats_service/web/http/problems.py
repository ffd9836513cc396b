"""Errors as RFC 9457 problem details, the same from Flask and from the event loop."""

import math

import msgspec

from stats_service.errors import (
    AlreadyRatedError,
    BallotConflictError,
    Difference,
    StaleError,
    StatsError,
    TokenRefusedError,
    UnfitAnswerError,
)
from stats_service.models.polls import PresentedPoll
from stats_service.models.ratings import RatedArticle

CONTENT_TYPE = "application/problem+json"
#: `WWW-Authenticate` for a program without a valid token (RFC 6750).
CHALLENGE = 'Bearer realm="stats_service"'


class Problem(msgspec.Struct, frozen=True):
    """The body of every error response."""

    #: Stable URI reference, one for each `code`.
    type: str
    title: str
    status: int
    #: What happened, with the value, and what to do.
    detail: str
    #: Stable name for programs.
    code: str


class BallotProblem(Problem, frozen=True, kw_only=True):
    """Why a ballot is refused, with the poll as the voter may see it."""

    poll: PresentedPoll


class AnswerProblem(Problem, frozen=True, kw_only=True):
    """Why a choice or a text is refused, as `errors.UnfitAnswerError` names it."""

    #: Empty if the request itself is invalid.
    reason: str = ""


class RatingProblem(Problem, frozen=True, kw_only=True):
    """Why a rating can no longer be changed, with the article's ratings."""

    article: RatedArticle


class StaleProblem(Problem, frozen=True, kw_only=True):
    """Why a change made from an outdated version is refused, with both versions."""

    #: Revision of the current version; also in the `ETag` of the response.
    revision: str
    differences: tuple[Difference, ...]


def problem(code: str, title: str, status: int, detail: str) -> Problem:
    """Return a problem; its type is derived from `code`."""
    return Problem(f"about:blank#{code}", title, status, detail, code)


def problem_of(error: StatsError) -> Problem:
    """Return the problem that describes `error`."""
    basic = problem(error.code, error.title, error.status, str(error))
    if isinstance(error, BallotConflictError) and isinstance(error.poll, PresentedPoll):
        return BallotProblem(*msgspec.structs.astuple(basic), poll=error.poll)
    if isinstance(error, StaleError):
        return StaleProblem(
            *msgspec.structs.astuple(basic),
            revision=error.revision,
            differences=error.differences,
        )
    if isinstance(error, AlreadyRatedError) and isinstance(error.article, RatedArticle):
        return RatingProblem(*msgspec.structs.astuple(basic), article=error.article)
    if isinstance(error, UnfitAnswerError):
        return AnswerProblem(*msgspec.structs.astuple(basic), reason=error.reason)
    return basic


def internal_problem() -> Problem:
    """Return the problem for an unexpected error."""
    detail = "The service failed on this request. Nothing was stored; the log says more."
    return problem("internal-error", "The service failed", 500, detail)


def problem_headers(error: Exception) -> list[tuple[str, str]]:
    """Return the headers of the response to `error`."""
    headers = [("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store")]
    if isinstance(error, StatsError) and error.retry_after is not None:
        headers.append(("Retry-After", str(math.ceil(error.retry_after))))
    if isinstance(error, StaleError):
        headers.append(("ETag", f'"{error.revision}"'))
    if isinstance(error, TokenRefusedError):
        headers.append(("WWW-Authenticate", CHALLENGE))
    return headers

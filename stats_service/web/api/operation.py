"""The description of one operation of the API, from which `openapi` builds the document."""

from dataclasses import dataclass
from typing import Any

#: In place of a media type: the response has no body.
NO_CONTENT = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation; a path parameter if its name is in braces in the path."""

    name: str
    description: str
    schema: dict[str, Any]
    required: bool = True
    #: `query` or `header`.
    where: str = "query"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    #: Path below the prefix, with parameters in braces.
    path: str
    id: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    #: Type of the JSON body, sent as `text/plain` so that browsers need no preflight.
    body: type | None = None
    #: Responses by status: a type (as JSON), or a media type.
    answers: dict[int, type | str] | None = None
    #: Statuses with a problem document.
    problems: tuple[int, ...] = (404, 503)
    #: Statuses with a problem document that has further members.
    extended: dict[int, type] | None = None
    #: Required scope of the token; empty: the operation is public.
    scope: str = ""


def one_of(*values: str) -> dict[str, Any]:
    """Return the schema of a text with these possible values."""
    return {"type": "string", "enum": list(values)}


SITE = Parameter("slug", "The site.", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,38}$"})

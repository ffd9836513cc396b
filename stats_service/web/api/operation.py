"""How one operation of the API is described; `openapi` makes the document out of them."""

from dataclasses import dataclass
from typing import Any

#: Instead of a media type: the answer has no body.
NO_CONTENT = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation; a path parameter if the path has its name in braces."""

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
    #: Below the prefix, parameters in braces.
    path: str
    id: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    #: Type of the JSON body, which is sent as `text/plain` to spare browsers a preflight.
    body: type | None = None
    #: Answer by status: a type (as JSON), or a media type.
    answers: dict[int, type | str] | None = None
    #: Statuses answered with a problem document.
    problems: tuple[int, ...] = (404, 503)
    #: Statuses answered with a problem document that has further members.
    extended: dict[int, type] | None = None
    #: What the program's token must be allowed; empty: the operation is for everybody.
    scope: str = ""


def one_of(*values: str) -> dict[str, Any]:
    """Return the schema of a text that is one of `values`."""
    return {"type": "string", "enum": list(values)}


SITE = Parameter("slug", "The site.", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,38}$"})

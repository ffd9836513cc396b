"""Polls, voters and ballots for tests."""

import itertools
import json
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from stats_service.models.polls import Choice, Poll
from stats_service.services.container import Services
from tests.support.pages import BROWSER, ORIGIN

WHO = "test"

_numbers = itertools.count()


def make_choices(names: str) -> tuple[Choice, ...]:
    """Return a choice for each letter."""
    return tuple(Choice(id=name, text={"vi": f"Mục {name}"}) for name in names)


def make_poll(services: Services, **fields: Any) -> Poll:
    """Store an open poll of the site `kimson`, with the choices `a`, `b`, `c` if not others."""
    values: dict[str, Any] = {
        "id": "muc-quan-tam",
        "question": {"vi": "Bạn quan tâm mục gì nhất?", "en": "What do you read most?"},
        "choices": make_choices("abc"),
        "status": "open",
    }
    return services.polls.polls.create("kimson", Poll(**values | fields), WHO, services.clock.now())


def new_voter(services: Services, *, age: float = 10, slug: str = "kimson") -> str:
    """Return a token that was issued `age` seconds ago."""
    return services.polls.voters.issue(slug, services.clock.now() - age)


def new_ballot() -> str:
    """Return a ballot id that no other ballot of the test run has."""
    return f"ballot-{next(_numbers):012d}"


def vote(
    client: FlaskClient,
    voter: str,
    *choices: str,
    poll: str = "muc-quan-tam",
    slug: str = "kimson",
    address: str = "192.0.2.1",
    origin: str = ORIGIN,
    user_agent: str = BROWSER,
    **fields: Any,
) -> TestResponse:
    """Send a ballot; `fields` go into the body as they are."""
    body = {"ballot": new_ballot(), "choices": choices, "voter": voter} | fields
    return client.post(
        f"/v1/{slug}/polls/{poll}/ballots",
        data=json.dumps(body),
        content_type="text/plain",
        headers={"User-Agent": user_agent, "Origin": origin},
        environ_base={"REMOTE_ADDR": address},
    )


def rate(
    client: FlaskClient,
    voter: str,
    score: int = 4,
    *,
    article: str = "/tin/1",
    slug: str = "kimson",
) -> TestResponse:
    """Rate an article."""
    return client.post(
        f"/v1/{slug}/ratings",
        data=json.dumps({"article": article, "score": score, "voter": voter}),
        content_type="text/plain",
        headers={"User-Agent": BROWSER, "Origin": ORIGIN},
    )

"""What pages of other origins may read."""

import pytest
from flask.testing import FlaskClient

from stats_service.models.sites import Site
from tests.support.pages import ORIGIN, view


@pytest.mark.check("T18")
@pytest.mark.quick
@pytest.mark.parametrize(
    "origin", [ORIGIN, "null", "https://evil.example", "https://kimson.example.vn.evil"]
)
def test_no_answer_allows_credentials(client: FlaskClient, site: Site, origin: str) -> None:
    """Of a site's routes, errors and a wrong method included; and all vary by origin."""
    answers = [
        view(client, origin=origin),
        client.get("/v1/kimson/counts", headers={"Origin": origin}),
        client.get("/v1/kimson/articles/views?key=/a", headers={"Origin": origin}),
        client.post("/v1/kimson/page", data="{", headers={"Origin": origin}),
        client.post("/v1/kimson/voters", data='{"voter": ""}', headers={"Origin": origin}),
        client.post("/v1/kimson/ratings", data="{}", headers={"Origin": origin}),
        client.post("/v1/kimson/polls/x/ballots", data="{}", headers={"Origin": origin}),
    ]

    for answer in answers:
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert "Origin" in answer.headers["Vary"]
        allowed = answer.headers.get("Access-Control-Allow-Origin")
        assert allowed in ((ORIGIN, None) if origin == ORIGIN else (None,))

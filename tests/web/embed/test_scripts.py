"""The script over HTTP, the snippet that names it, and the promise that a version never changes."""

import gzip
import hashlib
from base64 import b64encode

import pytest
from flask.testing import FlaskClient

from stats_service.web.embed.files import load_files
from stats_service.web.embed.snippet import snippet
from stats_service.web.embed.version import VERSION


def test_a_version_is_served_for_a_year_to_any_page(client: FlaskClient) -> None:
    """What has an integrity hash never changes, and a page of any host may check it."""
    response = client.get(f"/v1/embed.{VERSION}.js")

    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response.headers["ETag"]


def test_the_newest_version_is_kept_for_minutes(client: FlaskClient) -> None:
    """A page that pins no version follows the newest soon."""
    response = client.get("/v1/embed.js")

    assert response.data == client.get(f"/v1/embed.{VERSION}.js").data
    assert response.headers["Cache-Control"] == "public, max-age=300"


def test_the_script_comes_compressed_where_that_is_understood(client: FlaskClient) -> None:
    """The bytes on the wire are those of gzip -9; a client without gzip gets the plain file."""
    plain = client.get("/v1/embed.js")
    zipped = client.get("/v1/embed.js", headers={"Accept-Encoding": "gzip, br"})
    refused = client.get("/v1/embed.js", headers={"Accept-Encoding": "gzip;q=0"})

    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data == refused.data
    assert "Content-Encoding" not in plain.headers
    assert zipped.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"


def test_an_unchanged_script_is_not_sent_again(client: FlaskClient) -> None:
    """A browser that has the bytes is told so in a few."""
    etag = client.get("/v1/embed.js").headers["ETag"]

    response = client.get("/v1/embed.js", headers={"If-None-Match": etag})

    assert response.status_code == 304
    assert response.data == b""


@pytest.mark.parametrize("name", ["embed.0.js", "embed-votes.0.js", "embed.manifest.json.js"])
def test_a_version_that_never_was_is_not_found(client: FlaskClient, name: str) -> None:
    """An old or mistyped snippet learns what to do."""
    response = client.get(f"/v1/{name}")

    assert response.status_code == 404
    assert name in response.get_json()["detail"]


def test_the_snippet_pins_the_newest_version_by_its_hash(client: FlaskClient) -> None:
    """The hash in the snippet is that of the bytes which its URL gives."""
    html = snippet("https://dem.example.vn/v1", "kimson", load_files().newest)

    body = client.get(f"/v1/embed.{VERSION}.js").data
    digest = b64encode(hashlib.sha384(body).digest()).decode()
    assert f'src="https://dem.example.vn/v1/embed.{VERSION}.js"' in html
    assert f'integrity="sha384-{digest}" crossorigin="anonymous"' in html
    assert 'data-site="kimson"' in html
    assert '<noscript><span hidden><img src="https://dem.example.vn/v1/kimson/dot.gif"' in html


def test_a_snippet_that_follows_the_newest_version_has_no_hash() -> None:
    """A hash on a file that changes would stop the script at the next version."""
    html = snippet("https://dem.example.vn/v1/", "kimson", load_files().newest, pinned=False)

    assert 'src="https://dem.example.vn/v1/embed.js"' in html
    assert "integrity" not in html

"""Pictures on the wire: cached for ever, shown on the portal, uploaded by who may."""

import io
import random
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from msgspec.structs import replace
from PIL import Image

from stats_service.cli.commands import main
from stats_service.config import Settings
from stats_service.models.audit import Author
from stats_service.models.polls import Choice, Poll
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.pages import BROWSER, view
from tests.support.pictures import picture_file
from tests.support.server import running_service
from tests.support.votes import make_poll

POLL = "muc-quan-tam"
BASE = "/v1/kimson/manage/polls/muc-quan-tam/choices"


@pytest.fixture
def poll(services: Services, site: Site) -> Poll:
    """Give a poll whose first choice has a picture."""
    choices = (
        Choice(id="a", text={"vi": "Bông lúa", "en": "Rice"}),
        Choice(id="b", text={"vi": "Cây cầu"}),
    )
    make_poll(services, choices=choices)
    by = Author("an", services.clock.now())
    return services.polls.pictures.put("kimson", POLL, "a", picture_file(), by)


@pytest.fixture
def headers(services: Services, poll: Poll) -> dict[str, str]:
    """Give the headers of a program that may write."""
    _, text = services.accounts.tokens.add("kimson", "x", "write", "an", services.clock.now())
    return {"Authorization": f"Bearer {text}"}


def test_a_picture_is_served_for_ever_and_everywhere(client: FlaskClient, poll: Poll) -> None:
    """As what it is, to any page, with an address that no other picture has."""
    picture = poll.choices[0].picture
    assert picture

    answer = client.get(f"/v1/kimson/picture/{picture.id}.jpg")

    assert answer.status_code == 200
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in answer.headers
    assert client.get(f"/v1/kimson/picture/{'0' * 32}.jpg").status_code == 404
    assert client.get(f"/v1/kimson/picture/{picture.id}:at.jpg").status_code == 404
    assert client.get(f"/v1/other/picture/{picture.id}.jpg").status_code == 404


def test_readers_get_it_with_words_for_who_does_not_see_it(
    client: FlaskClient, services: Services, poll: Poll
) -> None:
    """In the page's answer and on the hosted page: said by somebody, or made of the text."""
    picture = poll.choices[0].picture
    assert picture
    first, second = view(client, poll=POLL).get_json()["poll"]["choices"]
    hosted = client.get(f"/v1/kimson/p/{POLL}?lang=en", headers={"User-Agent": BROWSER})

    assert first["picture"] == {
        "id": picture.id,
        "width": 320,
        "height": 200,
        "alt": {"vi": "Ảnh: Bông lúa", "en": "Picture: Rice"},
    }
    assert "picture" not in second
    tag = f'<img src="/v1/kimson/picture/{picture.id}.jpg" width="320" height="200"'
    assert f'{tag} alt="Picture: Rice"' in hosted.text
    assert "img-src 'self'" in hosted.headers["Content-Security-Policy"]
    by = Author("an", services.clock.now())
    services.polls.pictures.describe("kimson", POLL, "a", {"vi": "Một bông lúa vàng"}, by)
    results = client.get(f"/v1/kimson/p/{POLL}?lang=vi&results=1", headers={"User-Agent": BROWSER})
    assert 'alt="Một bông lúa vàng"' in results.text


def test_a_program_puts_describes_and_takes_away(
    client: FlaskClient, services: Services, headers: dict[str, str], poll: Poll
) -> None:
    """The file is the body; If-Match names what was seen."""
    file = picture_file((100, 80), "JPEG")
    put = client.put(f"{BASE}/b/picture", data=file, headers=headers)
    early = headers | {"If-Match": '"1"'}
    late = client.put(f"{BASE}/b/picture", data=picture_file(), headers=early)
    alt = client.patch(f"{BASE}/b/picture", json={"alt": {"vi": "Cầu gỗ"}}, headers=headers)
    bad = client.put(f"{BASE}/b/picture", data=b"<svg/>", headers=headers)
    large = client.put(f"{BASE}/b/picture", data=bytes(15_000_001), headers=headers)
    nothing = client.put(f"{BASE}/b/picture", headers=headers)
    gone = client.delete(f"{BASE}/a/picture", headers=headers)

    assert put.status_code == 200
    assert put.get_json()["choices"][1]["picture"]["width"] == 100
    assert late.status_code == 412
    assert alt.get_json()["choices"][1]["picture"]["alt"] == {"vi": "Cầu gỗ"}
    assert [bad.status_code, large.status_code, nothing.status_code] == [400, 413, 400]
    assert "picture" not in gone.get_json()["choices"][0]
    kept = services.polls.polls.get("kimson", POLL)
    assert client.patch(
        "/v1/kimson/manage/polls/muc-quan-tam",
        json={"choices": [{"id": c.id, "text": c.text} for c in reversed(kept.choices)]},
        headers=headers,
    ).get_json()["choices"][0]["picture"]["alt"] == {"vi": "Cầu gỗ"}


def test_no_program_names_a_picture_by_itself(client: FlaskClient, headers: dict[str, str]) -> None:
    """There is no field in which an address, or somebody else's picture, could come."""
    choices = [
        {"id": "a", "text": {"vi": "A"}, "picture": {"id": "0" * 32, "width": 1, "height": 1}},
        {"id": "b", "text": {"vi": "B"}},
    ]

    answer = client.patch(
        "/v1/kimson/manage/polls/muc-quan-tam", json={"choices": choices}, headers=headers
    )

    assert answer.status_code == 400


def test_the_command_line_does_the_same(
    services: Services, poll: Poll, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """File, words, away."""
    settings = services.settings
    for name, value in (
        ("REDIS_URL", settings.redis_url),
        ("STATS_KEY_PREFIX", settings.key_prefix),
        ("STATS_SECRET", settings.secret),
        ("STATS_DATA_DIR", str(settings.data_dir)),
    ):
        monkeypatch.setenv(name, value)
    file = tmp_path / "cau.png"
    file.write_bytes(picture_file((50, 40)))

    def run(*words: str) -> int:
        return CliRunner().invoke(main, ("poll", "picture", "kimson", POLL, *words)).exit_code

    assert run("b", str(file), "--alt", "vi", "Cầu gỗ") == 0
    found = services.polls.polls.get("kimson", POLL).choices[1].picture
    assert found
    assert (found.width, found.alt) == (50, {"vi": "Cầu gỗ"})
    assert run("b", "--alt", "vi", "Cầu sắt") == 0
    assert run("b", "--remove") == 0
    assert run("b", "--remove", "--alt", "vi", "x") == 2
    assert run("b") == 2
    assert run("x", str(file)) == 2
    assert services.polls.polls.get("kimson", POLL).choices == (
        poll.choices[0],
        replace(poll.choices[1], picture=None),
    )


def test_what_is_longer_than_a_picture_is_not_kept_in_memory(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    """A body without a length is read as far as a picture may be, and no further."""
    body = io.BytesIO(bytes(16_000_000))

    answer = client.put(
        f"{BASE}/b/picture",
        input_stream=body,
        headers=headers | {"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )

    assert answer.status_code in (400, 413)
    assert body.tell() < 16_000_000


def test_a_photograph_of_a_telephone_comes_through_the_server(
    settings: Settings, services: Services, headers: dict[str, str]
) -> None:
    """Megabytes, which no other route of programs takes; beyond the most they are refused."""
    noise = Image.frombytes("RGB", (1500, 1000), random.Random(1).randbytes(4_500_000))
    out = io.BytesIO()
    noise.save(out, "PNG", compress_level=0)

    def put(url: str, data: bytes) -> int:
        request = urllib.request.Request(f"{url}{BASE}/b/picture", data, headers, method="PUT")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    with running_service(settings) as url:
        assert put(url, out.getvalue()) == 200
        assert put(url, bytes(15_500_000)) == 413

    found = services.polls.polls.get("kimson", POLL).choices[1].picture
    assert found
    assert (found.width, found.height) == (640, 427)

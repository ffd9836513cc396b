"""`docs/api.md` is true: its examples are run, and it names every route."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import redis
from flask import Flask

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from stats_service.web.api.manage import OPERATIONS
from tests.support.server import running_service

PAGE = (Path(__file__).parents[4] / "docs/api.md").read_text("utf-8")


def test_every_example_does_what_it_says(
    settings: Settings,
    services: Services,
    site: Site,
    redis_client: redis.Redis,
    tmp_path: Path,
) -> None:
    """In the order of the page, with curl, against a running service."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl")
    keys = SiteKeys(settings.key_prefix, site.slug)
    redis_client.hset(keys.ratings, "/tin-tuc/le-hoi", "0,1,1,3,7")
    _, token = services.accounts.tokens.add(
        site.slug, "docs", "write", "test", services.clock.now()
    )
    examples = re.findall(r"^```sh\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)

    assert len(examples) > 10
    with running_service(settings) as url:
        environ = {"STATS": f"{url}/v1", "SITE": site.slug, "TOKEN": token, "PATH": "/usr/bin:/bin"}
        for example in examples:
            done = subprocess.run(
                ["bash", "-e"],
                input=example,
                env=environ,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, f"{example}\n{done.stdout}\n{done.stderr}"

    assert (tmp_path / "kimson.jsonl.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert services.polls.polls.get(site.slug, "muc-quan-tam").status == "archived"


def test_every_public_route_is_told_of(app: Flask) -> None:
    """What portals call; but not what only the script or a one-time link asks for."""
    docs = Path(__file__).parents[4] / "docs"
    names = (
        "api",
        "api-polls-ratings",
        "embed",
        "admin",
        "polls-and-ratings",
        "operate",
        "notices",
    )
    text = "\n".join((docs / f"{name}.md").read_text("utf-8") for name in names)
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    public = {
        route.removeprefix("/v1/<slug>")
        for route in routes
        if route.startswith("/v1/<slug>/") and "/manage/" not in route
    }
    assert len(public) > 15

    own = {"/check", "/clicks", "/k/enrol/<secret>"}
    told = {route for route in public if route.partition("<")[0].rstrip("/") in text}
    assert public - told - own == set()


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS}))
def test_every_route_is_told_of(path: str) -> None:
    """By the end of its path."""
    last = path.rpartition("{poll}")[2] or "/manage/polls/muc-quan-tam"
    assert last.removeprefix("/{slug}") in PAGE or f"…{last}" in PAGE, path

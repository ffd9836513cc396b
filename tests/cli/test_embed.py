"""`stats-service embed`: the lines that a portal pastes."""

from stats_service.models.sites import Site
from stats_service.web.embed.files import load_files
from tests.cli.conftest import Run


def test_names_the_version_and_its_hash(run: Run, site: Site) -> None:
    """At the public URL, below the configured prefix."""
    result = run(
        "embed", "kimson", STATS_PUBLIC_URL="https://dem.example.vn/", STATS_PATH_PREFIX="/v2"
    )

    newest = load_files().newest
    assert f'src="https://dem.example.vn/v2/{newest.name}"' in result.stdout
    assert f'integrity="{newest.integrity}"' in result.stdout
    assert 'data-site="kimson"' in result.stdout
    assert result.stderr == ""


def test_newest_follows_every_release(run: Run, site: Site) -> None:
    """Without a hash, which would hold it to one version."""
    result = run("embed", "kimson", "--newest", STATS_PUBLIC_URL="https://dem.example.vn")

    assert 'src="https://dem.example.vn/v1/embed.js"' in result.stdout
    assert "integrity" not in result.stdout


def test_without_a_public_url_it_says_who_can_use_it(run: Run, site: Site) -> None:
    """On stderr, so that the lines themselves can go into a file."""
    result = run("embed", "kimson")

    assert 'src="http://127.0.0.1:9/v1/' in result.stdout
    assert "STATS_PUBLIC_URL" in result.stderr
    assert "STATS_PUBLIC_URL" not in result.stdout


def test_an_unknown_site(run: Run) -> None:
    """Is a mistake, not a snippet that will never count."""
    result = run("embed", "nobody", code=2)

    assert "nobody" in result.stderr

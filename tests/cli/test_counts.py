"""`stats-service counts` and `article`: the numbers that widgets show."""

import json

from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.cli.conftest import Run


def test_counts_for_people_and_as_json(run: Run, services: Services) -> None:
    """Both name the same numbers."""
    services.sites.add(Site(slug="a", name="A", hosts=("a.vn",), opening_visits=1_814_165))

    text = run("counts", "a").stdout
    found = json.loads(run("counts", "a", "--json").stdout)

    assert text.splitlines()[1].split() == ["total", "1,814,165", "0"]
    assert found["visits"]["total"] == 1_814_165
    assert found["online"] == 0


def test_set_opening_of_an_article(run: Run, site: Site, services: Services) -> None:
    """The page may be named in any of its spellings."""
    result = run("article", "set-opening", "kimson", "https://kimson.example.vn/tin-tuc/abc", "366")

    found = services.traffic.articles(site, ["/tin-tuc/abc"], services.clock.now())
    assert "/tin-tuc/abc had 366" in result.stdout
    assert found["/tin-tuc/abc"].views == 366

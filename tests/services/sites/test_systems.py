"""Parameters of addresses by the system that a portal runs on."""

import pytest

from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.services.articles.keys import canonical_article
from stats_service.services.container import Services
from stats_service.services.sites.sites import check_site
from stats_service.services.sites.systems import SYSTEMS, parameters_of
from tests.cli.conftest import Run, environ, run
from tests.support.admin import Person
from tests.web.admin.conftest import operator

__all__ = ["environ", "operator", "run"]

#: Two articles of each system, and the first once more as others send it.
ADDRESSES = {
    "dnn": ("/Default.aspx?tabid=12&ItemID=1", "/Default.aspx?tabid=12&ItemID=2", "&popup=true"),
    "dokuwiki": ("/doku.php?id=a", "/doku.php?id=b", "&do=show"),
    "drupal": ("/index.php?q=node/1", "/index.php?q=node/2", "&destination=node"),
    "joomla": (
        "/index.php?option=com_content&view=article&id=1",
        "/index.php?option=com_content&view=article&id=2",
        "&Itemid=101",
    ),
    "liferay": ("/tin?_101_urlTitle=a", "/tin?_101_urlTitle=b", "&p_p_resource_id=x"),
    "mediawiki": ("/index.php?title=A", "/index.php?title=B", "&action=view"),
    "nukeviet": (
        "/index.php?nv=news&op=tin/bai-1-5.html",
        "/index.php?nv=news&op=tin/bai-2-6.html",
        "&checkss=abc",
    ),
    "sharepoint": ("/Pages/a.aspx?ItemID=1", "/Pages/a.aspx?ItemID=2", "&Source=%2F"),
    "wordpress": ("/?p=12", "/?p=13", "&preview=true"),
}


@pytest.mark.parametrize("system", sorted(SYSTEMS.keys() - {"static"}))
def test_no_two_articles_of_a_system_are_one(system: str) -> None:
    """What names an article stays, and what names none makes no other of it."""
    one, other, more = ADDRESSES[system]
    site = check_site(
        Site(slug="a", name="A", hosts=("a.vn",), article_parameters=parameters_of(system))
    )
    keys = [canonical_article(text, site.article_parameters) for text in (one, other, one + more)]

    assert keys[0] != keys[1]
    assert keys[0] == keys[2]
    assert canonical_article(keys[0], site.article_parameters) == keys[0]


@pytest.mark.parametrize(
    ("parameters", "key"),
    [
        ((), "/a?itemid=3&view=1"),
        (("-ItemID",), "/a?view=1"),
        (("+page", "-view"), "/a?itemid=3&page=2"),
        (("id",), "/a"),
        (("none",), "/a"),
    ],
)
def test_a_sign_keeps_or_drops_beside_the_usual(parameters: tuple[str, ...], key: str) -> None:
    """Without a sign, the list is all."""
    address = "/a?view=1&Itemid=3&page=2&fbclid=x"

    assert canonical_article(address, parameters) == key
    assert canonical_article(key, parameters) == key


@pytest.mark.parametrize("parameters", [("-id", "nv"), ("-",), ("+fbclid",), ("--x", "y")])
def test_signs_are_for_all_or_none(
    services: Services, site: Site, parameters: tuple[str, ...]
) -> None:
    """A mixture has no meaning."""
    with pytest.raises(InvalidInputError):
        services.sites.sites.edit(site.slug, None, article_parameters=parameters)


def test_a_system_is_chosen_when_a_site_is_made(
    run: Run, operator: Person, services: Services
) -> None:
    """On the command line and on the page; `all` and `none` are words of both."""
    run("site", "add", "mot", "--host", "mot.vn", "--system", "joomla")
    run("site", "add", "hai", "--host", "hai.vn", "--system", "joomla", "--article-parameter", "id")
    run("site", "add", "ba", "--host", "ba.vn", "--system", "khac", code=2)
    operator.post("/admin/sites/new", name="Bốn", slug="bon", hosts="bon.vn", system="nukeviet")
    refused = operator.post("/admin/sites/new", name="N", slug="nam", hosts="nam.vn", system="x")

    def parameters(slug: str) -> tuple[str, ...]:
        return services.sites.sites.get(slug).article_parameters

    assert parameters("mot") == SYSTEMS["joomla"]
    assert parameters("hai") == ("id",)
    assert parameters("bon") == SYSTEMS["nukeviet"]
    assert refused.status_code == 400
    assert 'value="nukeviet"' in operator.get("/admin/sites/new").get_data(as_text=True)
    for words, stored in ((["none"], ("none",)), (["all"], ()), (["-id"], ("-id",))):
        run(
            "site",
            "edit",
            "mot",
            *(part for word in words for part in ("--article-parameter", word)),
        )
        assert parameters("mot") == stored
        operator.post(
            "/admin/sites/bon/settings", article_parameters=" ".join(words), rating_scale="5"
        )
        assert parameters("bon") == stored

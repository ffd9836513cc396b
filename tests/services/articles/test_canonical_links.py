"""The canonical link: believed where no two articles can become one."""

import pytest

from stats_service.services.articles.canonical_links import counted_key, without_left_out
from stats_service.services.articles.keys import canonical_article

PORTAL = "https://kimson.example.vn"
CLICK = "IwAR0x7Kd93hQ2mZ8"


def counted(address: str, canonical: str, *parameters: str) -> str:
    """Return the key under which a page at `address` counts."""
    key = canonical_article(address, parameters)
    return counted_key(key, canonical, parameters)


@pytest.mark.parametrize(
    ("address", "canonical", "key"),
    [
        ("/tin/1.html?from=zalo", f"{PORTAL}/tin/1.html", "/tin/1.html"),
        (f"/tin/1?clk={CLICK}&id=5", f"{PORTAL}/tin/1?id=5", "/tin/1?id=5"),
        ("/tin/1?from=zalo&utm_source=x", f"{PORTAL}/tin/1/?utm_source=y#muc", "/tin/1"),
        ("/index.php?id=7&from=home", f"{PORTAL}/index.php?id=7", "/?id=7"),
        # A network's click id is no article, however many there are.
        (f"/tin/1?zid={CLICK}", f"{PORTAL}/tin/1", "/tin/1"),
    ],
)
def test_what_it_leaves_out_is_left_out(address: str, canonical: str, key: str) -> None:
    """The same page, without where the reader came from."""
    assert counted(address, canonical) == key


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("/tin/1?from=zalo", f"{PORTAL}/"),  # the home page on every article
        ("/?from=zalo", f"{PORTAL}/"),
        ("/tin/1?from=zalo", f"{PORTAL}/tin/2"),  # another article
        ("/tin/1?from=zalo", f"{PORTAL}/tin"),
        ("/tin/1?from=zalo", "javascript:alert(1)"),
        ("/tin/1?from=zalo", f"{PORTAL}/tin/1\0"),
        # The address without its query, where the query names the article.
        ("/index.php?nv=news&op=tin/bai-1-5.html", f"{PORTAL}/index.php"),
        ("/Default.aspx?tabid=12&ItemID=345", f"{PORTAL}/Default.aspx"),
        ("/chi-tiet?id=5", f"{PORTAL}/chi-tiet"),
        ("/chi-tiet?bai-viet=khai-mac-le-hoi", f"{PORTAL}/chi-tiet"),
        ("/chi-tiet?ItemID=3f2504e0-4f89-11d3-9a0c-0305e82c3301", f"{PORTAL}/chi-tiet"),
        ("/chi-tiet?bv=tin2024", f"{PORTAL}/chi-tiet"),
        ("/trang?view=contact", f"{PORTAL}/trang"),
        ("/tin/1?lang=en", f"{PORTAL}/tin/1"),
        ("/tin.php?from=zalo", f"{PORTAL}/tin.php"),
        # Joomla 3.4 wrote `id=article` for every article.
        (
            "/component/content/article.html?id=41",
            f"{PORTAL}/component/content/article.html?id=article",
        ),
    ],
)
def test_two_articles_stay_two(address: str, canonical: str) -> None:
    """What templates say wrongly changes no key."""
    assert counted(address, canonical) == canonical_article(address)


@pytest.mark.parametrize(
    ("parameters", "key"),
    [
        (("-menu",), "/tin/1"),
        (("+from",), "/tin/1?from=zalo"),
        (("from",), "/tin/1?from=zalo"),
        (("none",), "/tin/1"),
    ],
)
def test_the_sites_own_settings_come_first(parameters: tuple[str, ...], key: str) -> None:
    """Whoever says what tells articles apart is believed before a template."""
    assert counted("/tin/1?from=zalo", f"{PORTAL}/tin/1", *parameters) == key
    assert without_left_out(
        canonical_article("/tin/1?from=zalo", parameters), {"from"}, parameters
    ) == (key)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("/tin/1?from=zalo", "/tin/1"),
        ("/tin/1?from=12", "/tin/1?from=12"),
        ("/tin/1?from=zalo&id=3", "/tin/1?id=3"),
        ("/?from=zalo", "/?from=zalo"),
        ("/tin.php?from=zalo", "/tin.php?from=zalo"),
        ("bai-7?from=zalo", "bai-7?from=zalo"),
    ],
)
def test_an_item_of_a_list_is_read_alike(key: str, found: str) -> None:
    """Its link has what canonical links of the site leave out."""
    assert without_left_out(key, {"from"}, ()) == found

"""Every address of an article ends in one key, and nothing hostile ends in any."""

import contextlib
import re
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stats_service.errors import InvalidInputError
from stats_service.services.articles import keys as article_keys
from stats_service.services.articles.keys import (
    canonical_article,
    dropped_parameters,
    is_tracking_parameter,
)

#: Pieces from which hypothesis builds addresses that reach every rule.
PIECES = st.sampled_from(
    [
        *("/", "//", "\\", ".", "..", "%2e", "%2E%2e", "%2f", "?", "&", "=", "#", ";", "+", "%"),
        *("%%", "%4", "%zz", "%00", "%0d%0a", "%e1%bb%a9", "%E1", "%BB", "%3d", "%cc%a3", "%25"),
        *("ứ", "u\u031b\u0301", "\u0338", "\u0323", "đ", "{}", "{site}", "<b>", "'", '"', " "),
        *("\t", "\n", "\x00", "\x85", "\u202e", "\ud800", "\U0001f600", "id", "ID", "utm_source"),
        *("http://", "HTTPS://", "javascript:", "evil.com", "index.html", "Default.aspx"),
        *(";jsessionid=1", "(S(abc))", "tin-tuc", "A", "0"),
    ]
)
ADDRESSES = st.one_of(
    st.lists(PIECES, max_size=12).map("".join),
    st.lists(PIECES, max_size=12).map(lambda pieces: "/" + "".join(pieces)),
    st.text(max_size=60),
    st.text(max_size=60).map("/".__add__),
)
PARAMETERS = st.sampled_from(
    [(), ("none",), ("id",), ("id", "ID"), ("tên", "a=b", "utm_source", "%")]
)

ADDRESSED_PATH = re.compile(r"/(?!/)(?:[A-Za-z0-9._~/!$&()*+,;=:@?-]|%[0-9A-F]{2})*")


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("/", "/"),
        ("/tin/abc", "/tin/abc"),
        ("/tin/abc/", "/tin/abc"),
        ("/tin//abc///", "/tin/abc"),
        ("/tin/./x/../abc", "/tin/abc"),
        ("/../../tin", "/tin"),
        ("/tin/%2e%2E/abc", "/abc"),
        ("/tin/abc#binh-luan", "/tin/abc"),
        ("/tin/abc?utm_source=zalo&fbclid=x", "/tin/abc"),
        ("  /tin/abc\n", "/tin/abc"),
        ("/Tin/ABC", "/Tin/ABC"),
        ("/index.html", "/"),
        ("/Default.aspx", "/"),
        ("/tin/INDEX.PHP", "/tin"),
        ("/tin/index.html/index.php", "/tin"),
        ("/index.php/tin/abc", "/index.php/tin/abc"),
        ("/tin/muc-index.html", "/tin/muc-index.html"),
        ("https://portal.vn/tin/abc", "/tin/abc"),
        ("HTTP://Portal.VN:8080/tin/abc/", "/tin/abc"),
        ("https://user:pass@portal.vn/tin", "/tin"),
        ("https://portal.vn", "/"),
        ("https://portal.vn?x=1", "/?x=1"),
        ("https://portal.vn\\tin\\abc", "/tin/abc"),
        ("//evil.com/tin", "/evil.com/tin"),
        ("/\\evil.com", "/evil.com"),
        ("/tin;jsessionid=0A1B?x=1", "/tin?x=1"),
        ("/(S(lit3py55t21z5v55vlm25s55))/tin", "/tin"),
        ("/{}", "/%7B%7D"),
        ("/a<b>\"'", "/a%3Cb%3E%22%27"),
        ("/a,b;c=d", "/a,b;c=d"),
    ],
)
def test_a_path_is_counted_under_one_spelling(raw: str, key: str) -> None:
    """Slashes, dots, hosts, index files and sessions do not make another article."""
    assert canonical_article(raw) == key


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("/tin-t%e1%bb%a9c", "/tin-t%E1%BB%A9c"),
        ("/tin-tức", "/tin-t%E1%BB%A9c"),
        (unicodedata.normalize("NFD", "/tin-tức"), "/tin-t%E1%BB%A9c"),
        ("/tin-tu%CC%9B%CC%81c", "/tin-t%E1%BB%A9c"),
        ("/%74in", "/tin"),
        ("/tin%2fabc", "/tin%2Fabc"),
        ("/tin abc", "/tin%20abc"),
        ("/100%", "/100%25"),
        ("/100%25", "/100%25"),
        ("/%zz", "/%25zz"),
        ("/%%41", "/%25A"),
        ("/%c4%e1", "/%C4%E1"),
        ("/%3d%cc%a3", "/%3D%CC%A3"),
    ],
)
def test_percent_encoding_is_normalised(raw: str, key: str) -> None:
    """Vietnamese paths coincide whichever browser wrote them; other bytes are left alone."""
    assert canonical_article(raw) == key


@pytest.mark.parametrize(
    ("raw", "parameters", "key"),
    [
        ("/tin?id=5", ("none",), "/tin"),
        ("/tin?id=5", ("id",), "/tin?id=5"),
        ("/tin?x=1&id=5&utm_source=a", ("id",), "/tin?id=5"),
        ("/tin?b=2&a=1", ("a", "b"), "/tin?a=1&b=2"),
        ("/tin?b=2&a=1", {"a", "b"}, "/tin?a=1&b=2"),
        ("/tin?a=2&a=1&a=2", ("a",), "/tin?a=2&a=1"),
        ("/Default.aspx?TabID=12", ("tabid",), "/?tabid=12"),
        ("/tin?id", ("id",), "/tin?id="),
        ("/tin?id=a+b", ("id",), "/tin?id=a%20b"),
        ("/tin?id=a%2Bb", ("id",), "/tin?id=a%2Bb"),
        ("/tin?id=a=b", ("id",), "/tin?id=a%3Db"),
        ("/tin?t%C3%AAn=%e1%bb%a9", ("tên",), "/tin?t%C3%AAn=%E1%BB%A9"),
        ("/tin?utm_source=a&fbclid=b&id=1", ("utm_source", "fbclid", "id"), "/tin?id=1"),
        ("/tin?%00=1", ("id",), "/tin"),
        ("/tin#?id=5", ("id",), "/tin"),
    ],
)
def test_only_the_named_parameters_are_kept(
    raw: str, parameters: tuple[str, ...], key: str
) -> None:
    """They come sorted by name; tracking parameters never come, even when they are named."""
    assert canonical_article(raw, parameters) == key


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("bai-viet-15", "bai-viet-15"),
        ("  Bài \t viết\n15 ", "Bài viết 15"),
        (unicodedata.normalize("NFD", "Bài viết"), "Bài viết"),
        ("tin:15", "tin:15"),
        ("tin/abc/?id=5#x", "tin/abc/?id=5#x"),
        ("{}", "{}"),
        ("%2e", "%2e"),
        ("evil.com", "evil.com"),
    ],
)
def test_an_explicit_key_is_kept_as_it_is_written(raw: str, key: str) -> None:
    """Only white space and the Unicode form are settled."""
    assert canonical_article(raw, ("id",)) == key


@pytest.mark.parametrize(
    "raw",
    [
        *("", "   ", "\n"),
        *("/a\x00b", "/a%00b", "/a\r\nb", "/a%0d%0aSet-Cookie:x", "/a%7f", "/a%c2%85", "/a\x85"),
        *("/a\u202eb", "/a%E2%80%AEb", "/a\u2066b", "\u200fkey", "/a\ud800", "key\udfff"),
        *("javascript:alert(1)", "JavaScript:x", "data:text/html,x", "vbscript:x", "http:/x"),
        *("ftp://evil.com", "evil://x", "\\\\evil.com", "\\x", "<script>", "a<b", "a>b"),
        *("/" + "a" * article_keys.KEY_MAX_BYTES, "ứ" * 400, "/" + "ứ" * 200),
        *("/?" + "x" * article_keys.RAW_MAX_LENGTH,),
    ],
)
def test_what_no_article_is_called_is_refused(raw: str) -> None:
    """The error names the field, shows a part of the value, and says what to do."""
    with pytest.raises(InvalidInputError) as caught:
        canonical_article(raw)

    message = str(caught.value)
    assert message.startswith("article '")
    assert ": " in message
    assert len(message) < 12 * article_keys.SHOWN_LENGTH
    assert message.isprintable()


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (
            "/index.php?option=com_content&view=article&id=1",
            "/?id=1&option=com_content&view=article",
        ),
        ("/index.php?nv=news&amp;op=tin/bai-1-5.html", "/?nv=news&op=tin/bai-1-5.html"),
        ("/Default.aspx?TabId=12&ItemID=345", "/?itemid=345&tabid=12"),
        ("/?p=12", "/?p=12"),
        ("/modules.php?name=News&sid=7", "/modules.php?name=News&sid=7"),
        ("/showthread.php?12-Tin", "/showthread.php?12-Tin"),
        ("/?page=gioi-thieu", "/?page=gioi-thieu"),
        ("/tin?page=2&sort=new&print=1&tmpl=component&PHPSESSID=a&id=", "/tin"),
        ("/tin?utm_source=a&fbclid=b&ref=c&x=" + "a" * 600, "/tin"),
    ],
)
def test_articles_behind_a_question_mark_are_told_apart(raw: str, key: str) -> None:
    """Without a setting, only what tracks, turns pages, sorts, prints or is a session goes."""
    assert canonical_article(raw) == key


def test_the_dropped_parameters_are_named() -> None:
    """The check shows them, each once."""
    raw = "/tin?utm_source=a&id=5&page=2&page=3"

    assert dropped_parameters(raw, canonical_article(raw)) == ("utm_source", "page")
    assert dropped_parameters("tin?x=1", "tin?x=1") == ()


def test_a_control_character_in_a_kept_parameter_is_refused() -> None:
    """What would be stored is checked after decoding."""
    with pytest.raises(InvalidInputError):
        canonical_article("/tin?id=%0a", ("id",))


def test_a_long_vietnamese_title_is_a_key() -> None:
    """A title in the path, each letter percent-encoded, must not lose its article."""
    title = "Hội nghị triển khai nhiệm vụ phòng, chống thiên tai và tìm kiếm cứu nạn năm 2026 " * 2

    assert canonical_article("/tin-tuc/" + title).startswith("/tin-tuc/H%E1%BB%99i%20ngh")


@given(ADDRESSES, PARAMETERS)
@example("/%3D%CC%A3", ())
@example("/%%34%31", ())
@example("/a?%69d=%E1%BB%A9+%2b", ("id",))
def test_a_key_is_its_own_key(raw: str, parameters: tuple[str, ...]) -> None:
    """Normalising is idempotent, and a key is a safe path or an explicit key, never both."""
    try:
        key = canonical_article(raw, parameters)
    except InvalidInputError:
        return

    assert canonical_article(key, parameters) == key
    assert 0 < len(key.encode()) <= article_keys.KEY_MAX_BYTES
    assert key.isprintable() or not key.startswith("/")
    assert not re.match(r"//|\\|javascript:|https?:", key, re.IGNORECASE)
    assert not re.search("[\r\n\t\x00<>]", key)
    if key.startswith("/"):
        assert ADDRESSED_PATH.fullmatch(key)
        assert not {"", ".", ".."} & set(key.partition("?")[0].split("/")[1:]) or key[:2] in (
            "/",
            "/?",
        )


@given(ADDRESSES)
def test_the_cache_changes_no_key(raw: str) -> None:
    """A list of parameters gives what a tuple gives."""
    outcomes = []
    for parameters in (("id",), ["id"], {"id"}):
        try:
            outcomes.append(canonical_article(raw, parameters))
        except InvalidInputError as error:
            outcomes.append(str(error))

    assert len(set(outcomes)) == 1


@pytest.mark.parametrize(
    "unit",
    ["%", "%e1", "/..", "/.", "&id=", "&%69d=%ff", ";jsessionid=", "(S(a)", "ứ", "\u0301", " a"],
)
def test_no_input_takes_long(unit: str) -> None:
    """The longest input that is read takes below 50 ms, whatever it repeats."""
    raw = ("/?" if unit[0] == "&" else "/") + unit * (article_keys.RAW_MAX_LENGTH // len(unit))

    began = time.thread_time()
    with contextlib.suppress(InvalidInputError):
        canonical_article(raw, ("id",))

    assert time.thread_time() - began < 0.05


def test_tracking_parameters_are_told_in_any_case() -> None:
    """A site's settings can refuse them by name."""
    assert all(map(is_tracking_parameter, ["utm_source", "UTM_x", "fbclid", "ZarSrc", "mc_cid"]))
    assert not any(map(is_tracking_parameter, ["id", "ItemID", "tabid", "p", "mcid", "page"]))

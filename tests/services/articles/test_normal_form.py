"""Texts that are dear to put in order are refused before that."""

import unicodedata

import pytest

from stats_service.errors import InvalidInputError
from stats_service.services.articles.keys import canonical_article
from stats_service.services.articles.normal_form import MARKS_MAX, has_endless_marks
from stats_service.services.polls.rules import plain
from stats_service.services.polls.texts import clean_text

#: In descending order of their classes, which is the dearest.
MARKS = "".join(sorted(map(chr, range(0x300, 0x370)), key=unicodedata.combining, reverse=True))


@pytest.mark.parametrize("text", [MARKS * 70, "\u0f73" * 8000, "a" + MARKS * 20, "/tin/" + MARKS])
def test_endless_marks_are_neither_an_article_nor_a_text(text: str) -> None:
    """Whether they come as they are or escaped."""
    escaped = "/" + "".join(f"%{byte:02X}" for byte in text.encode()[:2000])

    assert has_endless_marks(text)
    for article in (text, escaped):
        with pytest.raises(InvalidInputError):
            canonical_article(article, ())
    with pytest.raises(InvalidInputError):
        clean_text("other", text, 300)
    assert plain(text) == ""


def test_no_part_of_a_long_text_is_lost() -> None:
    """Neither what stands behind many blanks, nor the end of what is searched."""
    assert clean_text("question", "a" + " " * 3000 + "b", 300) == "a b"
    assert plain("Đường " * 300 + "cuối").endswith(" cuoi")


@pytest.mark.parametrize(
    "text", ["Người đọc bình chọn " * 20, "\u1100\u1161\u11a8" * 100, "x" * 9000]
)
def test_what_people_write_is_in_order(text: str) -> None:
    """Decomposed as some systems send it, too."""
    assert not has_endless_marks(unicodedata.normalize("NFD", text))
    assert not has_endless_marks(("a" + "\u0301" * MARKS_MAX) * 5)

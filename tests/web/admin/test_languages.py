"""The pages speak Vietnamese and English, completely."""

from io import BytesIO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from tests.support.admin import Person
from tools import translations


def test_every_text_has_its_vietnamese() -> None:
    """A new text without a translation fails here."""
    catalog = read_po(BytesIO((translations.FOLDER / "messages.po").read_bytes()))

    found = [catalog.get(message.id) for message in translations.wanted() if message.id]
    missing = [text for text in found if not (text and text.string)]

    assert not missing


def texts(catalog: Catalog) -> dict[str, list[str]]:
    """Return the translations by their (first) source text."""
    return {
        (m.id if isinstance(m.id, str) else m.id[0]): [m.string]
        if isinstance(m.string, str)
        else list(m.string)
        for m in catalog
        if m.id
    }


def test_the_compiled_catalog_is_that_of_the_source() -> None:
    """What is served (`.mo`) was made from what is read (`.po`)."""
    source = read_po(BytesIO((translations.FOLDER / "messages.po").read_bytes()))
    compiled = read_mo(BytesIO((translations.FOLDER / "messages.mo").read_bytes()))

    assert texts(source) == texts(compiled)


@pytest.mark.parametrize(("language", "text"), [("vi", "Đăng nhập"), ("en", "Sign in")])
def test_a_reader_chooses_the_language(person: type[Person], language: str, text: str) -> None:
    """Vietnamese comes first; the choice stays."""
    reader = person()

    reader.post("/admin/preferences", language=language, next="/admin/sign-in")

    page = reader.get("/admin/sign-in").get_data(as_text=True)
    assert f"<h1>{text}</h1>" in page
    assert f'<html lang="{language}"' in page

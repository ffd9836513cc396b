"""The pages speak Vietnamese and English, completely."""

import ast
from io import BytesIO
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import force_locale

from stats_service.errors import (
    InvalidInputError,
    StatsError,
    UnknownPollError,
    UnknownSiteError,
)
from stats_service.web.pages.messages import explain
from tests.support.admin import Person
from tools import translations


def test_every_text_has_its_vietnamese() -> None:
    """A new text without a translation fails here."""
    catalog = read_po(BytesIO((translations.FOLDER / "messages.po").read_bytes()))

    found = [catalog.get(message.id) for message in translations.wanted() if message.id]
    missing = [text for text in found if not (text and text.string)]

    assert not missing


def error_calls() -> list[tuple[str, ast.Call]]:
    """Return where errors are made that an administrator may read."""
    ignored = {pattern for pattern, method in translations.ERROR_MAPPING if method == "ignore"}
    found: list[tuple[str, ast.Call]] = []
    for folder in ("services", "web/admin", "web/pages"):
        for path in sorted((translations.PACKAGE / folder).rglob("*.py")):
            name = path.relative_to(translations.PACKAGE).as_posix()
            if name in ignored:
                continue
            found += [
                (f"{name}:{node.lineno}", node)
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in translations.ERRORS
                and node.args
            ]
    return found


def test_errors_that_an_administrator_reads_are_templates() -> None:
    """A text with its values in it could not be translated; and each value has its place."""
    calls = error_calls()
    assert len(calls) > 100

    for place, call in calls:
        message = call.args[0]
        if isinstance(message, ast.Name | ast.Attribute):
            continue  # the class makes its own of it
        assert isinstance(message, ast.Constant), f"{place}: write a template and its values"
        fields = {name for _, name, _, _ in Formatter().parse(str(message.value)) if name}
        if call.keywords:
            # `reason` is a word for programs beside the text.
            assert fields == {keyword.arg for keyword in call.keywords} - {"reason"}, place


def test_vietnamese_errors_have_the_values_of_the_english() -> None:
    """A place for a value that there is not would make the page fail.

    So would a form of a number, such as `{n:,}`: numbers come as the reader's language writes them.
    """
    catalog = read_po(BytesIO((translations.FOLDER / "messages.po").read_bytes()))
    templates = {call.args[0].value for _, call in error_calls() if call.keywords}  # type: ignore[attr-defined]

    for template in templates:
        said = catalog.get(template)
        assert said, template
        english, vietnamese = (
            {name for _, name, _, _ in Formatter().parse(text) if name}
            for text in (template, str(said.string))
        )
        assert vietnamese <= english, template
        forms = [form for _, _, form, _ in Formatter().parse(str(said.string)) if form]
        assert not forms, template


@pytest.mark.parametrize(
    ("language", "error", "said"),
    [
        (
            "vi",
            InvalidInputError(
                "{field} {value}: use a number from {low} to {high}.",
                field="other",
                value=-1,
                low=0,
                high=12_345,
            ),
            "Độ dài tối đa của ý kiến khác (ký tự) -1: cần một số từ 0 đến 12.345.",
        ),
        (
            "vi",
            InvalidInputError(
                "The file has {number:,} {field} together, and may have {sum_max:,}.",
                number=1_200_000,
                field="views of articles",
                sum_max=10**6,
            ),
            "Tệp có tổng cộng 1.200.000 (Lượt xem các bài viết); nhiều nhất là 1.000.000.",
        ),
        ("en", UnknownPollError("x"), "There is no such poll, or not any more."),
        ("vi", UnknownSiteError("x"), "Trang web này không tồn tại"),
        ("vi", InvalidInputError("only ever said to programs: {n}", n=7), "programs: 7"),
    ],
)
def test_what_is_said_of_an_error(app: Flask, language: str, error: StatsError, said: str) -> None:
    """By its template; by its code where that is not translated; at last its own words."""
    with app.test_request_context(), force_locale(language):
        assert said in explain(error)


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

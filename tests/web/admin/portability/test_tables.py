"""Tables on the page Data: known by themselves, or with columns that somebody chooses."""

from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.http.context import EXTENSION
from tests.support.admin import Person
from tests.support.clock import FakeClock

DATA = "/admin/sites/kimson/data"
UNKNOWN = "Hôm;Xem;Vào;IP\n24/12/2019;366;155;<b>\n25/12/2019;10;4;x\n"


@pytest.fixture(autouse=True)
def at_once(app: Flask, clock: FakeClock) -> None:
    """Do in this process what a worker starts another one for."""
    uploads = app.extensions[EXTENSION].portability.uploads
    uploads.launch = lambda upload, _held: uploads.run(upload, clock.now())


def send(person: Person, *files: tuple[str, str], **fields: Any) -> Any:
    """Send files, each with its name, and return the answer."""
    sent = [(BytesIO(text.encode()), name) for name, text in files]
    return person.post(f"{DATA}/upload", token=person.token(DATA), file=sent, **fields)


def shown(person: Person, answer: Any) -> str:
    """Return the page that an answer leads to."""
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return person.get(answer.location).get_data(as_text=True)


def do(person: Person, answer: Any, what: str, **fields: str) -> Any:
    """Press a button of the upload's page."""
    return person.post(answer.location, token=person.token(answer.location), do=what, **fields)


def test_columns_are_chosen_by_the_first_rows(
    owner: Person, site: Site, services: Services
) -> None:
    """Shown as text; then looked at, then brought in."""
    taken = send(owner, ("so-lieu.csv", UNKNOWN))
    page = shown(owner, taken)

    assert "Các cột là gì" in page
    assert "24/12/2019" in page
    assert "&lt;b&gt;" in page
    assert services.traffic.views.counts(site, services.clock.now()).views.total == 0

    columns = {"column-1": "date", "column-2": "views", "column-3": "visits"}
    looked = shown(owner, do(owner, taken, "columns", **columns))
    assert "Sẽ được thêm" in looked
    assert "<dd>376</dd>" in looked
    shown(owner, do(owner, taken, "confirm"))

    counts = services.traffic.views.counts(site, services.clock.now())
    assert (counts.views.total, counts.visits.total) == (376, 159)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"column-1": "date"}, "chưa đủ"),
        ({"column-1": "date", "column-2": "views", "column-3": "views"}, "không thể giống nhau"),
        ({}, "chưa đủ"),
    ],
)
def test_columns_that_make_no_table_are_asked_for_again(
    owner: Person, site: Site, columns: dict[str, str], said: str
) -> None:
    """The file stays; the page says what is missing."""
    taken = send(owner, ("so-lieu.csv", UNKNOWN))

    page = shown(owner, do(owner, taken, "columns", **columns))

    assert said in page
    assert "Các cột là gì" in page


def test_columns_that_were_chosen_wrongly_are_refused(owner: Person, site: Site) -> None:
    """With the line and the value."""
    taken = send(owner, ("so-lieu.csv", UNKNOWN))

    page = shown(owner, do(owner, taken, "columns", **{"column-1": "views", "column-4": "date"}))

    assert 'role="alert"' in page
    assert "so-lieu.csv" in page


def test_several_tables_come_in_one_go(owner: Person, site: Site, services: Services) -> None:
    """The page says what each is, which rows are left out, and draws the days."""
    days = "date,views\n" + "".join(f"2019-12-{n:02d},{n}\n" for n in range(1, 32)) + "2019,1\n"
    articles = "article,views\n/a,5\n/b,x\n/c,1\n"

    page = shown(owner, send(owner, ("days.csv", days), ("articles.csv", articles)))

    assert "Bảng số liệu của riêng bạn" in page
    assert "<svg" in page
    assert "articles.csv" in page
    assert "<q>x</q>" in page


def test_an_unknown_table_waits_on_the_page(owner: Person, site: Site) -> None:
    """And is erased by its button."""
    taken = send(owner, ("so-lieu.csv", UNKNOWN))

    assert "so-lieu.csv: " in owner.get(DATA).get_data(as_text=True)
    do(owner, taken, "discard")
    assert owner.get(taken.location).status_code == 404

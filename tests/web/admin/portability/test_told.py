"""What visits of another counter told: previewed on the page Data, and shown like that of ours."""

import zipfile
from io import BytesIO

import pytest
from flask import Flask

from stats_service.models.sites import Site
from stats_service.web.http.context import EXTENSION
from tests.support.admin import Person
from tests.support.clock import FakeClock
from tests.support.visits_told import PLAUSIBLE
from tests.web.admin.portability.test_data import DATA, decide, send, shown

READERS = "/admin/sites/kimson/readers"
DAYS = "range=custom&from=2026-02-17&to=2026-02-18"


@pytest.fixture(autouse=True)
def at_once(app: Flask, clock: FakeClock) -> None:
    """Do in this process what a worker starts another one for."""
    uploads = app.extensions[EXTENSION].portability.uploads
    uploads.launch = lambda upload, _held: uploads.run(upload, clock.now())


def test_the_zip_of_plausible_on_the_page(owner: Person, site: Site) -> None:
    """The preview says which dimensions come, and of how many visits; then they are there."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in PLAUSIBLE.items():
            archive.writestr(name, text)

    taken = send(owner, DATA, packed.getvalue(), "plausible.zip")
    preview = shown(owner, taken)

    assert "Thông tin về các lượt truy cập" in preview
    assert '<td>Thiết bị</td><td class="right">134</td>' in preview
    before = owner.get(f"{READERS}?{DAYS}").text
    assert "Facebook" not in before

    shown(owner, decide(owner, taken, "confirm"))
    page = owner.get(f"{READERS}?{DAYS}").text
    english = owner.get(f"{READERS}?{DAYS}&lang=en").text
    text = owner.get(f"{READERS}/visits.csv?{DAYS}").text
    rows = [line.split(",") for line in text.lstrip("\ufeff").splitlines()]

    for value in ("Facebook", "Máy tính", "Chrome", "Windows", "/tin/1", "Việt Nam"):
        assert value in page
    assert "Known of 134 of 144 visits" in english
    assert ["device", "computer", "80", ""] in rows
    assert ["country", "VN", "130", ""] in rows
    # A source that fewer than three visits have has no name: Bing's 2, and 1 without one.
    assert ["source", "", "3", ""] in rows
    assert sum(int(row[2]) for row in rows if row[0] == "source") == 144
    assert owner.get(f"{READERS}/visits.xlsx?{DAYS}").status_code == 200

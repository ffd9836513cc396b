"""The log of changes on its page."""

from datetime import UTC, datetime

import pytest

from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.admin import Person
from tests.support.votes import make_poll


def test_the_log_shows_what_differs(owner: Person, site: Site, services: Services) -> None:
    """Not the fields that stayed, and of a long value the beginning; fields as the forms say."""
    by = Author("lan", services.clock.now())
    services.sites.sites.edit(site.slug, by, name="Tên mới", hosts=("a.example.vn", "b.example.vn"))

    page = owner.get("/admin/sites/kimson/audit").get_data(as_text=True)

    assert '<del class="mono">Kim Sơn</del> → <ins class="mono">Tên mới</ins>' in page
    assert "b.example.vn" in page
    assert "Tên miền:" in page
    assert "Asia/Ho_Chi_Minh" not in page


def test_the_log_tells_a_poll_in_words(owner: Person, services: Services) -> None:
    """Its texts, its times in the site's zone, and yes or no."""
    poll = make_poll(services, opens=datetime(2026, 3, 5, 1, 0, tzinfo=UTC).timestamp())
    services.polls.polls.edit("kimson", poll.id, "lan", services.clock.now(), shuffle=True)

    page = owner.get("/admin/sites/kimson/audit").get_data(as_text=True)

    assert '<ins class="mono">Mục a; Mục b; Mục c</ins>' in page
    assert '<ins class="mono">05/03/2026 08:00</ins>' in page
    assert '<del class="mono">không</del> → <ins class="mono">có</ins>' in page


@pytest.mark.parametrize(
    ("before", "status"), [("x", 400), ("١-٢", 400), ("0-0", 400), ("1-0", 200)]
)
def test_the_log_goes_on_behind_an_entry(
    owner: Person, site: Site, before: str, status: int
) -> None:
    """What can be no id of an entry is told, in whatever digits."""
    answer = owner.get("/admin/sites/kimson/audit", query_string={"before": before})

    assert answer.status_code == status

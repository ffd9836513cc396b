"""Opening balances and records on the page of a site's settings."""

from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.admin import Person


def test_the_opening_balance_of_an_article_has_a_history(
    owner: Person, site: Site, services: Services
) -> None:
    """Who set it, and to what; what can be no article is told."""
    url = "/admin/sites/kimson/settings"
    token = owner.token(url)

    owner.post(f"{url}/opening", token=token, article="/tin/1", article_views="1.366")
    bad = owner.post(f"{url}/opening", token=token, article="/tin/1", article_views="many")

    assert bad.status_code == 400
    now = services.clock.now()
    assert services.traffic.views.articles(site, ["/tin/1"], now)["/tin/1"].views == 1366
    (entry,) = services.accounts.audit.newest("kimson", 1)
    assert (entry.what, entry.subject, entry.after) == ("opening.set", "/tin/1", {"views": 1366})
    assert "/tin/1" in owner.get(url).get_data(as_text=True)


def test_a_balance_that_was_set_with_other_settings_is_listed(
    owner: Person, site: Site, services: Services
) -> None:
    """As `site edit` may; the other settings are in the log."""
    by = Author("lan", services.clock.now())
    services.sites.sites.edit(site.slug, by, name="Tên mới", public=True, opening_views=1234)

    answer = owner.get("/admin/sites/kimson/settings")

    assert answer.status_code == 200
    assert "1.234" in answer.get_data(as_text=True).partition("Các lần đặt trước")[2]


def test_records_are_corrected_on_the_page(owner: Person, site: Site, services: Services) -> None:
    """The form shows what there is; what cannot be is told; the log has it in words."""
    url = "/admin/sites/kimson/settings"
    token = owner.token(url)

    moment = "2026-03-02T09:00"
    owner.post(f"{url}/records", token=token, peak="1.155", peak_at=moment)
    bad = owner.post(f"{url}/records", token=token, peak="5", peak_at="")
    days = owner.post(f"{url}/records", token=token, do="days")

    assert (bad.status_code, days.status_code) == (400, 302)
    page = owner.get(url).get_data(as_text=True)
    assert 'value="1155"' in page
    assert f'value="{moment}"' in page
    log = owner.get("/admin/sites/kimson/audit").get_data(as_text=True)
    assert "Sửa kỷ lục" in log
    assert "1155" in log


def test_balances_stay_on_the_page_however_long_the_log_is(
    owner: Person, site: Site, services: Services
) -> None:
    """They are read where they lie, and their history is looked for behind other changes."""
    now = services.clock.now()
    services.traffic.opening_balances.set(site, "/tin/cu", 1366, "lan", now)
    services.traffic.opening_balances.set(site, "/tin/cu/2", 12, "lan", now)
    services.traffic.opening_balances.set(site, "/tin/cu/2", 0, "lan", now)
    for _ in range(450):
        services.accounts.audit.record(site.slug, "an", "site.changed", now)

    page = owner.get("/admin/sites/kimson/settings").get_data(as_text=True)

    balances, _, history = page.partition("Các lần đặt trước")
    balances = balances.partition("article-balance-title")[2]
    assert "/tin/cu<" in balances
    assert "1.366" in balances
    assert "/tin/cu/2" not in balances
    assert history.count("/tin/cu") == 3

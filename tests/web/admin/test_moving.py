"""The admin pages while the data move to another server, and after they have."""

import pytest
import redis

from stats_service.config import Settings
from stats_service.services.container import Services
from stats_service.store.admin_keys import AdminKeys
from tests.support.admin import Person


@pytest.mark.parametrize("state", ["out redis://other:6379/0", "gone redis://other:6379/0"])
def test_nothing_is_changed_that_the_other_server_would_not_get(
    operator: Person,
    services: Services,
    redis_client: redis.Redis,
    settings: Settings,
    state: str,
) -> None:
    """Pages are shown; a site, an account are refused with the reason, until the move is undone."""
    key = AdminKeys(settings.key_prefix).installation
    redis_client.hset(key, "move", state)
    fields = {"name": "Muộn", "slug": "muon", "hosts": "muon.example.vn"}

    refused = operator.post("/admin/sites/new", **fields)
    account = operator.post("/admin/accounts", name="moi", role="operator")

    assert (refused.status_code, account.status_code) == (409, 409)
    assert "đang chuyển sang máy chủ khác" in refused.get_data(as_text=True)
    assert operator.get("/admin/").status_code == 200
    assert services.sites.sites.all() == []
    redis_client.hdel(key, "move")
    assert operator.post("/admin/sites/new", **fields).status_code == 302

"""The service is away, slow or refuses: the page is as its editors wrote it."""

from typing import Any

import pytest
from playwright.sync_api import Route

from tests.browser.visitor import Embed, Visitor

BODY = (
    '<stats-visits id="a">Chưa có số liệu</stats-visits>'
    '<stats-count id="b">nhiều</stats-count>'
    '<stats-views id="c">chưa rõ</stats-views>'
    '<span id="d" data-stats="today">ít</span>'
)
FALLBACK = {"a": "Chưa có số liệu", "b": "nhiều", "c": "chưa rõ", "d": "ít"}


def shown(visitor: Visitor) -> dict[str, str]:
    """Return what the page shows, by id."""
    return {name: visitor.text(f"#{name}") for name in FALLBACK}


def wait_for_requests(visitor: Visitor, number: int) -> None:
    """Wait until the script has sent so many requests."""
    for _ in range(200):
        if len(visitor.sent) >= number:
            return
        visitor.page.wait_for_timeout(25)
    pytest.fail(f"{len(visitor.sent)} requests of {number} were sent")


def wait_for_warning(visitor: Visitor) -> None:
    """Wait until the script has warned."""
    for _ in range(200):
        if visitor.warnings:
            return
        visitor.page.wait_for_timeout(25)
    pytest.fail("no warning came")


def test_without_the_service_the_fallback_stays(visitor: Visitor, embed: Embed) -> None:
    """The view is tried again once with its hit id; one warning, nothing thrown."""
    visitor.page.clock.install()
    visitor.page.route("**/page", lambda route: route.abort("connectionrefused"))
    visitor.page.goto(embed.put("/tin/1", BODY))
    wait_for_requests(visitor, 1)

    visitor.page.clock.run_for(5_000)
    wait_for_requests(visitor, 2)
    wait_for_warning(visitor)
    visitor.page.clock.run_for(60_000)
    visitor.page.clock.run_for(60_000)
    wait_for_requests(visitor, 3)

    assert shown(visitor) == FALLBACK
    assert visitor.sent[0] == visitor.sent[1]
    assert visitor.sent[2]["beat"] is True
    assert len(visitor.warnings) == 1
    assert visitor.errors == []


def test_a_slow_service_is_not_waited_for(visitor: Visitor, embed: Embed) -> None:
    """After three seconds the request is given up and tried once more."""
    visitor.page.clock.install()
    held: list[Route] = []
    visitor.page.route("**/page", lambda route: held.append(route))
    visitor.page.goto(embed.put("/tin/1", BODY))
    wait_for_requests(visitor, 1)

    visitor.page.clock.run_for(3_000)
    visitor.page.clock.run_for(5_000)
    wait_for_requests(visitor, 2)
    visitor.page.clock.run_for(3_000)
    wait_for_warning(visitor)

    assert visitor.sent[0]["hit"] == visitor.sent[1]["hit"]
    assert shown(visitor) == FALLBACK
    assert len(visitor.warnings) == 1
    assert visitor.errors == []


def test_a_second_try_brings_the_numbers(visitor: Visitor, embed: Embed) -> None:
    """The first answer was lost, though the view was counted: it counts once."""
    visitor.page.clock.install()
    tries: list[Any] = []

    def lose_first(route: Route) -> None:
        tries.append(route)
        if len(tries) == 1:
            route.fetch()
            route.abort("connectionreset")
        else:
            route.continue_()

    visitor.page.route("**/page", lose_first)
    visitor.page.goto(embed.put("/tin/1", BODY))
    with visitor.page.expect_event("requestfailed"):
        wait_for_requests(visitor, 1)

    visitor.act(lambda: visitor.page.clock.run_for(5_000))

    assert visitor.rows("#a")[0] == ["Lượt truy cập", "1.814.165"]
    assert embed.counts().views.total == 1
    assert visitor.warnings == []


def test_redis_away_is_tried_again(visitor: Visitor, embed: Embed) -> None:
    """A 503 counted nothing, so the same view may come again."""
    visitor.page.clock.install()
    tries: list[Any] = []

    def refuse_first(route: Route) -> None:
        tries.append(route)
        headers = {"Access-Control-Allow-Origin": f"http://{embed.portal.host}"}
        if len(tries) == 1:
            route.fulfill(status=503, headers=headers, body="{}")
        else:
            route.continue_()

    visitor.page.route("**/page", refuse_first)
    visitor.open(embed.put("/tin/1", BODY))

    visitor.act(lambda: visitor.page.clock.run_for(5_000))

    assert visitor.rows("#a")[0] == ["Lượt truy cập", "1.814.165"]
    assert visitor.warnings == []


def test_a_refusal_is_said_once(visitor: Visitor, embed: Embed) -> None:
    """A mistyped data-site: one warning, and the page stays as it was."""
    visitor.page.clock.install()
    tried: list[str] = []
    visitor.page.on("request", lambda r: tried.append(r.url) if "/page" in r.url else None)
    head = embed.snippet.replace(f'data-site="{embed.slug}"', 'data-site="nowhere"')
    with visitor.page.expect_event("requestfailed"):
        visitor.page.goto(embed.put("/tin/1", BODY, head=head))

    with visitor.page.expect_console_message(lambda m: m.type == "warning"):
        visitor.page.clock.run_for(5_000)

    assert [url.rsplit("/", 2)[1] for url in tried] == ["nowhere"] * 2
    assert shown(visitor) == FALLBACK
    assert len(visitor.warnings) == 1


def test_what_cannot_succeed_is_not_tried_again(visitor: Visitor, embed: Embed) -> None:
    """A status below 500 would be the same a second time."""
    visitor.page.clock.install()
    headers = {"Access-Control-Allow-Origin": f"http://{embed.portal.host}"}
    visitor.page.route("**/page", lambda route: route.fulfill(status=400, headers=headers))

    visitor.page.goto(embed.put("/tin/1", BODY))
    wait_for_warning(visitor)
    visitor.page.clock.run_for(10_000)

    assert len(visitor.sent) == 1
    assert "400" in visitor.warnings[0]


def test_numbers_once_shown_stay_when_the_service_goes_away(visitor: Visitor, embed: Embed) -> None:
    """A heartbeat without an answer changes nothing on the page, and waits longer each time."""
    visitor.page.clock.install()
    visitor.open(embed.put("/tin/1", BODY))
    visitor.page.route("**/page", lambda route: route.abort())

    visitor.page.clock.run_for(61_000)
    wait_for_requests(visitor, 2)
    wait_for_warning(visitor)
    for _ in range(4):
        visitor.page.clock.run_for(60_000)

    wait_for_requests(visitor, 4)
    assert visitor.rows("#a")[0] == ["Lượt truy cập", "1.814.165"]
    assert visitor.text("#c") == "1 lượt xem"
    assert len(visitor.sent) == 4
    assert len(visitor.warnings) == 1


def test_a_blocked_script_leaves_the_page_alone(visitor: Visitor, embed: Embed) -> None:
    """An ad blocker took the file away."""
    visitor.page.route("**/embed*.js", lambda route: route.abort("blockedbyclient"))

    visitor.page.goto(embed.put("/tin/1", BODY))

    assert shown(visitor) == FALLBACK
    assert visitor.errors == []

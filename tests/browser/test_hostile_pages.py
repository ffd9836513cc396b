"""Pages that are hostile by accident: one load is one view there too, and the widgets work."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from stats_service.web.embed.files import load_files
from stats_service.web.embed.snippet import Embedding
from tests.browser.visitor import Embed, Visitor
from tests.browser.voting import POLL, Voter, make_poll, votes
from tests.support.old_libraries import LIBRARIES
from tests.support.portal import running_guarded_portal

#: Puts a page into the open one, as Turbo does, and as htmx does.
SWAPS = {
    "turbo": """html => {
        const other = new DOMParser().parseFromString(html, 'text/html');
        document.body.replaceWith(document.adoptNode(other.body));
    }""",
    "htmx": """html => {
        const other = new DOMParser().parseFromString(html, 'text/html');
        document.body.replaceChildren(...other.body.childNodes);
    }""",
}
EVERYTHING = f"""
  <stats-visits></stats-visits><p id="today"><span data-stats="today">…</span></p>
  <stats-views article="/tin/2"></stats-views>{POLL}<stats-rating></stats-rating>
"""


def lines(embed: Embed) -> Embedding:
    """Give the lines that the site's pages embed, one by one."""
    return Embedding(embed.base, embed.slug, load_files().newest)


def settle(page: Page) -> None:
    """Let everything that a script has begun come to its end."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise((done) => setTimeout(done, 200))")


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("comes", ["before", "after"])
def test_old_libraries_take_nothing_away(
    voter: Voter, embed: Embed, library: str, comes: str
) -> None:
    """The view counts once, the numbers show, one can vote and rate; patched before or after us."""
    voter.was_here_before()
    poll = make_poll(embed)
    patch = f"<script>{LIBRARIES[library]}</script>"
    head = patch + embed.snippet if comes == "before" else embed.snippet
    page = voter.page

    page.goto(embed.put("/tin/1", EVERYTHING + (patch if comes == "after" else ""), head=head))
    voter.vote("Thủ tục hành chính")
    expect(voter.message()).to_contain_text("Cảm ơn bạn đã bình chọn")
    voter.rating.locator("label").nth(3).click()
    expect(voter.message("stats-rating")).to_contain_text("Cảm ơn bạn đã đánh giá")

    # By locators alone: what runs in the page's own world meets with its libraries.
    expect(page.locator("stats-visits dd").first).to_have_text("1.814.165")
    expect(page.locator("#today")).to_have_text("1")
    expect(page.locator("stats-views")).to_have_text("0 lượt xem")
    expect(voter.rating.locator("label")).to_have_count(5)
    expect(voter.rating.locator("#value")).to_have_text("4 trên 5 điểm (1 đánh giá)")
    assert embed.counts().views.total == 1
    assert votes(embed, poll) == {"thu-tuc": 1}
    assert voter.errors == voter.warnings == []


@pytest.mark.parametrize("stands", ["head", "body"])
@pytest.mark.parametrize("way", SWAPS)
def test_the_pixel_is_left_alone_where_a_script_puts_pages_in(
    visitor: Visitor, embed: Embed, way: str, stands: str
) -> None:
    """What is in noscript becomes real elements there: it would count beside the script.

    From the head it even loses its noscript, since an image ends the head.
    """
    pixels: list[str] = []
    visitor.page.on("request", lambda r: pixels.append(r.url) if "dot.gif" in r.url else None)
    in_head, in_body = (embed.snippet, "") if stands == "head" else ("", embed.snippet)
    visitor.open(embed.put("/tin/1", f"<p>Một</p>{in_body}", head=in_head))
    second = f"<html><head>{in_head}</head><body><p>Hai</p>{in_body}</body></html>"

    visitor.page.evaluate(SWAPS[way], second)
    visitor.act(lambda: visitor.page.evaluate("history.pushState({}, '', '/tin/2')"))
    settle(visitor.page)

    assert (
        visitor.page.locator(f"{'body >' if stands == 'head' else 'noscript'} span img").count()
        == 1
    )
    assert pixels == []
    assert [body["article"] for body in visitor.views] == ["/tin/1", "/tin/2"]
    assert embed.counts().views.total == 2


@pytest.mark.parametrize("stands", ["head", "body"])
def test_any_number_of_evaluations_counts_once(visitor: Visitor, embed: Embed, stands: str) -> None:
    """Libraries that merge heads run the scripts in them again, before and after they move on."""
    evaluate = """where => {
        for (const old of document.querySelectorAll('script[data-site]')) {
            const script = document.createElement('script');
            for (const {name, value} of old.attributes) script.setAttribute(name, value);
            document[where].append(script);
            if (document.querySelectorAll('script[data-site]').length > 4) old.remove();
        }
        return new Promise((done) => setTimeout(done, 100));
    }"""
    lines_of_page = embed.snippet * 2
    head, body = (lines_of_page, "") if stands == "head" else ("", lines_of_page)
    visitor.open(embed.put("/tin/1", f"<stats-views></stats-views>{body}", head=head))

    visitor.page.evaluate(evaluate, stands)
    for number in (2, 3):
        visitor.act(
            lambda n=number: visitor.page.evaluate(f"history.pushState({{}}, '', '/tin/{n}')")
        )
        visitor.page.evaluate(evaluate, stands)
    settle(visitor.page)

    assert [body["article"] for body in visitor.views] == ["/tin/1", "/tin/2", "/tin/3"]
    assert embed.counts().views.total == 3
    assert visitor.text("stats-views") == "1 lượt xem"


def test_a_page_in_xhtml_counts_once(visitor: Visitor, embed: Embed) -> None:
    """Its noscript has elements inside whether scripts run or not."""
    page = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<html xmlns="http://www.w3.org/1999/xhtml" lang="vi"><head><title>Tin</title></head>'
        f"<body><stats-visits></stats-visits>{lines(embed).xml()}</body></html>"
    )

    visitor.open(
        embed.portal.put("/xhtml", page, {"Content-Type": "application/xhtml+xml; charset=utf-8"})
    )
    settle(visitor.page)

    assert embed.counts().views.total == 1
    assert visitor.rows()[0] == ["Lượt truy cập", "1.814.165"]


def test_a_frame_counts_when_it_is_seen(visitor: Visitor, embed: Embed) -> None:
    """Invisible frames count nothing, a lightbox counts when it opens, in all its forms."""
    hidden = (
        'style="display:none"',
        'width="0" height="0"',
        'style="position:absolute;left:-9999px"',
        'style="opacity:0"',
        'style="visibility:hidden"',
    )
    framed = embed.put("/khung", "<stats-visits></stats-visits><p>Khung</p>")
    frames = "".join(
        f'<iframe src="{framed}?so={i}" {how}></iframe>' for i, how in enumerate(hidden)
    )
    lightbox = f'<iframe id="box" src="{framed}?so=box" style="display:none"></iframe>'

    visitor.open(embed.put("/", frames + lightbox))
    settle(visitor.page)
    before = embed.counts().views.total
    visitor.act(lambda: visitor.page.evaluate("document.getElementById('box').style.display = ''"))

    assert before == 1
    assert embed.counts().views.total == 2
    assert [body["frame"] for body in visitor.views] == [None, f"http://{embed.portal.host}"]


def test_a_stranger_who_frames_the_portal_raises_no_number(visitor: Visitor, embed: Embed) -> None:
    """Not by what is seen either, nor by a frame without scripts, where the pixel is shown."""
    framed = embed.put("/khung", "<stats-visits></stats-visits>" + embed.snippet)
    body = (
        f'<iframe id="seen" src="{framed}" width="400" height="300"></iframe>'
        f'<iframe src="{framed}" width="0" height="0"></iframe>'
        f'<iframe sandbox src="{framed}"></iframe>'
    )
    stranger = embed.put("/la", body, head="").replace("localhost", "127.0.0.1")

    visitor.open(stranger)
    settle(visitor.page)

    assert [view["frame"] for view in visitor.views] == [stranger.removesuffix("/la")]
    counts = embed.counts()
    assert (counts.views.total, counts.visits.today, counts.online) == (0, 0, 0)
    rows = visitor.page.frame_locator("#seen").locator("stats-visits").locator("dd").first
    expect(rows).to_have_text("1.814.164")


def test_a_page_may_count_in_everybodys_frames(visitor: Visitor, embed: Embed) -> None:
    """Where a portal wants that, the snippet says so."""
    framed = embed.put("/khung", "<p>Khung</p>", head=embed.script('data-frame="count"'))
    stranger = embed.put("/la", f'<iframe src="{framed}"></iframe>', head="")

    visitor.open(stranger.replace("localhost", "127.0.0.1"))

    assert embed.counts().views.total == 1


def test_long_lists_never_cost_the_view(visitor: Visitor, embed: Embed) -> None:
    """A browser takes 64 KiB in all for what may outlive its page."""
    keys = [f"/tin/{'bai-' * 175}{n}" for n in range(100)]
    items = "".join(f'<stats-views article="{key}"></stats-views>' for key in keys)

    visitor.page.goto(embed.put("/tin/1", items))

    expect(visitor.page.locator("stats-views").last).to_have_text("0 lượt xem", timeout=10_000)
    asked = [key for body in visitor.sent for key in body["articles"]]
    assert sorted(asked) == sorted(keys)
    assert embed.counts().views.total == 1
    assert visitor.warnings == visitor.errors == []


@pytest.mark.parametrize(
    "stranger", ["", '<script data-site="ABC" src="data:text/javascript,"></script>']
)
def test_the_site_can_be_said_in_the_address(visitor: Visitor, embed: Embed, stranger: str) -> None:
    """Tag managers strip `data-…`; another service's script may have a `data-site` as well."""
    head = f'{stranger}<script async src="{embed.base}/embed.1.js?site={embed.slug}"></script>'

    visitor.open(embed.put("/tin/1", EVERYTHING, head=head))

    assert embed.counts().views.total == 1
    assert visitor.errors == visitor.warnings == []


def test_a_module_finds_its_own_element(visitor: Visitor, embed: Embed) -> None:
    """A module has no `currentScript`; the first `data-site` on the page is another service's."""
    head = '<script data-site="ABC" src="data:text/javascript,"></script>' + embed.script(
        'type="module"'
    )

    visitor.open(embed.put("/tin/1", EVERYTHING, head=head))

    assert embed.counts().views.total == 1


def test_without_a_site_nothing_is_sent(visitor: Visitor, embed: Embed) -> None:
    """The console says what is missing."""
    head = (
        '<script data-site="ABC" src="data:text/javascript,"></script>'
        f'<script async src="{embed.base}/embed.1.js"></script>'
    )
    urls: list[str] = []
    visitor.page.on("request", lambda request: urls.append(request.url))

    visitor.page.goto(embed.put("/tin/1", EVERYTHING, head=head))
    settle(visitor.page)

    assert not [url for url in urls if "undefined" in url or url.endswith("/page")]
    assert len(visitor.warnings) == 1
    assert "site: undefined" in visitor.warnings[0]
    assert visitor.errors == []


def test_marks_that_come_late_are_filled_at_once(visitor: Visitor, embed: Embed) -> None:
    """More is loaded, a kept page comes back, a framework draws anew: no minute is waited."""
    visitor.open(embed.put("/tin/1", '<div id="more"></div>'))

    visitor.act(
        lambda: visitor.page.evaluate(
            """more.innerHTML = '<b data-stats="today">…</b>' +
                '<i data-stats="views" data-article="/tin/2">…</i>' +
                '<div data-stats="visits">…</div>'"""
        )
    )
    expect(visitor.page.locator("b")).to_have_text("1")
    expect(visitor.page.locator("i")).to_have_text("0")
    assert visitor.rows("[data-stats=visits]")[0] == ["Lượt truy cập", "1.814.165"]
    visitor.page.evaluate("document.querySelector('b').innerHTML = '…'")

    expect(visitor.page.locator("b")).to_have_text("1")
    assert len(visitor.views) == 1


def test_every_widget_has_a_form_that_survives_every_editor(voter: Voter, embed: Embed) -> None:
    """`<div data-stats="…">text</div>`: in the page from the beginning, and coming later."""
    voter.was_here_before()
    poll = make_poll(embed, id="moi")
    old = make_poll(embed)
    embed.services.polls.polls.close(embed.slug, old.id, "test", embed.services.clock.now())
    forms = (
        '<div data-stats="visits" data-rows="online total">Số liệu</div>'
        '<div data-stats="poll">Bình chọn</div>'
        '<div data-stats="rating" data-onclick="document.title = 1">Đánh giá</div>'
    )

    voter.open(embed.put("/tin/1", forms + '<div id="late"></div>'))
    voter.vote("Thủ tục hành chính")
    expect(voter.message()).to_contain_text("Cảm ơn")
    voter.page.evaluate(
        'late.innerHTML = \'<p data-stats="archive" data-limit="3">Các cuộc bình chọn trước</p>\''
    )

    expect(voter.page.locator("#late details")).to_contain_text(old.question["vi"])
    assert [label for label, _ in voter.rows("[data-stats=visits]")] == [
        "Trực tuyến",
        "Lượt truy cập",
    ]
    expect(voter.rating.locator("label")).to_have_count(5)
    assert voter.rating.evaluate("e => e.getAttributeNames()") == []
    assert votes(embed, poll) == {"thu-tuc": 1}
    assert [body["poll"] for body in voter.views] == ["current"]
    assert embed.counts().views.total == 1


def test_a_link_is_a_widget_where_an_editor_keeps_no_attributes(voter: Voter, embed: Embed) -> None:
    """`<a href="#data-stats=poll">`, made with the editor's own button; other links stay links."""
    voter.was_here_before()
    poll = make_poll(embed, id="moi")
    voter.open(embed.put("/tin/2", "<p>Tin</p>"))
    forms = (
        '<p id="views"><a href="#data-stats=views">…</a></p>'
        '<h3>Tin <a href="/tin/2">hai</a>: <a href="#data-stats=views&data-article=link">…</a></h3>'
        '<p><a href="/tin/1#data-stats=visits&amp;data-rows=online+total&data-labels=C%C3%B3%7C">'
        "Số liệu</a></p>"
        '<p><a href="#data-stats=poll&data-poll=moi&data-onclick=x&onclick=x" title="x">'
        "<b>Bình chọn</b></a></p>"
        '<p><a href="http://#data-stats=rating">Đánh giá</a></p>'
        '<a href="/data-stats=x">khác</a><a href="#stats-optout">thôi</a>'
    )

    voter.open(embed.put("/tin/1", forms))
    voter.vote("Thủ tục hành chính")
    expect(voter.message()).to_contain_text("Cảm ơn")

    expect(voter.page.locator("#views")).to_have_text("1")
    expect(voter.page.locator("h3")).to_have_text("Tin hai: 1")
    expect(voter.rating.locator("label")).to_have_count(5)
    assert voter.rows("[data-stats=visits]")[0] == ["Có", "1"]
    assert voter.page.locator("a").all_inner_texts() == ["hai", "khác", "thôi"]
    assert voter.poll.evaluate("e => [...e.attributes].map((a) => a.name)") == ["poll", "state"]
    names = voter.page.locator("[data-stats=poll]").evaluate("e => e.getAttributeNames()")
    assert names == ["data-stats", "data-poll"]
    assert votes(embed, poll) == {"thu-tuc": 1}
    assert embed.article_views("/tin/1") == 1
    assert voter.errors == voter.warnings == []


def test_a_link_that_comes_later_is_a_widget_as_well(visitor: Visitor, embed: Embed) -> None:
    """More is loaded, or the portal is one application."""
    visitor.open(embed.put("/tin/1", '<div id="more"></div>'))

    visitor.page.evaluate("more.innerHTML = '<a href=\"#data-stats=today\">…</a>'")

    expect(visitor.page.locator("#more span")).to_have_text("1")
    expect(visitor.page.locator("#more a")).to_have_count(0)


def test_a_form_that_survives_keeps_its_text_while_there_is_no_service(
    visitor: Visitor, embed: Embed
) -> None:
    """It is never empty."""
    visitor.page.route("**/page", lambda route: route.abort())
    visitor.page.goto(
        embed.put(
            "/tin/1", '<div data-stats="visits">Số liệu</div><div data-stats="poll">Hỏi</div>'
        )
    )
    settle(visitor.page)

    assert visitor.text("[data-stats=visits]") == "Số liệu"
    assert visitor.text("[data-stats=poll]") == "Hỏi"


def test_addresses_in_lists_are_what_the_browser_makes_of_them(
    visitor: Visitor, embed: Embed
) -> None:
    """`tin/x.html` on `/muc/` is `/muc/tin/x.html`; what has no sign of an address is a key."""
    for path in ("/muc/tin/x.html", "/y.html", "/muc/z"):
        visitor.open(embed.put(path, "<p>Tin</p>"))
    host = embed.portal.host
    names = ("tin/x.html", f"//{host}/y.html", "./z", f"http://{host}/y.html", "bai/7")
    items = "".join(f'<stats-views article="{name}"></stats-views>' for name in names)

    visitor.open(embed.put("/muc/", items))

    assert visitor.page.locator("stats-views").all_inner_texts() == [
        "1 lượt xem",
        "1 lượt xem",
        "1 lượt xem",
        "1 lượt xem",
        "0 lượt xem",
    ]


def test_one_host_behind_one_password(
    open_context: Callable[..., BrowserContext], embed: Embed
) -> None:
    """Portal and service behind Basic auth: the browser knows the password, so requests have it."""
    with running_guarded_portal(embed.base.removesuffix("/v1")) as portal:
        embed.services.sites.sites.edit(embed.slug, hosts=(portal.host,))
        guarded = replace(embed, base=portal.url("/v1"), portal=portal)
        context = open_context(http_credentials={"username": "dem", "password": "2026"})
        voter = Voter(context.new_page(), guarded)
        voter.was_here_before()
        poll = make_poll(embed)

        voter.open(guarded.put("/tin/1", EVERYTHING))
        voter.vote("Thủ tục hành chính")

        expect(voter.message()).to_contain_text("Cảm ơn")
    assert embed.counts().views.total == 1
    assert votes(embed, poll) == {"thu-tuc": 1}


@pytest.mark.parametrize("form", [POLL, '<div data-stats="poll">Bình chọn</div>'])
def test_keys_in_a_widget_stay_in_it(voter: Voter, embed: Embed, form: str) -> None:
    """Around it are ASP.NET's form, which sends itself by Enter, and hotkeys; Escape gets out."""
    voter.was_here_before()
    poll = make_poll(embed, other=200)
    body = f"""
      <script>
        var seen = [];
        for (const type of ['keydown', 'keypress', 'keyup']) {{
          document.addEventListener(type, (event) => {{
            seen.push(event.key);
            if (event.key == '/' || event.key == 't') event.preventDefault();
          }});
        }}
        function WebForm_FireDefaultButton(event) {{
          if (event.keyCode != 13) return true;
          seen.push('search');
          event.cancelBubble = true;
          return false;
        }}
      </script>
      <form onsubmit="return false"
            onkeypress="return WebForm_FireDefaultButton(event,'btnSearch')">
        {form}<input id="btnSearch" type="submit" value="Tìm">
      </form>"""
    voter.open(embed.put("/Default.aspx", body))
    voter.choose("Ý kiến khác")

    text = voter.page.get_by_label("Ý kiến khác của bạn")
    text.click()
    voter.page.keyboard.type("tin 24/7 tốt")
    written = text.input_value()
    voter.page.keyboard.press("Enter")

    expect(voter.message()).to_contain_text("Cảm ơn")
    assert written == "tin 24/7 tốt"
    assert voter.page.evaluate("seen") == []
    assert votes(embed, poll) == {"other": 1}
    voter.page.keyboard.press("Escape")
    assert set(voter.page.evaluate("seen")) == {"Escape"}


def test_a_form_field_in_the_place_of_document_hidden(visitor: Visitor, embed: Embed) -> None:
    """A form named `hidden` takes the place of the document's own property."""
    visitor.open(embed.put("/tin/1", '<form name="hidden"></form>'))

    assert embed.counts().views.total == 1


def test_the_lines_leave_the_head_whole(
    open_context: Callable[..., BrowserContext], embed: Embed
) -> None:
    """Without scripts an image would end the head, and take title and description into the body."""
    page = open_context(java_script_enabled=False).new_page()
    head = f'{lines(embed).script()}<meta property="og:title" content="Tin">'

    page.goto(embed.put("/tin/1", f"<p>Tin</p>{lines(embed).noscript()}", head=head))
    page.wait_for_load_state("networkidle")

    assert page.locator("head > meta[property='og:title']").count() == 1
    assert embed.counts().views.total == 1

"""A page of ASP.NET Web Forms: one form around everything, `__doPostBack`, UpdatePanels.

Microsoft's scripts are in no registry. `MSAJAX=/where/they/are make test-field` names a folder with
`MicrosoftAjax.js` and `MicrosoftAjaxWebForms.js`, as a page's `ScriptResource.axd` hands them out.
Without them a script of our own does what they do with the page.
"""

import os
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Request, Route, expect

from tests.browser.visitor import Embed
from tests.browser.voting import Voter, make_poll, votes

pytestmark = [pytest.mark.field, pytest.mark.browser, pytest.mark.timeout(120)]

REAL = ("MicrosoftAjax.js", "MicrosoftAjaxWebForms.js")
#: What every such page has, and what ours has for the panel.
FORM = """
<form method="post" action="./Default.aspx" id="form1" onkeypress="return fireDefault(event)">
  <input type="hidden" name="__EVENTTARGET" id="__EVENTTARGET" value="">
  <input type="hidden" name="__EVENTARGUMENT" id="__EVENTARGUMENT" value="">
  <input type="hidden" name="__VIEWSTATE" id="__VIEWSTATE" value="dDwtMTA4MzE0MjEwNTs7Pg==">
  <script>
    var theForm = document.forms['form1'];
    function __doPostBack(target, argument) {{
      if (!theForm.onsubmit || theForm.onsubmit() != false) {{
        theForm.__EVENTTARGET.value = target;
        theForm.__EVENTARGUMENT.value = argument;
        theForm.submit();
      }}
    }}
    function fireDefault(event) {{
      if (event.keyCode == 13) {{ btnSearch.click(); event.cancelBubble = true; return false; }}
      return true;
    }}
  </script>
  {scripts}
  <input type="text" name="ctl00$q">
  <input type="submit" name="ctl00$btn" id="btnSearch" value="Tìm">
  <div data-stats="visits">Số liệu</div>
  <div data-stats="poll">Bình chọn</div>
  <div id="ctl00_panel">{panel}</div>
  <a id="full" href="javascript:__doPostBack('ctl00$full','')">Trang khác</a>
  {start}
</form>"""
PANEL = """<h1>Trang {page}</h1><p id="views"><span data-stats="views">…</span></p>
<div data-stats="rating">Đánh giá</div>
<ul><li><a href="/Tin.aspx?ItemID={page}">Tin</a>
<span data-stats="views" data-article="link">…</span></li></ul>
<a id="more" href="javascript:__doPostBack('ctl00$more','')">Xem thêm</a>"""
OURS = """<script>
  theForm.__submit = theForm.submit;
  theForm.submit = async () => {
    if (theForm.__EVENTTARGET.value != 'ctl00$more') return theForm.__submit();
    const body = new URLSearchParams(new FormData(theForm));
    const headers = { 'X-MicrosoftAjax': 'Delta=true' };
    const answer = await fetch(theForm.action, { method: 'POST', headers, body });
    const panel = (await answer.text()).split('|ctl00_panel|')[1].split('|0|hiddenField|')[0];
    document.getElementById('ctl00_panel').innerHTML = panel;
  };
</script>"""
INITIALIZE = """<script>
  Sys.WebForms.PageRequestManager._initialize(
    'ctl00$sm', 'form1', ['tctl00$panel', 'ctl00_panel'], ['ctl00$more', 'more'], [], 90, '');
</script>"""


def delta(html: str) -> str:
    """Return what a page answers to a postback of a panel."""
    parts = [
        ("#", "", "4"), ("updatePanel", "ctl00_panel", html), ("hiddenField", "__EVENTTARGET", ""),
        ("hiddenField", "__EVENTARGUMENT", ""), ("asyncPostBackControlIDs", "", "ctl00$more,more"),
        ("postBackControlIDs", "", ""), ("updatePanelIDs", "", "tctl00$panel,ctl00_panel"),
        ("childUpdatePanelIDs", "", ""), ("panelsToRefreshIDs", "", "ctl00$panel,ctl00_panel"),
        ("asyncPostBackTimeout", "", "90"), ("formAction", "", "./Default.aspx"),
    ]  # fmt: skip
    return "".join(f"{len(text)}|{kind}|{name}|{text}|" for kind, name, text in parts)


@pytest.mark.parametrize("kind", ["ours", "microsofts"])
def test_postbacks_are_what_the_reader_sees(voter: Voter, embed: Embed, kind: str) -> None:
    """A panel that comes anew is the same page, with its numbers; a whole page is a view."""
    folder = os.environ.get("MSAJAX")
    if kind == "microsofts" and not folder:
        pytest.skip(f"MSAJAX names no folder with {' and '.join(REAL)}")
    scripts, start = OURS, ""
    if folder and kind == "microsofts":
        for name in REAL:
            text = (Path(folder) / name).read_text("utf-8-sig")
            embed.portal.put(f"/{name}", text, {"Content-Type": "text/javascript"})
        scripts = "".join(f'<script src="/{name}"></script>' for name in REAL) + INITIALIZE
        start = "<script>Sys.Application.initialize();</script>"
    page, posted = voter.page, []

    def posts(route: Route, request: Request) -> None:
        if request.method == "POST":
            posted.append(parse_qs(request.post_data or "", keep_blank_values=True))
        if request.headers.get("x-microsoftajax") == "Delta=true":
            panel = delta(PANEL.format(page=len(posted) + 1))
            route.fulfill(content_type="text/plain; charset=utf-8", body=panel)
        else:
            route.continue_()

    voter.was_here_before()
    poll = make_poll(embed)
    voter.open(embed.put("/Tin.aspx", "<p>Tin</p>") + "?ItemID=2")
    body = FORM.format(scripts=scripts, panel=PANEL.format(page=1), start=start)
    url = embed.put("/Default.aspx", body)
    page.route("**/Default.aspx", posts)

    voter.open(url)
    voter.vote("Thủ tục hành chính")
    expect(voter.message()).to_contain_text("Cảm ơn bạn đã bình chọn")
    page.locator("#more").click()
    expect(page.locator("h1")).to_have_text("Trang 2")
    expect(page.locator("#views")).to_have_text("1")
    expect(page.locator("[data-article]")).to_have_text("1")
    expect(voter.rating.locator("label")).to_have_count(5)
    page.locator("#more").click()
    expect(page.locator("h1")).to_have_text("Trang 3")
    expect(page.locator("[data-article]")).to_have_text("0")
    voter.rating.locator("label").nth(3).click()
    expect(voter.message("stats-rating")).to_contain_text("Cảm ơn bạn đã đánh giá")
    expect(voter.message()).to_contain_text("Cảm ơn bạn đã bình chọn")
    assert embed.article_views("/Default.aspx") == 1
    page.locator("#full").click()
    expect(page.locator("h1")).to_have_text("Trang 1")
    expect(page.locator("#views")).to_have_text("2")
    expect(voter.poll).to_contain_text("Bạn đã chọn")

    # Nothing of ours is in what the portal's form sends.
    usual = {"__EVENTTARGET", "__EVENTARGUMENT", "__VIEWSTATE", "ctl00$q"}
    added = {"ctl00$sm", "__ASYNCPOST", ""}
    assert all(usual <= set(fields) <= usual | added for fields in posted)
    assert len(posted) == 3
    assert votes(embed, poll) == {"thu-tuc": 1}
    assert embed.article_views("/Tin.aspx?ItemID=2") == 1
    assert voter.errors == voter.warnings == []

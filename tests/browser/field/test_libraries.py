"""The embed beside the libraries that portals use, in the very files that they use."""

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from stats_service.web.embed.files import load_files
from stats_service.web.embed.snippet import Embedding
from tests.browser.visitor import Embed, Visitor
from tests.browser.voting import Voter, make_poll, votes
from tests.support.portal import Portal

pytestmark = [pytest.mark.field, pytest.mark.browser, pytest.mark.timeout(180)]

JS = Path(__file__).parent / "js"
DEBIAN = Path("/usr/share/javascript")
#: Libraries of old portals, by their files and, where npm has none, the packages of Debian.
OLD = {
    "mootools": ("mootools/mootools-core-nc.js mootools/mootools-more-nc.js", "libjs-mootools"),
    "prototype": ("prototype/prototype.js", "libjs-prototype"),
    "jquery": ("jquery/dist/jquery.js", ""),
}
#: The widgets as every guide prints them.
FORMS = """
  <div data-stats="visits">Số liệu đang được cập nhật.</div>
  <p id="views"><span data-stats="views">…</span></p>
  <div data-stats="poll">Bình chọn</div>
  <div data-stats="rating">Đánh giá</div>
"""
TYPES = {".js": "text/javascript", ".css": "text/css"}


@dataclass(frozen=True)
class Libraries:
    """Folders of libraries, served by the portal below `/thu-vien/`."""

    npm: Path

    def serve(self, portal: Portal, *files: str, root: Path | None = None) -> str:
        """Put files, or folders with all that is in them, on the portal; return their tags."""
        tags = ""
        for name in files:
            path = (root or self.npm) / name
            found = [path] if path.is_file() else [p for p in path.rglob("*") if p.suffix in TYPES]
            for file in found:
                kind = {"Content-Type": f"{TYPES[file.suffix]}; charset=utf-8"}
                at = f"/thu-vien/{name}" + ("" if file == path else f"/{file.relative_to(path)}")
                portal.put(at, file.read_text("utf-8", "replace"), kind)
            if path.is_file():
                tags += f'<script src="/thu-vien/{name}"></script>'
        return tags


@pytest.fixture(scope="session")
def libraries() -> Iterator[Libraries]:
    """Fetch what `js/package-lock.json` names from the registry, into a folder for this run."""
    npm = shutil.which("npm", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if npm is None:
        pytest.skip("npm is not here: it comes with `make test-field`")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(JS / name, folder)
        got = subprocess.run(
            [npm, "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"],
            check=False,
            capture_output=True,
            text=True,
            timeout=150,
        )
        if got.returncode:
            pytest.skip(f"the registry gives no libraries: {got.stderr.strip()[-200:]}")
        yield Libraries(Path(folder) / "node_modules")


def settle(page: Page) -> None:
    """Let everything that a script has begun come to its end."""
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise((done) => setTimeout(done, 300))")


def uses_everything(voter: Voter, embed: Embed) -> None:
    """See the numbers of a page with `FORMS`, vote and rate; nothing goes wrong."""
    page, key = voter.page, page_key(voter)
    expect(page.locator("[data-stats=visits] dd").first).to_have_text("1.814.165")
    expect(page.locator("#views")).to_have_text("1")
    voter.vote("Thủ tục hành chính")
    expect(voter.message()).to_contain_text("Cảm ơn bạn đã bình chọn")
    expect(voter.rating.locator("label")).to_have_count(5)
    voter.rating.locator("label").nth(3).click()
    expect(voter.message("stats-rating")).to_contain_text("Cảm ơn bạn đã đánh giá")
    site = embed.services.sites.sites.get(embed.slug)
    rating = embed.services.ratings.ratings.get(site, [key]).ratings[key].rating
    assert list(rating.counts) == [0, 0, 0, 1, 0]
    assert voter.errors == voter.warnings == []


def page_key(voter: Voter) -> str:
    """Return the path of the open page."""
    return "/" + voter.page.url.split("/", 3)[3]


@pytest.mark.parametrize("comes", ["before", "after"])
@pytest.mark.parametrize("library", OLD)
def test_beside_an_old_library(
    voter: Voter, embed: Embed, libraries: Libraries, library: str, comes: str
) -> None:
    """What it patches, before us or behind us, takes nothing away."""
    files, package = OLD[library]
    if package and not (DEBIAN / library).exists():
        pytest.skip(f"{library} is not here: apt install {package}")
    voter.was_here_before()
    poll = make_poll(embed)
    tags = libraries.serve(embed.portal, *files.split(), root=DEBIAN if package else None)
    head, body = (
        (tags + embed.snippet, FORMS) if comes == "before" else (embed.snippet, FORMS + tags)
    )

    voter.page.goto(embed.put("/tin/1", body, head=head))
    uses_everything(voter, embed)

    assert votes(embed, poll) == {"thu-tuc": 1}
    assert embed.counts().views.total == embed.article_views("/tin/1") == 1


#: How a library moves between pages of a server: its file, and what the body says.
MOVES = {
    "turbo": ("@hotwired/turbo/dist/turbo.es2017-umd.js", ""),
    "htmx-2": ("htmx.org/dist/htmx.js", 'hx-boost="true"'),
    "htmx-4": ("htmx4/dist/htmx.js", 'hx-boost:inherited="true"'),
}


@pytest.mark.parametrize("stands", ["head", "whole-in-head", "body"])
@pytest.mark.parametrize("library", MOVES)
def test_a_move_is_one_view_of_the_other_article(
    voter: Voter, embed: Embed, libraries: Libraries, library: str, stands: str
) -> None:
    """The snippet stands in both pages, as a template has it; the widgets of both are filled.

    The pixel belongs into the body, and counts no second time where somebody has put it elsewhere.
    """
    file, attributes = MOVES[library]
    voter.was_here_before()
    poll = make_poll(embed)
    tags = libraries.serve(embed.portal, file)
    script = Embedding(embed.base, embed.slug, load_files().newest).script()
    head, foot = {
        "head": (script, ""),
        "whole-in-head": (embed.snippet, ""),
        "body": ("", embed.snippet),
    }[stands]
    for number, body in ((1, FORMS.replace("poll", "archive")), (2, FORMS)):
        inner = f'<a href="/tin/{3 - number}">Bài {3 - number}</a><h1>Bài {number}</h1>{body}{foot}'
        url = embed.put(f"/tin/{number}", f"<div {attributes}>{inner}</div>", head=tags + head)
    page = voter.page

    page.goto(url.replace("/tin/2", "/tin/1"))
    expect(page.locator("#views")).to_have_text("1")
    page.evaluate("window.stays = true")
    page.get_by_role("link", name="Bài 2").click()
    expect(page.locator("h1")).to_have_text("Bài 2")
    uses_everything(voter, embed)
    settle(page)

    assert page.evaluate("window.stays") is True
    assert [embed.article_views(f"/tin/{number}") for number in (1, 2)] == [1, 1]
    assert votes(embed, poll) == {"thu-tuc": 1}
    assert embed.counts().views.total == 2


#: Libraries that bring the heads of pages together, with what the head says.
MERGES = {
    "turbo": (("@hotwired/turbo/dist/turbo.es2017-umd.js",), "", ""),
    "htmx-2": (("htmx.org/dist/htmx.js",), 'hx-boost="true"', ""),
    "htmx-2-head": (
        ("htmx.org/dist/htmx.js", "htmx-ext-head-support/head-support.js"),
        'hx-boost="true" hx-ext="head-support"',
        "",
    ),
    "htmx-2-again": (
        ("htmx.org/dist/htmx.js", "htmx-ext-head-support/head-support.js"),
        'hx-boost="true" hx-ext="head-support"',
        'hx-head="re-eval" ',
    ),
}


#: With htmx alone the head stays that of the first page, and with it the first key.
@pytest.mark.parametrize(
    ("library", "keyed"),
    [(library, False) for library in MERGES]
    + [(library, True) for library in MERGES if library != "htmx-2"],
)
def test_forth_and_back_is_a_view_each_time(
    visitor: Visitor, embed: Embed, libraries: Libraries, library: str, keyed: bool
) -> None:
    """The whole snippet stands in the head, whose scripts stay, come once more, or run again."""
    files, attributes, option = MERGES[library]
    tags = libraries.serve(embed.portal, *files)
    for number in (1, 2):
        key = f"data-article=bai-{number} " if keyed else ""
        link = f'<a href="/tin/{3 - number}">Bài {3 - number}</a><h1>Bài {number}</h1>'
        embed.put(
            f"/tin/{number}",
            f"<div {attributes}>{link}<stats-views></stats-views></div>",
            head=tags + embed.script(key + option),
        )
    page = visitor.page

    visitor.open(embed.portal.url("/tin/1"))
    page.evaluate("window.stays = true")
    for number, views in ((2, 1), (1, 2), (2, 2)):
        visitor.act(page.get_by_role("link", name=f"Bài {number}").click)
        expect(page.locator("h1")).to_have_text(f"Bài {number}")
        expect(page.locator("stats-views")).to_have_text(f"{views} lượt xem")
    settle(page)

    assert page.evaluate("window.stays") is True
    keys = [f"bai-{number}" if keyed else f"/tin/{number}" for number in (1, 2)]
    assert [embed.article_views(key) for key in keys] == [2, 2]
    assert embed.counts().views.total == 4
    assert visitor.errors == visitor.warnings == []


#: Applications with two pages and a number that changes; `hydrate`: over the server's own HTML.
APPLICATIONS = {
    "react": (
        "react/umd/react.production.min.js react-dom/umd/react-dom.production.min.js",
        """
        const h = React.createElement;
        const root = document.querySelector('#app');
        // Where React compares with what the server drew, it is told to leave the widgets alone.
        const served = root.firstChild && { __html: WIDGETS };
        const Form = ({ kind, children }) => h('div', { 'data-stats': kind }, children);
        function App() {
          const [at, move] = React.useState(location.pathname);
          const [ticks, tick] = React.useState(0);
          window.go = (path) => { history.pushState(null, '', path); move(path); };
          window.tick = () => tick((n) => n + 1);
          return h('main', null, h('h1', null, at), h('i', null, String(ticks)),
            served ? h('div', { key: at, dangerouslySetInnerHTML: served })
            : h('div', { key: at }, h(Form, { kind: 'visits' }, 'Số liệu'),
              h('p', { id: 'views' }, h('span', { 'data-stats': 'views' }, '…')),
              h(Form, { kind: 'poll' }, 'Bình chọn'), h(Form, { kind: 'rating' }, 'Đánh giá')));
        }
        if (root.firstChild) ReactDOM.hydrateRoot(root, h(App));
        else ReactDOM.createRoot(root).render(h(App));
        """,
    ),
    "vue": (
        "vue/dist/vue.global.prod.js",
        """
        const root = document.querySelector('#app');
        const App = {
          data: () => ({ at: location.pathname, ticks: 0 }),
          mounted() {
            window.go = (path) => { history.pushState(null, '', path); this.at = path; };
            window.tick = () => { this.ticks += 1; };
          },
          template: `<main><h1>{{ at }}</h1><i>{{ ticks }}</i>` +
            `<div :key="at">${WIDGETS}</div></main>`,
        };
        (root.firstChild ? Vue.createSSRApp(App) : Vue.createApp(App)).mount(root);
        """,
    ),
}
WIDGETS = (
    '<div data-stats="visits">Số liệu</div><p id="views"><span data-stats="views">…</span></p>'
    '<div data-stats="poll">Bình chọn</div><div data-stats="rating">Đánh giá</div>'
)
SERVED = f"<main><h1>/tin/1</h1><i>0</i><div>{WIDGETS}</div></main>"


@pytest.mark.parametrize("way", ["render", "hydrate"])
@pytest.mark.parametrize("library", APPLICATIONS)
def test_an_application_draws_the_widgets(
    voter: Voter, embed: Embed, libraries: Libraries, library: str, way: str
) -> None:
    """They stay while it draws around them, and each page is one view of its own article."""
    files, application = APPLICATIONS[library]
    voter.was_here_before()
    poll = make_poll(embed)
    tags = libraries.serve(embed.portal, *files.split())
    root = f'<div id="app">{SERVED if way == "hydrate" else ""}</div>'
    page = voter.page

    page.goto(embed.put("/tin/1", root, head=embed.snippet + tags))
    if way == "hydrate":
        expect(page.locator("#views")).to_have_text("1")
    page.add_script_tag(content=f"const WIDGETS = '{WIDGETS}';{application}")
    expect(page.locator("#views")).to_have_text("1")
    page.evaluate("tick()")
    expect(page.locator("i")).to_have_text("1")
    expect(page.locator("#views")).to_have_text("1")
    page.evaluate("go('/tin/2')")
    expect(page.locator("h1")).to_have_text("/tin/2")
    uses_everything(voter, embed)
    page.evaluate("tick()")
    expect(page.locator("i")).to_have_text("2")
    expect(voter.rating.locator("#value")).to_have_text("4 trên 5 điểm (1 đánh giá)")
    settle(page)

    assert [embed.article_views(f"/tin/{number}") for number in (1, 2)] == [1, 1]
    assert votes(embed, poll) == {"thu-tuc": 1}
    assert embed.counts().views.total == 2


#: What an editor is given, and what it hands back: its files and the making of it.
EDITORS = {
    "tinymce": (
        "tinymce/tinymce.min.js",
        "tinymce",
        """async (html) => {
          const [editor] = await tinymce.init({ selector: '#o', EXTRA });
          editor.setContent(html);
          return editor.getContent();
        }""",
    ),
    "ckeditor-4": (
        "ckeditor4/ckeditor.js",
        "ckeditor4",
        """(html) => new Promise((done) => {
          const editor = CKEDITOR.replace('o', { versionCheck: false, EXTRA });
          editor.on('instanceReady', () => editor.setData(html, () => done(editor.getData())));
        })""",
    ),
    "ckeditor-5": (
        "ckeditor5/dist/browser/ckeditor5.umd.js",
        "",
        """async (html) => {
          const { ClassicEditor, Essentials, Paragraph, Link, GeneralHtmlSupport } = CKEDITOR;
          const editor = await ClassicEditor.create(document.querySelector('#o'), {
            licenseKey: 'GPL', plugins: [Essentials, Paragraph, Link, GeneralHtmlSupport], EXTRA });
          editor.setData(html);
          return editor.getData();
        }""",
    ),
    "ckeditor-5-classic": (
        "@ckeditor/ckeditor5-build-classic/build/ckeditor.js",
        "",
        """async (html) => {
          const editor = await ClassicEditor.create(document.querySelector('#o'), { EXTRA });
          editor.setData(html);
          return editor.getData();
        }""",
    ),
}
#: By their own settings CKEditors take every attribute away that no button of theirs makes.
SETTINGS = {
    "tinymce": "license_key: 'gpl'",
    "ckeditor-4": "extraAllowedContent: 'div span[data-*]'",
    "ckeditor-5": "htmlSupport: { allow: [{ name: /^(div|span)$/, attributes: /^data-/ }] }",
}
#: What a writer pastes into the source, and what has to come out.
WRITTEN = (
    '<div data-stats="poll" data-poll="moi">Bình chọn</div>',
    '<span data-stats="views">…</span>',
    '<div data-stats="visits" data-rows="online total">Số liệu</div>',
)


#: The same as links, which are text with an address for every editor.
LINKED = (
    '<p>Tin</p><p><a href="#data-stats=poll&amp;data-poll=moi">Bình chọn</a></p>'
    '<p>Đã có <a href="#data-stats=views">…</a> lượt</p>'
    '<p><a href="#data-stats=visits&amp;data-rows=online%20total">Số liệu</a></p>'
    '<p><a href="#data-stats=rating">Đánh giá</a></p>'
)


def saved(
    page: Page, embed: Embed, libraries: Libraries, editor: str, setting: str, text: str = ""
) -> str:
    """Give `WRITTEN`, or another text, to an editor; return what it would save."""
    file, folder, code = EDITORS[editor]
    tags = libraries.serve(embed.portal, *filter(None, (file, folder)))
    page.goto(embed.put("/soan", '<textarea id="o"></textarea>', head=tags))
    text = text or f"<p>Tin</p>{WRITTEN[0]}<p>Đã có {WRITTEN[1]} lượt</p>{WRITTEN[2]}"
    return str(page.evaluate(code.replace("EXTRA", setting), text))


@pytest.mark.parametrize("editor", SETTINGS)
def test_an_editor_keeps_the_widgets(
    page: Page, embed: Embed, libraries: Libraries, editor: str
) -> None:
    """As many attributes as they have, in whatever order it writes them."""
    kept = html.unescape(saved(page, embed, libraries, editor, SETTINGS[editor]))

    for form in WRITTEN:
        for part in re.findall(r'data-[a-z]+="[^"]*"|>[^<]+<', form):
            assert part in kept


@pytest.mark.parametrize(
    ("editor", "setting"), [("ckeditor-4", ""), ("ckeditor-5-classic", "licenseKey: 'GPL'")]
)
def test_an_editor_that_takes_attributes_away_keeps_the_words(
    page: Page, embed: Embed, libraries: Libraries, editor: str, setting: str
) -> None:
    """What docs/embed.md says of these editors: without their own setting no widget is left."""
    kept = html.unescape(saved(page, embed, libraries, editor, setting))

    assert "data-stats" not in kept
    assert "Bình chọn" in kept


#: By its own settings, and as Joomla and others set it where addresses are concerned.
DEFAULTS = {
    "tinymce": "license_key: 'gpl'",
    "tinymce-absolute": "license_key: 'gpl', relative_urls: false, remove_script_host: false",
    "ckeditor-4": "",
    "ckeditor-5": "",
    "ckeditor-5-classic": "licenseKey: 'GPL'",
}


@pytest.mark.parametrize("editor", DEFAULTS)
def test_every_editor_keeps_a_widget_that_is_a_link(
    voter: Voter, embed: Embed, libraries: Libraries, editor: str
) -> None:
    """Without any setting; and what the editor saves works on the portal."""
    name = editor.removesuffix("-absolute")
    voter.was_here_before()
    poll = make_poll(embed, id="moi")
    kept = saved(voter.page, embed, libraries, name, DEFAULTS[editor], LINKED)

    voter.open(embed.put("/tin/1", kept))
    voter.vote("Thủ tục hành chính")

    expect(voter.message()).to_contain_text("Cảm ơn bạn đã bình chọn")
    expect(voter.page.locator("[data-stats=views]")).to_have_text("1")
    expect(voter.rating.locator("label")).to_have_count(5)
    assert [row[0] for row in voter.rows("[data-stats=visits]")] == [
        "Trực tuyến",
        "Lượt truy cập",
    ]
    assert votes(embed, poll) == {"thu-tuc": 1}
    assert embed.article_views("/tin/1") == 1

"""The page inside the install page on which a widget is tried: the real script, no view counted.

The script's requests come here instead of to the API (`static/install_preview.js` sees to it):
what it asks is answered as to a heartbeat of nobody, which only reads. Votes and ratings go
nowhere.
"""

import msgspec
from flask import Blueprint, Response, make_response, render_template, request

from stats_service.models.traffic.views import PageQuery, Visitor
from stats_service.web.admin.access import access, site
from stats_service.web.admin.install.sample import ARTICLE, sample
from stats_service.web.embed.scripts import embed_files
from stats_service.web.http.answers import page_answer_headers, page_answer_json
from stats_service.web.http.bodies import decode_body
from stats_service.web.http.context import services

bp = Blueprint("install_preview", __name__, url_prefix="/sites/<slug>/install/preview")

#: As strict as the other pages, and only a page of ours may frame it.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
#: Without a browser's name nothing is derived from it, so a heartbeat of it leaves no trace.
NOBODY = Visitor(address="", user_agent="", origin="", private=True, prefetch=False)


@bp.get("")
@access("viewer")
def show() -> Response:
    """Show an empty page with the snippet on it."""
    made_up = request.args.get("numbers") == "sample"
    now = services().clock.now()
    content = sample(site().headline, site().timezone, now) if made_up else b""
    response = make_response(
        render_template(
            "admin/install_preview.html",
            # Inside <script> nothing may look like markup.
            sample=content.decode().replace("<", "\\u003c"),
            file=embed_files().newest,
            article=ARTICLE if made_up else example_article(),
        )
    )
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


@bp.post("/page")
@access("viewer")
def numbers() -> Response:
    """Answer what the script asks for, and count nothing."""
    now = services().clock.now()
    entry = services().sites.directory.entry(site().slug, now)
    asked = decode_body(request.get_data(cache=False), PageQuery)
    query = msgspec.structs.replace(asked, hit="", beat=True, voter=None)
    answer = services().loop.run(services().traffic.recorder.record(entry, query, NOBODY, now))
    return Response(page_answer_json(answer), headers=page_answer_headers("", ""))


def example_article() -> str:
    """Return an article whose numbers the preview shows: the best rated, else the most read.

    Empty if there is none.
    """
    rated = services().ratings.ratings.top(site(), 1, 1, services().clock.now()).articles
    if rated:
        return rated[0].key
    top = services().traffic.top_articles.of_all_time(site())
    return next((article.key for article in top if len(article.key) > 1), "")

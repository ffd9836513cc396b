"""Run Sphinx over the pages of one language."""

import json
import shutil
from pathlib import Path

from sphinx.application import Sphinx

import stats_service
from tools.documentation.sources import ROOT, TOP, pages
from tools.documentation.words import SEARCH

HERE = Path(__file__).parent


def run_generator(source: Path, output: Path, lang: str) -> bool:
    """Make the HTML of a language; return whether nothing was wrong with its pages."""
    static = source / "_static"
    shutil.copytree(HERE / "static", static)
    words = json.dumps({"messages": SEARCH, "plural_expr": "0", "locale": "vi"})
    (static / "vietnamese.js").write_text(f"Documentation.addTranslations({words});\n")
    other = "en" if lang == "vi" else "vi"
    both = {name for page_lang, name in pages() if page_lang == lang and (other, name) in pages()}
    app = Sphinx(
        source,
        None,
        output,
        source / "_doctrees",
        "html",
        confoverrides={
            "project": "stats_service",
            "version": stats_service.__version__,
            "language": lang,
            "extensions": ["myst_parser", "tools.documentation.extension"],
            "exclude_patterns": ["_*"],
            "myst_heading_anchors": 6,
            "myst_heading_slug_func": "tools.handbook.anchor",
            # Examples are cut short with `…`, which no language has.
            "suppress_warnings": ["misc.highlighting_failure"],
            "counterparts": {name: f"{TOP}{other}/{name}.html" for name in both},
            "html_theme": "furo",
            "html_title": "stats_service",
            "html_favicon": str(ROOT / "stats_service/web/admin/static/icon.svg"),
            "html_static_path": ["_static"],
            "html_css_files": ["site.css"],
            "html_js_files": ["vietnamese.js"] if lang == "vi" else [],
            "templates_path": [str(HERE / "templates")],
            "html_copy_source": False,
            "html_show_sourcelink": False,
            "html_show_copyright": False,
            "html_use_index": False,
            "html_permalinks_icon": "#",
        },
        status=None,
        warningiserror=True,
    )
    app.build()
    for left in ("_sources", ".buildinfo", "objects.inv"):
        rest = output / left
        shutil.rmtree(rest) if rest.is_dir() else rest.unlink(missing_ok=True)
    return not app.statuscode

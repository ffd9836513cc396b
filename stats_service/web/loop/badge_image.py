"""Drawing a badge: a label and a number, as an SVG with real text."""

import unicodedata
from html import escape

#: `auto` follows the reader's system.
THEMES = ("auto", "light", "dark")

HEIGHT = 24
FONT_SIZE = 12
PADDING = 9
#: Widths of Arial, and of the fonts made to its measure, in thousandths of the font size.
_WIDTHS = (
    dict.fromkeys("ijl'", 222)
    | dict.fromkeys("ft.,: /I", 278)
    | dict.fromkeys("r()-", 333)
    | dict.fromkeys("cksvxyzJ", 500)
    | dict.fromkeys("wCDHNRU", 722)
    | dict.fromkeys("TFZ", 611)
    | dict.fromkeys("GOQ", 778)
    | dict.fromkeys("Mm", 833)
    | {"W": 944, "…": 1000}
)
_OTHER_WIDTH = 556

#: Background and text of the label, background and text of the number.
_COLOURS = {
    "light": ("#e8edf3", "#1d2b3a", "#0b5cad", "#ffffff"),
    "dark": ("#2b3643", "#e8edf3", "#8ec5ff", "#0c1a29"),
}


def badge_svg(label: str, value: str, theme: str) -> str:
    """Return the image of `label` and `value`."""
    left, right = _width(label) + 2 * PADDING, _width(value) + 2 * PADDING
    width, baseline = left + right, HEIGHT / 2 + FONT_SIZE * 0.36
    name = escape(f"{label}: {value}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{HEIGHT}" '
        f'viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="{name}"><title>{name}</title>'
        f"<style>{_style(theme)}.d{{font-weight:700}}</style>"
        f'<clipPath id="r"><rect width="{width}" height="{HEIGHT}" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><path class="a" d="M0 0h{left}v{HEIGHT}H0z"/>'
        f'<path class="c" d="M{left} 0h{right}v{HEIGHT}H{left}z"/></g>'
        f"<g font-family=\"Arial,Helvetica,'Liberation Sans',sans-serif\" "
        f'font-size="{FONT_SIZE}" text-anchor="middle">'
        f"{_text('b', label, left / 2, baseline)}"
        f"{_text('d', value, left + right / 2, baseline)}</g></svg>"
    )


def _text(style: str, text: str, x: float, y: float) -> str:
    return (
        f'<text class="{style}" x="{x:g}" y="{y:g}" textLength="{_width(text)}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
    )


def _style(theme: str) -> str:
    if theme != "auto":
        return _fills(theme)
    return f"{_fills('light')}@media(prefers-color-scheme:dark){{{_fills('dark')}}}"


def _fills(theme: str) -> str:
    return "".join(
        f".{name}{{fill:{colour}}}" for name, colour in zip("abcd", _COLOURS[theme], strict=True)
    )


def _width(text: str) -> int:
    """Return about how wide a text is, in pixels; accents are as wide as their letter."""
    letters = (c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return round(sum(_WIDTHS.get(c, _OTHER_WIDTH) for c in letters) * FONT_SIZE / 1000) + 1

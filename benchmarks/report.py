"""What the runs showed: ratios, a table, a file, a picture. Medians of the rounds throughout."""

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.runs import Run

Runs = Mapping[tuple[str, str, int], Sequence[Run]]

ROOT = Path(__file__).parent.parent
LATEST = ROOT / "benchmarks" / "out" / "latest.json"
PICTURE = ROOT / "docs" / "images" / "benchmark.svg"

#: Shown in the picture: label, server, kind.
BARS = (
    ("Flask, “hello”", "hello", "hello"),
    ("Page view: counted, with every number", "ours", "page"),
    ("the same, list of 20 articles", "ours", "page_list"),
    ("the same, as a plain Flask route", "ours-flask", "page"),
    ("Ballot", "ours", "ballot"),
    ("Rating", "ours", "rating"),
)


def _rate(runs: Sequence[Run]) -> float:
    return median(run.load.rate for run in runs)


def _against_hello(runs: Runs, server: str, kind: str) -> float:
    pairs = zip(runs[server, kind, 64], runs["hello", "hello", 64], strict=True)
    return round(median(run.load.rate / base.load.rate for run, base in pairs), 2)


def against_hello(runs: Runs) -> list[str]:
    """Return a line for each kind of request at 64 connections: its rate as a multiple."""
    return [
        f"{kind}_vs_hello {_against_hello(runs, server, kind)}"
        for server, kind, connections in runs
        if connections == 64 and server != "hello"
    ]


def ratios(runs: Runs) -> dict[str, float | bool]:
    """Return the figures that the targets are about."""
    hello = runs["hello", "hello", 64]
    page = runs["ours", "page", 64]

    every = [run for group in runs.values() for run in group]
    return {
        "page_view_vs_hello": _against_hello(runs, "ours", "page"),
        "page_view_p99_vs_hello": round(
            median(run.load.p99 / base.load.p99 for run, base in zip(page, hello, strict=True)), 2
        ),
        "page_view_first_vs_hello": _against_hello(runs, "ours", "page_first"),
        "page_view_repeat_vs_hello": _against_hello(runs, "ours", "page_repeat"),
        "page_view_list_vs_hello": _against_hello(runs, "ours", "page_list"),
        "page_votes_vs_hello": _against_hello(runs, "ours", "page_votes"),
        "page_view_plain_asgi_vs_hello": _against_hello(runs, "ours-plain", "page"),
        "page_view_flask_vs_hello": _against_hello(runs, "ours-flask", "page"),
        "ballot_vs_hello": _against_hello(runs, "ours", "ballot"),
        "rating_vs_hello": _against_hello(runs, "ours", "rating"),
        "beat_vs_hello": _against_hello(runs, "ours", "beat"),
        "counts_vs_hello": _against_hello(runs, "ours", "counts"),
        "badge_vs_hello": _against_hello(runs, "ours", "badge"),
        "articles_vs_hello": _against_hello(runs, "ours", "articles"),
        "poll_vs_hello": _against_hello(runs, "ours", "poll"),
        "pixel_vs_hello": _against_hello(runs, "ours", "pixel"),
        # Hardly depends on what else the machine does, other than a rate.
        "page_view_cpu_vs_hello": round(
            median(
                base.service_us / (run.service_us + run.redis_us)
                for run, base in zip(page, hello, strict=True)
            ),
            2,
        ),
        "service_us_per_view": round(median(run.service_us for run in page), 1),
        "redis_us_per_view": round(median(run.redis_us for run in page), 1),
        "round_trips_per_view": round(median(run.scripts for run in page), 3),
        "counted_vs_answered": all(run.exact for run in every),
        "others_cores_max": round(max(run.others for run in every), 2),
    }


def table(runs: Runs) -> str:
    """Return the medians of every group as Markdown."""
    lines = [
        (
            "| server | request | connections | req/s (min-max) | p50 ms | p99 ms | p99.9 ms "
            "| service us | Redis us | counts |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (server, kind, connections), group in runs.items():
        rates = sorted(run.load.rate for run in group)
        counted = "-" if group[0].surplus is None else "exact"
        if not all(run.exact for run in group):
            counted = "WRONG"
        lines.append(
            f"| {server} | {kind} | {connections} "
            f"| {median(rates):,.0f} ({rates[0]:,.0f}-{rates[-1]:,.0f}) "
            f"| {median(run.load.p50 for run in group):.1f} "
            f"| {median(run.load.p99 for run in group):.1f} "
            f"| {median(run.load.p999 for run in group):.1f} "
            f"| {median(run.service_us for run in group):.0f} "
            f"| {median(run.redis_us for run in group):.1f} | {counted} |"
        )
    return "\n".join(lines)


def write(figures: Mapping[str, Any], machine: Mapping[str, str], runs: Runs) -> None:
    """Write the figures, flat, with the machine and the table, to `LATEST`."""
    LATEST.parent.mkdir(exist_ok=True)
    document = dict(figures) | {"machine": dict(machine), "table": table(runs)}
    LATEST.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def draw(figures: Mapping[str, Any], machine: Mapping[str, str], runs: Runs) -> None:
    """Draw the README's picture: requests a second, as multiples of the hello."""
    hello = _rate(runs["hello", "hello", 64])
    bars = [(label, _rate(runs[server, kind, 64]) / hello) for label, server, kind in BARS]
    longest = max(value for _, value in bars)
    height = 92 + 36 * len(bars)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" role="img" '
            'font-family="system-ui, sans-serif" font-size="14">'
        ),
        "<title>Requests a second, as multiples of a bare Flask hello</title>",
        (
            "<style>text{fill:#1f2933}.b{fill:#0f766e}.r{fill:#94a3b8}.s{fill:#52606d;font-size:11px}"
            "@media(prefers-color-scheme:dark){text{fill:#e4e7eb}.s{fill:#9aa5b1}.b{fill:#2dd4bf}}"
            "</style>"
        ),
        (
            '<text x="0" y="20" font-weight="600">Requests a second, a bare Flask hello = 1 '
            "(gunicorn, 2 workers, 64 connections)</text>"
        ),
    ]
    for row, (label, value) in enumerate(bars):
        y = 44 + 36 * row
        kind = "r" if row == 0 else "b"
        width = 360 * value / longest
        parts += [
            f'<text x="0" y="{y + 15}">{escape(label)}</text>',
            f'<rect class="{kind}" x="290" y="{y}" width="{width:.1f}" height="22" rx="4"/>',
            f'<text x="{296 + width:.1f}" y="{y + 16}" font-weight="600">{value:.2f}</text>',
        ]
    note = (
        f"{machine['date']}, {machine['processor']}, Python {machine['python']}, gunicorn "
        f"{machine['gunicorn']}; load, service and Redis share the machine."
    )
    exact = "Every answered view was counted." if figures["counted_vs_answered"] else ""
    parts += [
        f'<text class="s" x="0" y="{height - 26}">{escape(note)}</text>',
        (
            f'<text class="s" x="0" y="{height - 10}">{exact} Page view: p99 '
            f"{figures['page_view_p99_vs_hello']} of the hello's; "
            f"{figures['redis_us_per_view']} us of Redis.</text>"
        ),
        "</svg>",
    ]
    PICTURE.write_text("\n".join(parts) + "\n")

"""`make bench`: measure the service against a bare Flask hello, in one interleaved run.

    python -m benchmarks [--rounds 3] [--seconds 3] [--only KIND,...] [--picture]

Prints a table and the ratios, and writes them to benchmarks/out/latest.json. With --picture the
figure of the README is drawn anew. With --only, nothing is measured but these kinds of request and
the hello, for a short look while something is changed, and no file is written. Everything runs on
127.0.0.1 with a Redis of its own, and ends by itself within about ten minutes.
"""

import argparse
import sys
from collections import defaultdict

from benchmarks.admin_pages import measure_admin_pages
from benchmarks.growth import measure_growth, measure_memory
from benchmarks.load import require_program
from benchmarks.machine import description
from benchmarks.redis_alone import measure_redis_alone
from benchmarks.report import against_hello, draw, ratios, table, write
from benchmarks.runs import Run, measure, warm_up
from benchmarks.servers import running
from benchmarks.snippet import measure_snippet

#: What each server is asked for: kind of request, connections.
PLAN: dict[str, tuple[tuple[str, int], ...]] = {
    "hello": (("hello", 64), ("hello", 256)),
    "raw": (("hello", 64),),
    "ours": (
        ("page", 64),
        ("page", 1),
        ("page", 256),
        ("page", 1000),
        ("page_first", 64),
        ("page_repeat", 64),
        ("page_list", 64),
        ("page_votes", 64),
        ("beat", 64),
        ("ballot", 64),
        ("rating", 64),
        ("counts", 64),
        ("badge", 64),
        ("articles", 64),
        ("poll", 64),
        ("pixel", 64),
    ),
    "ours-plain": (("page", 64), ("page", 256)),
    "ours-flask": (("page", 64),),
}

KINDS = ", ".join(sorted({kind for plan in PLAN.values() for kind, _ in plan} - {"hello"}))


def _plan(kinds: str) -> dict[str, tuple[tuple[str, int], ...]]:
    """Return the part of the plan that asks for `kinds` at 64 connections, and the hello."""
    wanted = set(kinds.split(","))
    if not wanted <= set(KINDS.split(", ")):
        raise argparse.ArgumentTypeError(f"{kinds!r}: use some of {KINDS}")
    ours = tuple(asked for asked in PLAN["ours"] if asked[0] in wanted and asked[1] == 64)
    return {"hello": (("hello", 64),), "ours": ours}


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, choices=range(1, 10), metavar="N")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one run")
    parser.add_argument("--picture", action="store_true", help="draw the README's figure anew")
    parser.add_argument("--only", type=_plan, metavar="KIND,...", help="kinds of request: " + KINDS)
    arguments = parser.parse_args()
    require_program("wrk", "wrk")

    runs: dict[tuple[str, str, int], list[Run]] = defaultdict(list)
    for number in range(arguments.rounds):
        for name, plan in (arguments.only or PLAN).items():
            with running(name) as server:
                for kind, connections in plan:
                    warm_up(server, kind)
                    run = measure(server, kind, connections, arguments.seconds)
                    runs[name, kind, connections].append(run)
                    print(
                        f"round {number + 1}: {name:<11} {kind:<12} {connections:>4} connections "
                        f"{run.load.rate:>8,.0f}/s  p99 {run.load.p99:>7.1f} ms",
                        file=sys.stderr,
                    )

    print(table(runs), flush=True)
    if arguments.only:
        print("\n".join(against_hello(runs)))
        return
    figures, machine = ratios(runs), description()
    for measure_more in (
        measure_redis_alone,
        lambda: measure_growth(arguments.seconds),
        measure_memory,
        measure_snippet,
        measure_admin_pages,
    ):
        # What is measured stays, whatever the next one meets.
        write(figures, machine, runs)
        figures |= measure_more()
    figures["redis_us_vs_least_script"] = round(
        figures["redis_us_per_view"] / figures["redis_least_script_us"], 2
    )
    for name, value in figures.items():
        print(f"{name:<28} {value}")
    write(figures, machine, runs)
    if arguments.picture:
        draw(figures, machine, runs)


if __name__ == "__main__":
    main()

"""Put the table of the last run into docs/reliability.md: `python -m tests.faults.table`."""

import json
from pathlib import Path

from tests.faults.report import OUT

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
HEAD = "| | Check | Expected | Measured | |\n|---|---|---|---|---|\n"


def main() -> None:
    """Replace what stands between the table's head and the next empty line."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(HEAD)
    _, _, after = rest.partition("\n\n")
    rows = "".join(
        f"| {name} | {_cell(one['done'])} | {_cell(one['expected'])} | {_cell(one['measured'])} | "
        f"{'ok' if one['ok'] else '**not shown**'} |\n"
        for name, one in json.loads(OUT.read_text("utf-8")).items()
    )
    PAGE.write_text(f"{before}{HEAD}{rows}\n{after}", "utf-8")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()

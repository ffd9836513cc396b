"""`make docs`: build the documentation below build/docs, or where the command line says."""

import sys
from pathlib import Path

from tools.documentation.build import build
from tools.documentation.sources import ROOT

OUTPUT = ROOT / "build/docs"


def main() -> None:
    """Build where the command line says."""
    output = Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    build(output)
    sys.stdout.write(f"{output / 'index.html'}\n")


if __name__ == "__main__":
    main()

"""The command line: calls services, as web does; one module for each noun.

Results go to stdout. A mistake of the user's is one line on stderr and exit code 2.
"""

from stats_service.cli.commands import main

__all__ = ["main"]

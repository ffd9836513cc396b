"""`python -m stats_service` is the command `stats-service`."""

from stats_service.cli import main

if __name__ == "__main__":
    main(prog_name="stats-service")

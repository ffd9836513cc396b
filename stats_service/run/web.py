"""gunicorn, as the supervisor starts it: `python -P -m stats_service.run.web`."""

from gunicorn.app.wsgiapp import WSGIApplication


class Web(WSGIApplication):  # type: ignore[misc] # it has no annotations
    """gunicorn, for which the folder where it is started is no place for modules."""

    def chdir(self) -> None:
        """Leave the module path alone; gunicorn would put the folder in front of it.

        A `redis.py` in the folder of somebody who types a command would be loaded as redis-py.
        """


if __name__ == "__main__":
    Web("%(prog)s [OPTIONS] [APP_MODULE]", prog="gunicorn").run()

"""The application: settings in, blueprints and error handlers wired, a server's callable out."""

import os
from pathlib import Path

from flask import Flask

from stats_service.clock import Clock
from stats_service.config import Settings, load_settings
from stats_service.meters import FOLDER_VARIABLE
from stats_service.services.container import Services, create_services
from stats_service.web import admin, api, hosted, operations, public
from stats_service.web.demo import pages as demo
from stats_service.web.embed import blueprints as embed
from stats_service.web.http import errors
from stats_service.web.http.bodies import BODY_MAX_BYTES
from stats_service.web.http.context import EXTENSION
from stats_service.web.http.sessions import SessionsBesideTheApi
from stats_service.web.http.uploads import RequestWithFiles
from stats_service.web.loop import LoopPaths
from stats_service.web.server.asgi import AsgiApp


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Flask:
    """Return the service as a WSGI application.

    Args:
        settings: default: read from the environment.
        clock: default: the machine's clock.
    """
    services = create_services(settings or load_settings(), clock)
    return _flask_app(services, LoopPaths(services))


def create_asgi_app(settings: Settings | None = None, clock: Clock | None = None) -> AsgiApp:
    """Return the service as an ASGI application, whose views and votes share a connection.

    Arguments as for `create_app`.
    """
    services = create_services(settings or load_settings(), clock)
    paths = LoopPaths(services)
    return AsgiApp(_flask_app(services, paths), paths, services)


def _flask_app(services: Services, paths: LoopPaths) -> Flask:
    settings = services.settings
    services.traffic.replay.resume()
    app = Flask("stats_service", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX_BYTES
    app.request_class = RequestWithFiles
    app.session_interface = SessionsBesideTheApi(settings.path_prefix)
    app.extensions[EXTENSION] = services
    if settings.metrics_token and FOLDER_VARIABLE in os.environ:
        services.meters.share(Path(os.environ[FOLDER_VARIABLE]))
    errors.register(app)
    operations.register(app)
    api.register(app, settings.path_prefix, paths)
    embed.register(app, settings.path_prefix)
    for page in hosted.PAGES:
        app.register_blueprint(page, url_prefix=settings.path_prefix)
    admin.register(app, settings)
    public.register(app)
    if settings.demo:
        demo.register(app)
    return app

"""The blueprint of the admin pages, and everything around each of their requests."""

import hmac

from flask import Blueprint, Flask

from stats_service.config import Settings
from stats_service.web.admin import access, frame, notices, ratings, settings
from stats_service.web.admin.accounts import (
    accounts,
    audit,
    own_account,
    second_factor,
    sign_in,
    tokens,
)
from stats_service.web.admin.handbook import handbook
from stats_service.web.admin.install import install
from stats_service.web.admin.install import preview as install_preview
from stats_service.web.admin.polls import kiosks, polls
from stats_service.web.admin.polls import pictures as poll_pictures
from stats_service.web.admin.polls import preview as poll_preview
from stats_service.web.admin.polls import removal as poll_removal
from stats_service.web.admin.polls import review as poll_review
from stats_service.web.admin.polls import share as poll_share
from stats_service.web.admin.portability import exports, uploads
from stats_service.web.admin.traffic import (
    annotations,
    article_changes,
    articles,
    clicks,
    now,
    overview,
    readers,
    report,
    traffic,
)
from stats_service.web.pages import failures, languages, security, static_files

NOUNS = (
    sign_in,
    own_account,
    second_factor,
    overview,
    traffic,
    annotations,
    report,
    now,
    articles,
    article_changes,
    clicks,
    readers,
    polls,
    kiosks,
    poll_removal,
    poll_pictures,
    poll_preview,
    poll_review,
    poll_share,
    ratings,
    install,
    install_preview,
    exports,
    uploads,
    notices,
    settings,
    accounts,
    tokens,
    audit,
    handbook,
)


def register(app: Flask, service_settings: Settings) -> None:
    """Add the admin pages to `app`."""
    https = security.is_https(service_settings)
    app.config.update(
        SECRET_KEY=hmac.digest(service_settings.secret.encode(), b"flask session", "sha256"),
        SESSION_COOKIE_NAME="__Host-stats" if https else "stats_session",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
        # The Origin is compared by security.check_origin, proxies or not.
        WTF_CSRF_SSL_STRICT=False,
    )
    security.csrf.init_app(app)
    access.login_manager().init_app(app)
    languages.register(app)
    app.register_blueprint(_blueprint())


def _blueprint() -> Blueprint:
    bp = Blueprint(
        "admin",
        "stats_service.web.admin",
        url_prefix="/admin",
        static_folder="static",
        template_folder="templates",
    )
    bp.url_value_preprocessor(access.take_slug)
    bp.before_request(security.check_host)
    bp.before_request(security.check_origin)
    bp.before_request(access.guard)
    bp.before_request(security.check_token)
    bp.before_request(security.check_not_moving)
    bp.after_request(static_files.compress)
    bp.after_request(security.add_headers)
    failures.register(bp)
    bp.app_template_global("asset")(static_files.asset)
    bp.app_context_processor(frame.page_context)
    for noun in NOUNS:
        bp.register_blueprint(noun.bp)
    return bp

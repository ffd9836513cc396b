"""The one place where things are wired: settings in, an application out."""

import os
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from stats_service import processes
from stats_service.clock import Clock, SystemClock
from stats_service.config import Settings, load_settings
from stats_service.meters import FOLDER_VARIABLE, Meters
from stats_service.services.accounts import Accounts
from stats_service.services.alarm import NAME as OPERATOR
from stats_service.services.alarm import RedisAlarm
from stats_service.services.archives import Archives
from stats_service.services.audit import Audit
from stats_service.services.backups import Backups
from stats_service.services.ballots import Ballots
from stats_service.services.erasure import Erasure
from stats_service.services.glances import Glances
from stats_service.services.health import Health
from stats_service.services.history import History
from stats_service.services.install_checks import InstallChecks
from stats_service.services.integrity import IntegrityReports
from stats_service.services.legacy.imports import Legacy
from stats_service.services.mail import Mailer
from stats_service.services.minting import Minting
from stats_service.services.notices import NoticeBook
from stats_service.services.openings import Openings
from stats_service.services.polls import Polls
from stats_service.services.proofs import Proofs
from stats_service.services.quarantine import Quarantine
from stats_service.services.rating_review import RatingReview
from stats_service.services.ratings import ArticleRatings
from stats_service.services.registry import Services
from stats_service.services.replay import Replay
from stats_service.services.reports.job import ReportJob
from stats_service.services.retention import Retention
from stats_service.services.second_factor import SecondFactor
from stats_service.services.shared_sites import SharedSites
from stats_service.services.shared_views import SharedViews
from stats_service.services.shared_votes import SharedVotes
from stats_service.services.sign_in import SignIn
from stats_service.services.site_directory import SiteDirectory
from stats_service.services.sites import Sites
from stats_service.services.ticks import RetentionJob, Ticks, UploadJob
from stats_service.services.tokens import Tokens
from stats_service.services.top_articles import TopArticles
from stats_service.services.traffic import Traffic
from stats_service.services.uploads import Uploads
from stats_service.services.voters import Voters
from stats_service.services.webhooks import Caller, WebhookJob
from stats_service.store.accounts import AccountStore
from stats_service.store.archive.store import ArchiveStore
from stats_service.store.audit import AuditStore
from stats_service.store.ballots import BallotStore, LoopBallots
from stats_service.store.connection import connect, disconnect
from stats_service.store.glances import GlanceStore
from stats_service.store.group_commit import GroupCommit
from stats_service.store.health import HealthStore
from stats_service.store.history import HistoryStore
from stats_service.store.install_checks import InstallCheckStore
from stats_service.store.legacy import LegacyStore
from stats_service.store.limits import LoopCountsStorage, RequestCounts
from stats_service.store.loop_client import LoopClient, connect_loop
from stats_service.store.notices import NoticeStore
from stats_service.store.polls import PollStore
from stats_service.store.quarantine import QuarantineStore
from stats_service.store.rating_review import RatingReviewStore
from stats_service.store.ratings import LoopRatings, RatingStore
from stats_service.store.retention import RetentionStore
from stats_service.store.sessions import SessionStore
from stats_service.store.site_copies import SiteCopies
from stats_service.store.sites import SiteStore
from stats_service.store.snapshots import SnapshotStore
from stats_service.store.spool import Spool
from stats_service.store.ticks import TickStore
from stats_service.store.tokens import TokenStore
from stats_service.store.traffic import TrafficStore
from stats_service.store.uploads import UploadStore
from stats_service.store.view_keeper import ViewKeeper
from stats_service.web import (
    admin,
    api,
    demo,
    embed,
    errors,
    health,
    hosted,
    limits,
    metrics,
    public,
)
from stats_service.web.api.bodies import BODY_MAX_BYTES
from stats_service.web.asgi import AsgiApp
from stats_service.web.context import EXTENSION
from stats_service.web.files import RequestWithFiles
from stats_service.web.hot import HotPaths
from stats_service.web.sessions import SessionsBesideTheApi


def create_services(settings: Settings, clock: Clock | None = None) -> Services:
    """Wire the services of one installation; Redis is first asked when one of them is used.

    Raises:
        ConfigurationError: the settings name no Redis, or one that cannot be used.
    """
    clock = clock or SystemClock()
    client = connect(settings.redis_url, settings.redis_timeout)
    site_store = SiteStore(client, settings.key_prefix)
    poll_store = PollStore(client, settings.key_prefix)
    ballot_store = BallotStore(client, settings.key_prefix)
    traffic_store = TrafficStore(client, settings.key_prefix)
    spool = Spool(settings.data_dir, settings.spool_megabytes * 10**6)
    replay = Replay(spool, site_store, traffic_store, clock)
    voters, proofs = Voters(settings.secret), Proofs(settings.secret)
    sites = Sites(site_store)
    audit = Audit(AuditStore(client, settings.key_prefix))
    rating_store = RatingStore(client, settings.key_prefix)
    ratings = ArticleRatings(rating_store)
    quarantine_store = QuarantineStore(client, settings.key_prefix)
    polls = Polls(poll_store, ballot_store)
    directory = SiteDirectory(
        site_store,
        poll_store,
        voters,
        settings.secret,
        settings.site_cache_seconds,
        SiteCopies(settings.data_dir),
    )
    account_store = AccountStore(client, settings.key_prefix)
    session_store = SessionStore(client, settings.key_prefix)
    history_store = HistoryStore(client, settings.key_prefix)
    accounts = Accounts(account_store, session_store, audit)
    issuer = urlsplit(settings.public_url).hostname or "stats_service"
    second_factor = SecondFactor(settings.secret, issuer, account_store, session_store, audit)
    retention = Retention(RetentionStore(client, settings.key_prefix), sites)
    traffic = Traffic(traffic_store, spool, replay.wake)
    quarantine = Quarantine(quarantine_store)
    health_service = Health(HealthStore(client))
    history, top_articles = History(history_store), TopArticles(history_store)
    tick_store = TickStore(client, settings.key_prefix)
    notices = NoticeBook(
        NoticeStore(client, settings.key_prefix),
        sites,
        settings.secret,
        settings.webhook_hosts,
    )
    mailer = Mailer(settings.smtp_url, settings.mail_from)
    reports = ReportJob(
        tick_store, mailer, notices, sites, history, top_articles, settings.base_url
    )
    caller = Caller(settings.webhook_hosts)
    webhooks = WebhookJob(tick_store, caller, notices, sites, traffic, history, polls)
    alarm = RedisAlarm(
        caller, settings.alert_url, notices.signing_key("", OPERATOR), settings.data_dir
    )
    archives = Archives(ArchiveStore(client, settings.key_prefix), sites)
    legacy = Legacy(LegacyStore(client, settings.key_prefix), sites)
    upload_store = UploadStore(settings.data_dir)
    uploads = Uploads(upload_store, sites, legacy, archives, audit, _work_on_upload)
    jobs = (RetentionJob(tick_store, retention), reports, webhooks, UploadJob(uploads))
    return Services(
        settings=settings,
        clock=clock,
        meters=_meters(spool, replay),
        sites=sites,
        directory=directory,
        traffic=traffic,
        openings=Openings(traffic_store),
        voters=voters,
        minting=Minting(traffic_store),
        proofs=proofs,
        polls=polls,
        quarantine=quarantine,
        integrity=IntegrityReports(quarantine_store, polls, audit),
        ballots=Ballots(ballot_store, directory, proofs),
        ratings=ratings,
        rating_review=RatingReview(
            RatingReviewStore(client, settings.key_prefix), rating_store, ratings
        ),
        request_counts=RequestCounts(client, settings.key_prefix),
        health=health_service,
        spool=spool,
        replay=replay,
        audit=audit,
        backups=Backups(SnapshotStore(client)),
        retention=retention,
        ticks=Ticks(tick_store, jobs, health_service, alarm),
        notices=notices,
        reports=reports,
        webhooks=webhooks,
        archives=archives,
        accounts=accounts,
        second_factor=second_factor,
        sign_in=SignIn(
            settings.secret, accounts, second_factor, account_store, session_store, audit
        ),
        tokens=Tokens(TokenStore(client, settings.key_prefix), audit),
        history=history,
        glances=Glances(GlanceStore(client, settings.key_prefix), health_service, spool),
        top_articles=top_articles,
        legacy=legacy,
        uploads=uploads,
        install_checks=InstallChecks(
            InstallCheckStore(client, settings.key_prefix), settings.secret
        ),
        erasure=Erasure(sites, accounts, tick_store, upload_store, audit),
        close=partial(disconnect, client),
    )


def _work_on_upload(upload: str, held: int) -> None:
    processes.start_command(["work-on-upload", upload], held)


def _meters(spool: Spool, replay: Replay) -> Meters:
    meters = Meters()
    meters.watch(lambda: spool.kept, "spool_kept")
    meters.watch(lambda: replay.replayed, "spool_replayed")
    meters.watch(lambda: replay.dropped, "spool_dropped")
    return meters


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Flask:
    """Return the service as a WSGI application.

    Args:
        settings: default: read from the environment.
        clock: default: the machine's clock.
    """
    return _flask_app(create_services(settings or load_settings(), clock))


def create_asgi_app(settings: Settings | None = None, clock: Clock | None = None) -> AsgiApp:
    """Return the service as an ASGI application, whose views and votes share a connection.

    Arguments as for `create_app`.
    """
    services = create_services(settings or load_settings(), clock)
    return AsgiApp(_flask_app(services), _hot_paths(services))


def _hot_paths(services: Services) -> HotPaths:
    settings = services.settings
    prefix = settings.key_prefix
    connection = connect_loop(settings.redis_url, settings.redis_timeout)
    client = LoopClient(connection)
    keeper = ViewKeeper(services.spool, services.replay.wake)
    sites = SharedSites(services.directory, settings.redis_timeout)
    ballots, ratings = LoopBallots(client, prefix), LoopRatings(client, prefix)
    return HotPaths(
        services,
        sites,
        SharedViews(GroupCommit(connection, prefix, keeper)),
        SharedVotes(ballots, ratings, sites, services.proofs),
        limits.LoopLimit(LoopCountsStorage(client, prefix), settings.write_limit),
    )


def _flask_app(services: Services) -> Flask:
    if services.spool.path.exists():  # an earlier process may have kept views
        services.replay.wake()
    app = Flask("stats_service", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_MAX_BYTES
    app.request_class = RequestWithFiles
    app.extensions[EXTENSION] = services
    errors.register(app)
    metrics.measure(app)
    if services.settings.metrics_token and FOLDER_VARIABLE in os.environ:
        services.meters.share(Path(os.environ[FOLDER_VARIABLE]))
    app.register_blueprint(health.bp)
    app.register_blueprint(metrics.bp)
    for blueprint in api.blueprints:
        app.register_blueprint(blueprint, url_prefix=services.settings.path_prefix)
    embed.register(app, services.settings.path_prefix)
    app.register_blueprint(hosted.bp, url_prefix=services.settings.path_prefix)
    limits.protect(app, (*api.LIMITED, "hosted.cast_ballot"), services.settings.write_limit)
    admin.register(app, services.settings)
    app.session_interface = SessionsBesideTheApi(services.settings.path_prefix)
    public.register(app)
    if services.settings.demo:
        demo.register(app)
    return app

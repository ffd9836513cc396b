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
from stats_service.services.accounts.accounts import Accounts
from stats_service.services.accounts.audit import Audit
from stats_service.services.accounts.second_factor import SecondFactor
from stats_service.services.accounts.sign_in import SignIn
from stats_service.services.accounts.tokens import Tokens
from stats_service.services.container import Services
from stats_service.services.known_sites.install_checks import InstallChecks
from stats_service.services.known_sites.loop import SharedSites
from stats_service.services.known_sites.site_directory import SiteDirectory
from stats_service.services.notices.mail import Mailer
from stats_service.services.notices.notices import NoticeBook
from stats_service.services.notices.reports.job import ReportJob
from stats_service.services.notices.webhooks import Caller, WebhookJob
from stats_service.services.operations.alarm import NAME as OPERATOR
from stats_service.services.operations.alarm import RedisAlarm
from stats_service.services.operations.backups import Backups
from stats_service.services.operations.health import Health
from stats_service.services.operations.overview import Glances
from stats_service.services.operations.ticks import RetentionJob, Ticks, UploadJob
from stats_service.services.polls.polls import Polls
from stats_service.services.portability.archives import Archives
from stats_service.services.portability.legacy.imports import Legacy
from stats_service.services.portability.uploads import Uploads
from stats_service.services.ratings.ratings import ArticleRatings
from stats_service.services.ratings.review import RatingReview
from stats_service.services.sites.erasure import Erasure
from stats_service.services.sites.sites import Sites
from stats_service.services.traffic.history import History
from stats_service.services.traffic.loop import SharedViews
from stats_service.services.traffic.opening_balances import Openings
from stats_service.services.traffic.replay import Replay
from stats_service.services.traffic.retention import Retention
from stats_service.services.traffic.top_articles import TopArticles
from stats_service.services.traffic.traffic import Traffic
from stats_service.services.visitors.voters import Voters
from stats_service.services.voting.ballots import Ballots
from stats_service.services.voting.integrity import IntegrityReports
from stats_service.services.voting.loop import SharedVotes
from stats_service.services.voting.proofs import Proofs
from stats_service.services.voting.quarantine import Quarantine
from stats_service.services.voting.voter_tokens import Minting
from stats_service.store.accounts.accounts import AccountStore
from stats_service.store.accounts.audit import AuditStore
from stats_service.store.accounts.sessions import SessionStore
from stats_service.store.accounts.tokens import TokenStore
from stats_service.store.install_checks import InstallCheckStore
from stats_service.store.notices import NoticeStore
from stats_service.store.operations.health import HealthStore
from stats_service.store.operations.overview import GlanceStore
from stats_service.store.operations.snapshots import SnapshotStore
from stats_service.store.operations.ticks import TickStore
from stats_service.store.polls.ballots import BallotStore, LoopBallots
from stats_service.store.polls.polls import PollStore
from stats_service.store.polls.quarantine import QuarantineStore
from stats_service.store.portability.archive.store import ArchiveStore
from stats_service.store.portability.legacy import LegacyStore
from stats_service.store.portability.uploads import UploadStore
from stats_service.store.ratings.ratings import LoopRatings, RatingStore
from stats_service.store.ratings.review import RatingReviewStore
from stats_service.store.redis.client import connect, disconnect
from stats_service.store.redis.loop_client import LoopClient, connect_loop
from stats_service.store.redis.request_counts import LoopCountsStorage, RequestCounts
from stats_service.store.sites.copies import SiteCopies
from stats_service.store.sites.sites import SiteStore
from stats_service.store.traffic.group_commit import GroupCommit
from stats_service.store.traffic.history import HistoryStore
from stats_service.store.traffic.retention import RetentionStore
from stats_service.store.traffic.spool import Spool
from stats_service.store.traffic.spool_writer import ViewKeeper
from stats_service.store.traffic.traffic import TrafficStore
from stats_service.web import admin, api, demo, embed, hosted, public
from stats_service.web.http import errors, limits
from stats_service.web.http.bodies import BODY_MAX_BYTES
from stats_service.web.http.context import EXTENSION
from stats_service.web.http.sessions import SessionsBesideTheApi
from stats_service.web.http.uploads import RequestWithFiles
from stats_service.web.loop import HotPaths
from stats_service.web.operations import health, metrics
from stats_service.web.server.asgi import AsgiApp


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

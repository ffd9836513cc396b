"""The services of one installation in groups by noun, and how they are wired."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from stats_service import processes
from stats_service.clock import Clock, SystemClock
from stats_service.config import Settings
from stats_service.meters import Meters
from stats_service.services.accounts.accounts import Accounts
from stats_service.services.accounts.attempts import Attempts
from stats_service.services.accounts.audit import Audit
from stats_service.services.accounts.devices import Devices
from stats_service.services.accounts.password_rules import PasswordRules
from stats_service.services.accounts.second_factor import SecondFactor
from stats_service.services.accounts.sign_in import SignIn
from stats_service.services.accounts.sign_in_record import SignInRecord
from stats_service.services.accounts.tokens import Tokens
from stats_service.services.known_sites.install_checks import InstallChecks
from stats_service.services.known_sites.loop import LoopSites
from stats_service.services.known_sites.site_directory import SiteDirectory
from stats_service.services.notices.mail import Mailer
from stats_service.services.notices.notices import NoticeBook
from stats_service.services.notices.reports.job import ReportJob
from stats_service.services.notices.webhooks import Caller, WebhookJob
from stats_service.services.operations.alarm import NAME as OPERATOR
from stats_service.services.operations.alarm import RedisAlarm
from stats_service.services.operations.backups import Backups
from stats_service.services.operations.clock_watch import ClockWatch
from stats_service.services.operations.health import Health
from stats_service.services.operations.installation import Installation
from stats_service.services.operations.overview import Overview
from stats_service.services.operations.ticks import Ticks
from stats_service.services.operations.watch import Watch
from stats_service.services.polls.polls import Polls
from stats_service.services.portability.archives import Archives
from stats_service.services.portability.legacy.imports import Legacy
from stats_service.services.portability.uploads import UploadJob, Uploads
from stats_service.services.ratings.loop import LoopRatings
from stats_service.services.ratings.ratings import ArticleRatings
from stats_service.services.ratings.review import RatingReview
from stats_service.services.sites.erasure import Erasure
from stats_service.services.sites.sites import Sites
from stats_service.services.traffic.history import History
from stats_service.services.traffic.loop import LoopViews
from stats_service.services.traffic.opening_balances import OpeningBalances
from stats_service.services.traffic.records import Records
from stats_service.services.traffic.replay import Replay
from stats_service.services.traffic.retention import Retention, RetentionJob
from stats_service.services.traffic.top_articles import TopArticles
from stats_service.services.traffic.traffic import Traffic
from stats_service.services.visitors.voters import Voters
from stats_service.services.voting.ballots import Ballots
from stats_service.services.voting.integrity import IntegrityReports
from stats_service.services.voting.loop import LoopBallots
from stats_service.services.voting.proofs import Proofs
from stats_service.services.voting.public_polls import PublicPolls
from stats_service.services.voting.quarantine import Quarantine
from stats_service.services.voting.voter_tokens import VoterTokens
from stats_service.store.polls.ballots import LoopBallotStore
from stats_service.store.ratings.ratings import LoopRatingStore
from stats_service.store.redis.loop_client import LoopClient, connect_loop
from stats_service.store.redis.request_counts import LoopCountsStorage, RequestCounts
from stats_service.store.stores import Stores, open_stores
from stats_service.store.traffic.group_commit import GroupCommit
from stats_service.store.traffic.spool import Spool
from stats_service.store.traffic.spool_writer import SpoolWriter


@dataclass(frozen=True, slots=True)
class AccountServices:
    """Who administers, how they sign in, and what they did."""

    accounts: Accounts
    audit: Audit
    devices: Devices
    second_factor: SecondFactor
    sign_in: SignIn
    sign_in_record: SignInRecord
    tokens: Tokens


@dataclass(frozen=True, slots=True)
class SiteServices:
    """The tracked portals; `directory` has them as requests of readers need them."""

    directory: SiteDirectory
    erasure: Erasure
    install_checks: InstallChecks
    sites: Sites


@dataclass(frozen=True, slots=True)
class TrafficServices:
    """Page views, and the numbers that they make."""

    history: History
    opening_balances: OpeningBalances
    records: Records
    replay: Replay
    retention: Retention
    spool: Spool
    top_articles: TopArticles
    views: Traffic


@dataclass(frozen=True, slots=True)
class PollServices:
    """Polls, their voters and ballots."""

    ballots: Ballots
    integrity: IntegrityReports
    polls: Polls
    proofs: Proofs
    public: PublicPolls
    quarantine: Quarantine
    voter_tokens: VoterTokens
    voters: Voters


@dataclass(frozen=True, slots=True)
class RatingServices:
    """Ratings of articles."""

    ratings: ArticleRatings
    review: RatingReview


@dataclass(frozen=True, slots=True)
class NoticeServices:
    """What the service sends of itself."""

    notices: NoticeBook
    reports: ReportJob
    webhooks: WebhookJob


@dataclass(frozen=True, slots=True)
class PortabilityServices:
    """What comes in and goes out."""

    archives: Archives
    legacy: Legacy
    uploads: Uploads


@dataclass(frozen=True, slots=True)
class OperationServices:
    """What keeps the installation alive."""

    backups: Backups
    health: Health
    installation: Installation
    overview: Overview
    ticks: Ticks
    watch: Watch


@dataclass(frozen=True, slots=True)
class LoopServices:
    """What an event loop calls: page views, ballots and ratings over one connection."""

    clocks: ClockWatch
    counts: LoopCountsStorage
    sites: LoopSites
    ballots: LoopBallots
    ratings: LoopRatings
    views: LoopViews


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that web and the command line call."""

    settings: Settings
    clock: Clock
    meters: Meters
    request_counts: RequestCounts

    accounts: AccountServices
    notices: NoticeServices
    operations: OperationServices
    polls: PollServices
    portability: PortabilityServices
    ratings: RatingServices
    sites: SiteServices
    traffic: TrafficServices

    #: Close the connections to Redis; for programs that go on without the services.
    close: Callable[[], None]


def create_services(settings: Settings, clock: Clock | None = None) -> Services:
    """Open the stores of an installation and wire its services.

    Args:
        settings: of the installation.
        clock: default: the machine's clock.

    Raises:
        ConfigurationError: the settings name no Redis, or one that cannot be used.
    """
    return build_services(open_stores(settings), settings, clock or SystemClock())


def build_services(stores: Stores, settings: Settings, clock: Clock) -> Services:
    """Wire the services; nothing is asked of Redis."""
    audit = Audit(stores.audit)
    installation = Installation(
        stores.installation,
        stores.installation_file,
        stores.copies,
        audit,
        settings.secret,
        settings.data_dir,
        clock,
    )
    known = Sites(stores.sites)
    accounts = _account_services(stores, settings, known, audit)
    voters = Voters(settings.secret)
    sites = _site_services(stores, settings, known, accounts, voters, installation)
    polls = _poll_services(stores, settings, sites, voters, audit)
    meters = Meters()
    traffic = _traffic_services(stores, sites, clock, meters, installation)
    _watch(meters, traffic)
    notices = _notice_services(stores, settings, sites, traffic, polls)
    portability = _portability_services(stores, sites, audit)
    return Services(
        settings=settings,
        clock=clock,
        meters=meters,
        request_counts=stores.request_counts,
        accounts=accounts,
        notices=notices,
        operations=_operation_services(
            stores, settings, clock, installation, sites, traffic, notices, portability
        ),
        polls=polls,
        portability=portability,
        ratings=_rating_services(stores),
        sites=sites,
        traffic=traffic,
        close=stores.close,
    )


def open_loop(services: Services) -> LoopServices:
    """Return what an event loop calls; it connects when its views are started.

    Raises:
        ConfigurationError: the settings name no Redis, or one that cannot be used.
    """
    settings, traffic = services.settings, services.traffic
    prefix = settings.key_prefix
    meters = services.meters
    connection = connect_loop(settings.redis_url, settings.redis_timeout, meters)
    client = LoopClient(connection)
    spool_writer = SpoolWriter(traffic.spool, traffic.replay.wake, meters)
    clocks = ClockWatch(client, services.clock, meters)
    meters.watch(lambda: clocks.jumps, "clock_jumps")
    meters.watch(lambda: clocks.looks_apart, "clock_apart")
    sites = LoopSites(services.sites.directory, settings.redis_timeout)
    is_lost = services.operations.installation.is_lost
    return LoopServices(
        clocks=clocks,
        counts=LoopCountsStorage(client, prefix),
        sites=sites,
        views=LoopViews(GroupCommit(connection, prefix, spool_writer, meters, is_lost)),
        ballots=LoopBallots(LoopBallotStore(client, prefix), sites, services.polls.proofs),
        ratings=LoopRatings(LoopRatingStore(client, prefix)),
    )


def _account_services(
    stores: Stores, settings: Settings, sites: Sites, audit: Audit
) -> AccountServices:
    devices = Devices(stores.devices, stores.sessions, audit)
    issuer = urlsplit(settings.public_url).hostname or "stats_service"
    rules = PasswordRules(lambda: [issuer, *sites.public_names()])
    accounts = Accounts(stores.accounts, stores.sessions, devices, rules, audit)
    attempts = Attempts(settings.secret, stores.sessions)
    second_factor = SecondFactor(
        settings.secret, issuer, stores.accounts, stores.sessions, attempts, audit
    )
    record = SignInRecord(stores.refusals, audit, with_addresses=settings.log_addresses)
    return AccountServices(
        accounts=accounts,
        audit=audit,
        devices=devices,
        second_factor=second_factor,
        sign_in=SignIn(
            accounts,
            second_factor,
            devices,
            attempts,
            record,
            stores.accounts,
            stores.sessions,
            audit,
        ),
        sign_in_record=record,
        tokens=Tokens(stores.tokens, audit),
    )


def _site_services(
    stores: Stores,
    settings: Settings,
    sites: Sites,
    accounts: AccountServices,
    voters: Voters,
    installation: Installation,
) -> SiteServices:
    directory = SiteDirectory(
        stores.sites,
        stores.polls,
        voters,
        settings.secret,
        settings.site_cache_seconds,
        stores.copies,
        installation.is_lost,
    )
    erasure = Erasure(
        sites, accounts.accounts, stores.ticks, stores.uploads, stores.copies, accounts.audit
    )
    return SiteServices(
        directory, erasure, InstallChecks(stores.install_checks, settings.secret), sites
    )


def _poll_services(
    stores: Stores, settings: Settings, sites: SiteServices, voters: Voters, audit: Audit
) -> PollServices:
    polls, proofs = Polls(stores.polls, stores.ballots), Proofs(settings.secret)
    return PollServices(
        ballots=Ballots(stores.ballots, sites.directory, proofs),
        integrity=IntegrityReports(stores.quarantine, polls, audit),
        polls=polls,
        proofs=proofs,
        public=PublicPolls(stores.polls),
        quarantine=Quarantine(stores.quarantine),
        voter_tokens=VoterTokens(stores.traffic),
        voters=voters,
    )


def _rating_services(stores: Stores) -> RatingServices:
    ratings = ArticleRatings(stores.ratings)
    return RatingServices(ratings, RatingReview(stores.rating_review, stores.ratings, ratings))


def _traffic_services(
    stores: Stores, sites: SiteServices, clock: Clock, meters: Meters, installation: Installation
) -> TrafficServices:
    is_lost = installation.is_lost
    replay = Replay(stores.spool, stores.sites, stores.traffic, clock, meters, is_lost)
    return TrafficServices(
        history=History(stores.history),
        opening_balances=OpeningBalances(stores.traffic),
        records=Records(stores.traffic),
        replay=replay,
        retention=Retention(stores.retention, sites.sites),
        spool=stores.spool,
        top_articles=TopArticles(stores.history),
        views=Traffic(stores.traffic, stores.spool, replay.wake, is_lost),
    )


def _notice_services(
    stores: Stores,
    settings: Settings,
    sites: SiteServices,
    traffic: TrafficServices,
    polls: PollServices,
) -> NoticeServices:
    notices = NoticeBook(stores.notices, sites.sites, settings.secret, settings.webhook_hosts)
    reports = ReportJob(
        stores.ticks,
        Mailer(settings.smtp_url, settings.mail_from),
        notices,
        sites.sites,
        traffic.history,
        traffic.top_articles,
        settings.base_url,
    )
    webhooks = WebhookJob(
        stores.ticks,
        Caller(settings.webhook_hosts),
        notices,
        sites.sites,
        traffic.views,
        traffic.history,
        polls.polls,
    )
    return NoticeServices(notices, reports, webhooks)


def _portability_services(stores: Stores, sites: SiteServices, audit: Audit) -> PortabilityServices:
    archives = Archives(stores.archives, sites.sites)
    legacy = Legacy(stores.legacy, sites.sites)
    uploads = Uploads(stores.uploads, sites.sites, legacy, archives, audit, _work_on_upload)
    return PortabilityServices(archives, legacy, uploads)


def _operation_services(
    stores: Stores,
    settings: Settings,
    clock: Clock,
    installation: Installation,
    sites: SiteServices,
    traffic: TrafficServices,
    notices: NoticeServices,
    portability: PortabilityServices,
) -> OperationServices:
    health = Health(
        stores.health, installation, stores.ticks, stores.spool, clock, demo=settings.demo
    )
    alarm = RedisAlarm(
        Caller(settings.webhook_hosts),
        settings.alert_url,
        notices.notices.signing_key("", OPERATOR),
        settings.data_dir,
    )
    jobs = (
        RetentionJob(stores.ticks, traffic.retention),
        UploadJob(portability.uploads),
        sites.erasure,
        # What waits for other machines comes last: it delays nothing else.
        notices.webhooks,
        notices.reports,
    )
    return OperationServices(
        backups=Backups(stores.snapshots),
        health=health,
        installation=installation,
        overview=Overview(stores.overview, health, stores.spool),
        ticks=Ticks(stores.ticks, jobs, health, alarm),
        watch=Watch(health, installation, stores.sole_watcher),
    )


def _work_on_upload(upload: str, held: int) -> None:
    processes.start_command(["work-on-upload", upload], held)


def _watch(meters: Meters, traffic: TrafficServices) -> None:
    spool, replay = traffic.spool, traffic.replay
    meters.watch(lambda: spool.kept, "spool_kept")
    meters.watch(lambda: spool.refused, "spool_lost")
    meters.watch(lambda: replay.replayed, "spool_replayed")
    meters.watch(lambda: replay.dropped, "spool_dropped")
    meters.watch(lambda: replay.held, "spool_held")

"""The services of one installation in groups by noun, and how they are wired."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from stats_service import processes
from stats_service.clock import Clock, SystemClock
from stats_service.config import Settings
from stats_service.logs import LogHandler
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
from stats_service.services.clicks.clicks import Clicks
from stats_service.services.known_sites.install_checks import InstallChecks
from stats_service.services.known_sites.loop import LoopSites
from stats_service.services.known_sites.site_directory import SiteDirectory
from stats_service.services.loop import ServiceLoop
from stats_service.services.notices.mail import Mailer
from stats_service.services.notices.notices import NoticeBook
from stats_service.services.notices.reports.job import ReportJob
from stats_service.services.notices.reports.numbers import ReportReader
from stats_service.services.notices.webhooks import Caller, WebhookJob
from stats_service.services.operations.alarm import NAME as OPERATOR
from stats_service.services.operations.alarm import RedisAlarm
from stats_service.services.operations.backups import Backups
from stats_service.services.operations.clock_watch import ClockWatch
from stats_service.services.operations.health import Health
from stats_service.services.operations.installation import Installation
from stats_service.services.operations.layouts import Layouts
from stats_service.services.operations.overview import Overview
from stats_service.services.operations.picture_job import PictureJob
from stats_service.services.operations.ticks import Ticks
from stats_service.services.operations.watch import Watch
from stats_service.services.polls.kiosks import Kiosks
from stats_service.services.polls.pictures import Pictures
from stats_service.services.polls.polls import Polls
from stats_service.services.polls.removal import PollRemoval
from stats_service.services.portability.archives import Archives
from stats_service.services.portability.legacy.imports import Articles, Legacy
from stats_service.services.portability.uploads import UploadJob, Uploads
from stats_service.services.ratings.ratings import ArticleRatings
from stats_service.services.ratings.review import RatingReview
from stats_service.services.sites.emblems import Emblems
from stats_service.services.sites.erasure import Erasure
from stats_service.services.sites.sites import Sites
from stats_service.services.titles.article_pages import ArticlePages
from stats_service.services.titles.job import TitleJob
from stats_service.services.titles.lists import TopLists
from stats_service.services.traffic.annotations import AnnotationBook
from stats_service.services.traffic.article_changes import ArticleChanges
from stats_service.services.traffic.history import History
from stats_service.services.traffic.now import Now
from stats_service.services.traffic.opening_balances import OpeningBalances
from stats_service.services.traffic.parameters import ParameterJob, Parameters
from stats_service.services.traffic.readers import Readers
from stats_service.services.traffic.records import Records
from stats_service.services.traffic.retention import Retention, RetentionJob
from stats_service.services.traffic.titles import Titles
from stats_service.services.traffic.top_articles import TopArticles
from stats_service.services.traffic.traffic import Traffic
from stats_service.services.views.recorder import ViewRecorder
from stats_service.services.views.replay import Replay
from stats_service.services.visitors.countries import Countries
from stats_service.services.visitors.request_limits import RequestLimits
from stats_service.services.visitors.voters import Voters
from stats_service.services.voting.ballots import Ballots
from stats_service.services.voting.integrity import IntegrityReports
from stats_service.services.voting.kiosk_ballots import KioskBallots
from stats_service.services.voting.proofs import Proofs
from stats_service.services.voting.public_polls import PublicPolls
from stats_service.services.voting.quarantine import Quarantine
from stats_service.services.voting.voter_tokens import VoterTokens
from stats_service.store.operations.layout import Migration
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
    """The tracked portals; readers' requests look a site up in `directory`."""

    directory: SiteDirectory
    emblems: Emblems
    erasure: Erasure
    install_checks: InstallChecks
    #: The directory that coroutines use.
    in_loop: LoopSites
    sites: Sites


@dataclass(frozen=True, slots=True)
class TrafficServices:
    """Page views and the statistics counted from them."""

    annotations: AnnotationBook
    article_changes: ArticleChanges
    article_pages: ArticlePages
    clicks: Clicks
    history: History
    now: Now
    opening_balances: OpeningBalances
    parameters: Parameters
    readers: Readers
    recorder: ViewRecorder
    records: Records
    replay: Replay
    retention: Retention
    titles: Titles
    top_articles: TopArticles
    top_lists: TopLists
    views: Traffic


@dataclass(frozen=True, slots=True)
class PollServices:
    """Polls, their voters and ballots."""

    ballots: Ballots
    integrity: IntegrityReports
    kiosk_ballots: KioskBallots
    kiosks: Kiosks
    pictures: Pictures
    polls: Polls
    proofs: Proofs
    public: PublicPolls
    quarantine: Quarantine
    removal: PollRemoval
    voter_tokens: VoterTokens
    voters: Voters


@dataclass(frozen=True, slots=True)
class RatingServices:
    """Ratings of articles."""

    ratings: ArticleRatings
    review: RatingReview


@dataclass(frozen=True, slots=True)
class NoticeServices:
    """The messages that the service sends: notices, reports and webhooks."""

    notices: NoticeBook
    report_numbers: ReportReader
    reports: ReportJob
    webhooks: WebhookJob


@dataclass(frozen=True, slots=True)
class PortabilityServices:
    """Imports and exports."""

    archives: Archives
    legacy: Legacy
    uploads: Uploads


@dataclass(frozen=True, slots=True)
class OperationServices:
    """The upkeep of the installation."""

    backups: Backups
    clock_watch: ClockWatch
    health: Health
    installation: Installation
    layouts: Layouts
    overview: Overview
    ticks: Ticks
    watch: Watch


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that web and the command line call."""

    settings: Settings
    clock: Clock
    meters: Meters
    limits: RequestLimits
    #: Where coroutines run: page views, ballots and ratings.
    loop: ServiceLoop

    accounts: AccountServices
    notices: NoticeServices
    operations: OperationServices
    polls: PollServices
    portability: PortabilityServices
    ratings: RatingServices
    sites: SiteServices
    traffic: TrafficServices

    #: Closes the connections to Redis, for programs that keep running without the services.
    close: Callable[[], None]


def create_services(
    settings: Settings, clock: Clock | None = None, migrations: Sequence[Migration] | None = None
) -> Services:
    """Open the stores of an installation and wire its services.

    Args:
        settings: the installation's settings.
        clock: the machine's clock by default.
        migrations: those of this version by default; tests have others.

    Raises:
        ConfigurationError: the settings name no Redis, or one that cannot be used.
    """
    meters = Meters()
    stores = open_stores(settings, meters, migrations)
    return build_services(stores, settings, clock or SystemClock(), meters)


def build_services(stores: Stores, settings: Settings, clock: Clock, meters: Meters) -> Services:
    """Wire the services without a call to Redis."""
    audit = Audit(stores.audit)
    layouts = Layouts(stores.layout)
    installation = Installation(
        stores.installation,
        stores.installation_file,
        stores.copies,
        audit,
        layouts,
        settings.secret,
        settings.data_dir,
        clock,
    )
    known = Sites(stores.sites)
    accounts = _account_services(stores, settings, known, audit)
    voters = Voters(settings.secret)
    sites = _site_services(stores, settings, known, accounts, voters, installation)
    polls = _poll_services(stores, settings, sites, voters, audit)
    countries = Countries(settings.country_db)
    ratings = _rating_services(stores)
    traffic = _traffic_services(
        stores, settings, sites, polls, clock, meters, installation, countries, ratings
    )
    notices = _notice_services(stores, settings, sites, traffic, polls, ratings)
    titles = TitleJob(
        stores.titles,
        sites.sites,
        traffic.top_articles,
        ratings.ratings,
        stores.aliases,
        settings.title_hosts,
        is_on=settings.titles,
    )
    portability = _portability_services(stores, sites, audit, countries)
    operations = _operation_services(
        stores,
        settings,
        clock,
        meters,
        installation,
        layouts,
        sites,
        polls,
        traffic,
        notices,
        portability,
        titles,
    )
    _watch(meters, stores.spool, traffic.replay, operations.clock_watch)
    loop = ServiceLoop(sites.in_loop, traffic.recorder)

    def close() -> None:
        loop.close()
        stores.close()

    return Services(
        settings=settings,
        clock=clock,
        meters=meters,
        limits=RequestLimits(stores.request_counts, settings.write_limit),
        loop=loop,
        accounts=accounts,
        notices=notices,
        operations=operations,
        polls=polls,
        portability=portability,
        ratings=ratings,
        sites=sites,
        traffic=traffic,
        close=close,
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
        stores.aliases,
        voters,
        settings.secret,
        settings.site_cache_seconds,
        stores.copies,
        installation.is_lost,
        installation.is_foreign,
    )
    erasure = Erasure(
        sites, accounts.accounts, stores.ticks, stores.uploads, stores.copies, accounts.audit
    )
    return SiteServices(
        directory=directory,
        emblems=Emblems(stores.pictures, sites),
        erasure=erasure,
        install_checks=InstallChecks(stores.install_checks, settings.secret),
        in_loop=LoopSites(directory, settings.redis_timeout),
        sites=sites,
    )


def _poll_services(
    stores: Stores, settings: Settings, sites: SiteServices, voters: Voters, audit: Audit
) -> PollServices:
    polls, proofs = Polls(stores.polls, stores.ballots), Proofs(settings.secret)
    ballots = Ballots(stores.ballots, sites.in_loop, proofs)
    kiosks = Kiosks(stores.kiosks, settings.secret)
    return PollServices(
        ballots=ballots,
        integrity=IntegrityReports(stores.quarantine, polls, stores.kiosks, audit),
        kiosk_ballots=KioskBallots(stores.kiosks, stores.ballots, sites.in_loop, kiosks, ballots),
        kiosks=kiosks,
        pictures=Pictures(stores.pictures, polls),
        polls=polls,
        proofs=proofs,
        public=PublicPolls(stores.polls),
        quarantine=Quarantine(stores.quarantine),
        removal=PollRemoval(stores.removed_polls, stores.polls, stores.ballots),
        voter_tokens=VoterTokens(stores.traffic),
        voters=voters,
    )


def _rating_services(stores: Stores) -> RatingServices:
    ratings = ArticleRatings(stores.ratings, stores.aliases)
    return RatingServices(ratings, RatingReview(stores.rating_review, stores.ratings, ratings))


def _traffic_services(
    stores: Stores,
    settings: Settings,
    sites: SiteServices,
    polls: PollServices,
    clock: Clock,
    meters: Meters,
    installation: Installation,
    countries: Countries,
    ratings: RatingServices,
) -> TrafficServices:
    is_lost = installation.is_lost
    replay = Replay(
        stores.spool,
        stores.sites,
        stores.traffic,
        clock,
        meters,
        is_lost,
        installation.is_emptied,
        stores.installation.came_from,
    )
    spool_writer = SpoolWriter(stores.spool, replay.wake, meters)
    commit = GroupCommit(
        stores.connection, settings.key_prefix, spool_writer, meters, is_lost, stores.now_writer
    )
    history, titles = History(stores.history), Titles(stores.titles)
    top_articles = TopArticles(stores.history, stores.aliases, titles)
    return TrafficServices(
        history=history,
        annotations=AnnotationBook(stores.annotations, polls.polls),
        article_changes=ArticleChanges(stores.article_changes),
        article_pages=ArticlePages(
            stores.article_changes, stores.history, stores.readers, stores.aliases, top_articles
        ),
        clicks=Clicks(stores.clicks, replay.lose),
        now=Now(stores.now, stores.now_writer, stores.aliases),
        opening_balances=OpeningBalances(stores.traffic, stores.aliases),
        parameters=Parameters(stores.parameters, stores.history, sites.sites),
        readers=Readers(stores.readers, stores.aliases, history),
        recorder=ViewRecorder(commit, countries),
        records=Records(stores.traffic),
        replay=replay,
        retention=Retention(stores.retention, stores.readers, sites.sites),
        titles=titles,
        top_articles=top_articles,
        top_lists=TopLists(top_articles, ratings.ratings, titles),
        views=Traffic(stores.traffic, stores.aliases, is_lost),
    )


def _notice_services(
    stores: Stores,
    settings: Settings,
    sites: SiteServices,
    traffic: TrafficServices,
    polls: PollServices,
    ratings: RatingServices,
) -> NoticeServices:
    numbers = ReportReader(
        traffic.history,
        traffic.top_articles,
        traffic.readers,
        polls.polls,
        ratings.ratings,
        ratings.review,
        traffic.annotations,
        traffic.titles,
        traffic.clicks,
    )
    notices = NoticeBook(stores.notices, sites.sites, settings.secret, settings.webhook_hosts)
    reports = ReportJob(
        stores.ticks,
        Mailer(settings.smtp_url, settings.mail_from),
        notices,
        sites.sites,
        sites.emblems,
        numbers,
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
    return NoticeServices(notices, numbers, reports, webhooks)


def _portability_services(
    stores: Stores, sites: SiteServices, audit: Audit, countries: Countries
) -> PortabilityServices:
    archives = Archives(stores.archives, sites.sites)
    articles = Articles(stores.aliases, stores.article_changes)
    legacy = Legacy(stores.legacy, stores.readers, articles, sites.sites, countries)
    uploads = Uploads(stores.uploads, sites.sites, legacy, archives, audit, _work_on_upload)
    return PortabilityServices(archives, legacy, uploads)


def _operation_services(
    stores: Stores,
    settings: Settings,
    clock: Clock,
    meters: Meters,
    installation: Installation,
    layouts: Layouts,
    sites: SiteServices,
    polls: PollServices,
    traffic: TrafficServices,
    notices: NoticeServices,
    portability: PortabilityServices,
    titles: TitleJob,
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
        ParameterJob(stores.ticks, traffic.parameters),
        PictureJob(stores.ticks, polls.pictures, sites.sites),
        UploadJob(portability.uploads),
        sites.erasure,
        # Jobs that wait for other machines come last, so that they delay no other job.
        notices.webhooks,
        notices.reports,
        titles,
    )
    overview = Overview(stores.overview, health, stores.spool)
    return OperationServices(
        backups=Backups(stores.snapshots),
        clock_watch=ClockWatch(stores.loop, clock, meters),
        health=health,
        installation=installation,
        layouts=layouts,
        overview=overview,
        ticks=Ticks(stores.ticks, jobs, health, alarm),
        watch=Watch(health, installation, overview, sites.sites, clock, stores.sole_watcher),
    )


def _work_on_upload(upload: str, held: int) -> None:
    processes.start_command(["work-on-upload", upload], held)


def _watch(meters: Meters, spool: Spool, replay: Replay, clocks: ClockWatch) -> None:
    meters.watch(lambda: clocks.jumps, "clock_jumps")
    meters.watch(lambda: clocks.looks_apart, "clock_apart")
    meters.watch(lambda: LogHandler.lost, "log_lost")
    meters.watch(lambda: spool.kept, "spool_kept")
    meters.watch(lambda: spool.refused, "spool_lost")
    meters.watch(lambda: replay.replayed, "spool_replayed")
    meters.watch(lambda: replay.dropped, "spool_dropped")
    meters.watch(lambda: replay.held, "spool_held")

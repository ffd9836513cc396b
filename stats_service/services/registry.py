"""The services of one installation, as `app.create_services` wires them."""

from collections.abc import Callable
from dataclasses import dataclass

from stats_service.clock import Clock
from stats_service.config import Settings
from stats_service.meters import Meters
from stats_service.services.accounts import Accounts
from stats_service.services.archives import Archives
from stats_service.services.audit import Audit
from stats_service.services.backups import Backups
from stats_service.services.ballots import Ballots
from stats_service.services.devices import Devices
from stats_service.services.erasure import Erasure
from stats_service.services.glances import Glances
from stats_service.services.health import Health
from stats_service.services.history import History
from stats_service.services.install_checks import InstallChecks
from stats_service.services.integrity import IntegrityReports
from stats_service.services.legacy.imports import Legacy
from stats_service.services.minting import Minting
from stats_service.services.notices import NoticeBook
from stats_service.services.openings import Openings
from stats_service.services.polls import Polls
from stats_service.services.proofs import Proofs
from stats_service.services.quarantine import Quarantine
from stats_service.services.rating_review import RatingReview
from stats_service.services.ratings import ArticleRatings
from stats_service.services.replay import Replay
from stats_service.services.reports.job import ReportJob
from stats_service.services.retention import Retention
from stats_service.services.second_factor import SecondFactor
from stats_service.services.sign_in import SignIn
from stats_service.services.sign_in_record import SignInRecord
from stats_service.services.site_directory import SiteDirectory
from stats_service.services.sites import Sites
from stats_service.services.ticks import Ticks
from stats_service.services.tokens import Tokens
from stats_service.services.top_articles import TopArticles
from stats_service.services.traffic import Traffic
from stats_service.services.uploads import Uploads
from stats_service.services.voters import Voters
from stats_service.services.webhooks import WebhookJob
from stats_service.store.limits import RequestCounts
from stats_service.store.spool import Spool


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that web and the command line call."""

    settings: Settings
    clock: Clock
    meters: Meters
    sites: Sites
    directory: SiteDirectory
    traffic: Traffic
    openings: Openings
    voters: Voters
    minting: Minting
    proofs: Proofs
    polls: Polls
    ballots: Ballots
    quarantine: Quarantine
    integrity: IntegrityReports
    ratings: ArticleRatings
    rating_review: RatingReview
    request_counts: RequestCounts
    health: Health
    spool: Spool
    replay: Replay
    audit: Audit
    archives: Archives
    retention: Retention
    ticks: Ticks
    notices: NoticeBook
    reports: ReportJob
    webhooks: WebhookJob
    backups: Backups
    accounts: Accounts
    second_factor: SecondFactor
    devices: Devices
    sign_in: SignIn
    sign_in_record: SignInRecord
    tokens: Tokens
    history: History
    glances: Glances
    top_articles: TopArticles
    legacy: Legacy
    uploads: Uploads
    install_checks: InstallChecks
    erasure: Erasure
    #: Close the connections to Redis; for programs that go on without the services.
    close: Callable[[], None]

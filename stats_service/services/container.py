"""The services of one installation, as `app.create_services` wires them."""

from collections.abc import Callable
from dataclasses import dataclass

from stats_service.clock import Clock
from stats_service.config import Settings
from stats_service.meters import Meters
from stats_service.services.accounts.accounts import Accounts
from stats_service.services.accounts.audit import Audit
from stats_service.services.accounts.second_factor import SecondFactor
from stats_service.services.accounts.sign_in import SignIn
from stats_service.services.accounts.tokens import Tokens
from stats_service.services.known_sites.install_checks import InstallChecks
from stats_service.services.known_sites.site_directory import SiteDirectory
from stats_service.services.notices.notices import NoticeBook
from stats_service.services.notices.reports.job import ReportJob
from stats_service.services.notices.webhooks import WebhookJob
from stats_service.services.operations.backups import Backups
from stats_service.services.operations.health import Health
from stats_service.services.operations.overview import Glances
from stats_service.services.operations.ticks import Ticks
from stats_service.services.polls.polls import Polls
from stats_service.services.portability.archives import Archives
from stats_service.services.portability.legacy.imports import Legacy
from stats_service.services.portability.uploads import Uploads
from stats_service.services.ratings.ratings import ArticleRatings
from stats_service.services.ratings.review import RatingReview
from stats_service.services.sites.erasure import Erasure
from stats_service.services.sites.sites import Sites
from stats_service.services.traffic.history import History
from stats_service.services.traffic.opening_balances import Openings
from stats_service.services.traffic.replay import Replay
from stats_service.services.traffic.retention import Retention
from stats_service.services.traffic.top_articles import TopArticles
from stats_service.services.traffic.traffic import Traffic
from stats_service.services.visitors.voters import Voters
from stats_service.services.voting.ballots import Ballots
from stats_service.services.voting.integrity import IntegrityReports
from stats_service.services.voting.proofs import Proofs
from stats_service.services.voting.quarantine import Quarantine
from stats_service.services.voting.voter_tokens import Minting
from stats_service.store.redis.request_counts import RequestCounts
from stats_service.store.traffic.spool import Spool


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
    sign_in: SignIn
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

"""The stores of one installation, over one client: opened here, used by the services."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from stats_service.config import Settings
from stats_service.meters import Meters
from stats_service.store.accounts.accounts import AccountStore
from stats_service.store.accounts.audit import AuditStore
from stats_service.store.accounts.devices import DeviceStore
from stats_service.store.accounts.refusals import RefusalStore
from stats_service.store.accounts.sessions import SessionStore
from stats_service.store.accounts.tokens import TokenStore
from stats_service.store.clicks.clicks import ClickStore
from stats_service.store.install_checks import InstallCheckStore
from stats_service.store.notices import NoticeStore
from stats_service.store.operations.health import HealthStore
from stats_service.store.operations.installation import (
    InstallationFile,
    InstallationStore,
    SoleWatcher,
)
from stats_service.store.operations.layout import LayoutStore, Migration
from stats_service.store.operations.overview import OverviewStore
from stats_service.store.operations.snapshots import SnapshotStore
from stats_service.store.operations.ticks import TickStore
from stats_service.store.polls.ballots import BallotStore
from stats_service.store.polls.kiosks import KioskStore
from stats_service.store.polls.pictures import PictureStore
from stats_service.store.polls.polls import PollStore
from stats_service.store.polls.quarantine import QuarantineStore
from stats_service.store.polls.removed import RemovedPollStore
from stats_service.store.portability.archive.store import ArchiveStore
from stats_service.store.portability.legacy import LegacyStore
from stats_service.store.portability.uploads import UploadStore
from stats_service.store.ratings.ratings import RatingStore
from stats_service.store.ratings.review import RatingReviewStore
from stats_service.store.redis.client import connect, disconnect
from stats_service.store.redis.loop_client import LoopClient, connect_loop
from stats_service.store.redis.pipeline import LoopConnection
from stats_service.store.redis.request_counts import RequestCounts
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.sites.copies import SiteCopies
from stats_service.store.sites.sites import SiteStore
from stats_service.store.traffic.annotations import AnnotationStore
from stats_service.store.traffic.article_changes import ArticleChangeStore
from stats_service.store.traffic.history import HistoryStore
from stats_service.store.traffic.now import NowStore, NowWriter
from stats_service.store.traffic.parameters import ParameterStore
from stats_service.store.traffic.readers import ReadersStore
from stats_service.store.traffic.retention import RetentionStore
from stats_service.store.traffic.spool import Spool, place_of
from stats_service.store.traffic.titles import TitleStore
from stats_service.store.traffic.traffic import TrafficStore


@dataclass(frozen=True, slots=True)
class Stores:
    """Everything that the services ask."""

    accounts: AccountStore
    aliases: AliasStore
    annotations: AnnotationStore
    archives: ArchiveStore
    article_changes: ArticleChangeStore
    audit: AuditStore
    ballots: BallotStore
    #: Of coroutines, to Redis; whoever has the event loop starts and stops it.
    connection: LoopConnection
    copies: SiteCopies
    devices: DeviceStore
    health: HealthStore
    history: HistoryStore
    install_checks: InstallCheckStore
    installation: InstallationStore
    installation_file: InstallationFile
    kiosks: KioskStore
    layout: LayoutStore
    legacy: LegacyStore
    loop: LoopClient
    notices: NoticeStore
    now: NowStore
    now_writer: NowWriter
    overview: OverviewStore
    parameters: ParameterStore
    pictures: PictureStore
    polls: PollStore
    quarantine: QuarantineStore
    clicks: ClickStore
    rating_review: RatingReviewStore
    ratings: RatingStore
    refusals: RefusalStore
    removed_polls: RemovedPollStore
    request_counts: RequestCounts
    readers: ReadersStore
    retention: RetentionStore
    sessions: SessionStore
    sites: SiteStore
    snapshots: SnapshotStore
    sole_watcher: SoleWatcher
    spool: Spool
    ticks: TickStore
    titles: TitleStore
    tokens: TokenStore
    traffic: TrafficStore
    uploads: UploadStore
    #: Close the connections to Redis, that of coroutines apart.
    close: Callable[[], None]


def open_stores(
    settings: Settings, meters: Meters, migrations: Sequence[Migration] | None = None
) -> Stores:
    """Open the stores; Redis is first asked when one of them is used.

    Args:
        settings: of the installation.
        meters: where faults are counted that nobody foresaw.
        migrations: of the data's layout; see `LayoutStore`.

    Raises:
        ConfigurationError: the settings name no Redis, or one that cannot be used.
    """
    client = connect(settings.redis_url, settings.redis_timeout)
    connection = connect_loop(settings.redis_url, settings.redis_timeout, meters)
    loop = LoopClient(connection)
    prefix, folder = settings.key_prefix, settings.data_dir
    place = place_of(settings.redis_url, prefix, folder)
    return Stores(
        accounts=AccountStore(client, prefix),
        aliases=AliasStore(client, prefix),
        annotations=AnnotationStore(client, prefix),
        archives=ArchiveStore(client, prefix),
        article_changes=ArticleChangeStore(client, prefix),
        audit=AuditStore(client, prefix),
        ballots=BallotStore(client, loop, prefix),
        connection=connection,
        copies=SiteCopies(folder),
        devices=DeviceStore(client, prefix),
        health=HealthStore(client),
        history=HistoryStore(client, prefix),
        install_checks=InstallCheckStore(client, prefix),
        installation=InstallationStore(client, prefix),
        installation_file=InstallationFile(folder, prefix),
        kiosks=KioskStore(client, loop, prefix),
        layout=LayoutStore(client, prefix, migrations),
        legacy=LegacyStore(client, prefix),
        loop=loop,
        notices=NoticeStore(client, prefix),
        now=NowStore(client, prefix),
        now_writer=NowWriter(loop, prefix),
        overview=OverviewStore(client, prefix),
        parameters=ParameterStore(client, prefix),
        pictures=PictureStore(client, prefix),
        polls=PollStore(client, prefix),
        quarantine=QuarantineStore(client, prefix),
        clicks=ClickStore(client, loop, prefix),
        rating_review=RatingReviewStore(client, prefix),
        ratings=RatingStore(client, loop, prefix),
        refusals=RefusalStore(client, prefix),
        removed_polls=RemovedPollStore(client, prefix),
        request_counts=RequestCounts(loop, prefix),
        readers=ReadersStore(client, prefix),
        retention=RetentionStore(client, prefix),
        sessions=SessionStore(client, prefix),
        sites=SiteStore(client, prefix),
        snapshots=SnapshotStore(client),
        sole_watcher=SoleWatcher(folder),
        spool=Spool(folder, settings.spool_megabytes * 10**6, place),
        ticks=TickStore(client, prefix),
        titles=TitleStore(client, prefix),
        tokens=TokenStore(client, prefix),
        traffic=TrafficStore(client, prefix),
        uploads=UploadStore(folder),
        close=partial(disconnect, client),
    )

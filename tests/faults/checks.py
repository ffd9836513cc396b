"""The checks: what is done, what is expected, and which other tests show them.

A test shows a check by `@pytest.mark.check("T38")` here, or by its node id in `ELSEWHERE`, where
a file or a class stands for all its tests. A check is shown if at least one such test ran and
all that ran passed.
"""

from typing import NamedTuple


class Check(NamedTuple):
    """One promise."""

    done: str
    expected: str


CHECKS: dict[str, Check] = {
    "T1": Check("schemathesis, all checks, 10,000 cases", "no 5xx, no breach of the schema"),
    "T2": Check("hypothesis: ids, Unicode, NUL, {}, %2e", "4xx or the same key; no stray key"),
    "T3": Check(
        "atheris on the URL, body and X-Forwarded-For parsers", "no crash; < 50 ms an input"
    ),
    "T4": Check("NaN, 1e400, 2^63, -1, '5', arrays as a rating", "4xx, the tally unchanged"),
    "T5": Check("single-choice poll: ten, duplicate, foreign choices", "4xx, +0"),
    "T6": Check("XSS corpus in every input", "nothing stored or shown raw; no script runs"),
    "T7": Check("//evil.com, javascript:, CRLF in every input", "comes out nowhere as a link"),
    "T8": Check("1 MB body, gzip bomb, JSON 100,000 deep", "413/400 within 100 ms; RSS +< 10 MB"),
    "T9": Check("TE+CL, two Hosts, bare LF, obs-fold", "400 and the connection closed"),
    "T10": Check("every route as anonymous, viewer, admin, other site", "as the table, all"),
    "T11": Check("admin POST without or with a foreign CSRF token or Origin", "refused"),
    "T12": Check("1,000 wrong passwords", "throttled to 10 a minute; equal timing"),
    "T13": Check("session fixation, replay after sign-out, new password", "old session dead"),
    "T14": Check("next=//evil", "a local path"),
    "T15": Check("forged Host and X-Forwarded-Host", "refused or ignored; never echoed"),
    "T16": Check("dump of Redis", "tokens and passwords only as digests"),
    "T17": Check("Origin null and look-alikes", "no CORS header; nothing counted"),
    "T18": Check("CORS of any answer", "never with credentials; Vary: Origin"),
    "T19": Check("headers of admin pages", "CSP, nosniff, no framing, no-store"),
    "T20": Check("the snippet under script-src and SRI", "works; bytes fixed by version"),
    "T21": Check("a shared cache between two users", "no data or cookie of the other"),
    "T22": Check("1,000 simultaneous identical votes, two hosts", "exactly 1"),
    "T23": Check("the same over one HTTP/2 packet", "exactly 1"),
    "T24": Check("10,000 voters at once", "10,000 votes, none refused"),
    "T25": Check("sum of the tally = size of the voter set, after faults", "always"),
    "T26": Check("vote at the closing second; wrong clock of the client", "the server decides"),
    "T27": Check("replayed proof or token: other poll, other site, expired", "refused"),
    "T28": Check("500 honest voters behind one IPv4 address", ">= 99 % accepted"),
    "T29": Check("one client with 10,000 fresh tokens", "the limit counted, the rest set aside"),
    "T30": Check("rotating IPv6 in a /64 and /48", "one bucket a level"),
    "T31": Check("one hit id ten times; reply lost after execution", "+1"),
    "T32": Check("12 spoofed address headers, direct and proxied", "identity unchanged"),
    "T33": Check("every crawler pattern; Sec-Purpose: prefetch", "0 counted"),
    "T34": Check("one address with 10,000 user agents", "online +<= the cap of an address"),
    "T35": Check("a million invented articles, a million sites", "0 keys; cap holds; +< 50 MB"),
    "T36": Check("a million different visitors", "within 2 %"),
    "T37": Check("Redis killed under load", "<= 1 s of views lost, 0 doubled, back in < 5 s"),
    "T38": Check("Redis stopped (SIGSTOP) 30 s under load", "every answer < 0.5 s; workers live"),
    "T39": Check("Redis away 10 minutes under load", "no view lost or doubled; votes 503"),
    "T40": Check("maxmemory with noeviction", "writes 503 or kept aside; reads work; alarm"),
    "T41": Check("Redis becomes a read-only replica", "reconnected < 5 s; no stuck worker"),
    "T42": Check("Sentinel failover, then a partition", "loss <= the window; invariants hold"),
    "T43": Check("cluster: slot migration and failover under load", "0 errors; no CROSSSLOT"),
    "T44": Check("disk full under the append-only file", "writes refused visibly; recovers"),
    "T45": Check("truncated AOF; RDB restored elsewhere", "boots; RPO <= 1 h, RTO <= 15 min"),
    "T46": Check("worker kill -9, 20 times under load", "<= 1 failure a slot; 0 doubles"),
    "T47": Check("HUP 20 times, rolling restart, TERM, behind nginx", "0 failures; 0 doubles"),
    "T48": Check("retry storm after an outage", "breaker opens; <= 1.1 attempts a request"),
    "T49": Check("readiness and liveness with Redis away", "503 and 200; no restart"),
    "T50": Check("midnight in several zones; clock steps of 5 minutes", "each hit in one day"),
    "T51": Check("slowloris with 5,000 sockets", "honest p99 < 2 x baseline"),
    "T52": Check("10,000 idle keep-alive connections", "0 refused; bounded descriptors"),
    "T53": Check("one site flooded", "p99 of another +< 20 %"),
    "T54": Check("scan of Redis, AOF, logs, spool after 48 h", "no address, user agent or salt"),
    "T55": Check("erase a site or a voter", "gone from Redis and, once rewritten, its files"),
    "T56": Check("line ends, ANSI, 10 KB in logged fields", "one JSON line, cut"),
    "T57": Check("canary secrets, forced 500s", "in no log and no page"),
    "T58": Check("pip-audit; offline install by hash; SBOM", "0 known; tampered wheel refused"),
    "T59": Check("unprivileged, read-only tree", "works; writes only its data folder"),
    "T60": Check("the service's own Redis user: CONFIG, KEYS, foreign keys", "NOPERM; all works"),
    "T61": Check("a site erased ten times under traffic, added again", "no key left; begins at 0"),
    "T62": Check("an archive confirmed after the site came; two confirm", "refused; restored once"),
    "T63": Check("an import of 3 million names of 1,000 bytes", "disk +<= 2.2 GB, none left"),
    "T64": Check(
        "one bad value among good ones, on every path", "it fails alone; the rest goes on"
    ),
    "T65": Check("clock 7 h ahead or behind for a second", "online and its record right at once"),
    "T66": Check(
        "spool: disk full, no database, two Redis, read-only", "each promise kept; each state said"
    ),
    "T71": Check("each state in which numbers stop", "shows in every place that its row names"),
    "T72": Check("two instances with two secrets on one Redis", "the second is refused"),
    "T73": Check("Redis emptied under load", "noticed < 5 s; views kept; counted once restored"),
    "T74": Check("invented names of 1,000 bytes for seven days", "+< 60 MB; a real article counts"),
    "T75": Check("a school behind one IPv4, phones of a /48", "no visit lost; floods are bounded"),
    "T76": Check("names like encoded words, line ends, quotes, in mail", "no header but ours"),
    "T77": Check("forged Host, //evil, TLS proxy, on every redirect", "a path here, or 400"),
    "T78": Check("20 webhooks that never answer, another site's that does", "told; pause grows"),
    "T67": Check(
        "guesses from one network and from everywhere at once", "the owner signs in meanwhile"
    ),
    "T68": Check(
        "a flood of refused sign-ins, invented names", "a sum an hour; few lines, no address"
    ),
    "T69": Check(
        "300 honest votes, then 600 of one IPv4 in seconds and 2,000 of one /48",
        "at most a fifth of the poll each counts, the rest held; alarm and report say so",
    ),
    "T90": Check("2 to 50 choices in three windows, every action", "what is said is in the window"),
    "T91": Check("a page with polls and stars read, results, closed polls", "nothing is stored"),
    "T92": Check(
        "a crowd beyond its ceiling rates, changes, takes back, while it is decided about",
        "ratings, held and taken out ones are as many as raters",
    ),
    "T93": Check("two framed polls at once; frames in each sandbox", "both count; told if not"),
    "T70": Check("an office of 600 behind one IPv4, at once and over an hour", "all counted"),
    "T79": Check(
        "a site erased and added again under traffic, with two workers",
        "every view counts that is sent once it is there",
    ),
    "T80": Check(
        "Redis emptied and taken by another installation", "each says what it is; views kept"
    ),
    "T81": Check(
        "a known device signs in while strangers guess from everywhere",
        "their passwords and requests go behind its own",
    ),
    "T82": Check(
        "webhooks to this machine and inner networks, in every spelling", "refused when added"
    ),
    "T83": Check(
        "CF-Connecting-IP and its like, Forwarded, from a named proxy and from others",
        "readers told apart behind the proxy; nobody invents one past it",
    ),
    "T84": Check("ballots and ratings on a site that Redis has lost", "503, taken once it is back"),
    "T85": Check(
        "2 ballots each of a /24's addresses, or of 100 /48 of a /32, against 60",
        "held, never sound",
    ),
    "T86": Check("votes while a poll is reset and deleted", "each once, where it belongs"),
    "T87": Check("a crowd in a poll of one vote a day, over midnight, with retries", "exact"),
    "T94": Check(
        "an application: /a/ to /a, campaign parameters, album forth and back, Turbo, hash routes",
        "one view an article, as the service reads the address",
    ),
    "T95": Check(
        "the same widget in each item of a list; a star on the third",
        "each item's own article; the check warns of items that name none",
    ),
    "T96": Check(
        "a log in overlapping files, in any order; imports killed at random moments",
        "the numbers of the whole, once",
    ),
    "T97": Check("an import taken out, killed at random moments", "every number as before it"),
    "T98": Check(
        "sixteen save the same at once, from one revision", "one wins; the others see both versions"
    ),
    "T99": Check(
        "articles merged, taken back and merged again while they are read",
        "no view lost or made, of the site or of a day; old keys count for the other",
    ),
    "T100": Check(
        "400 of one address, /24 or /48 in a poll's or a day's first minute, among 60 others",
        "at most half of that minute counts, the rest is held",
    ),
    "T102": Check(
        "the clock an hour and a day ahead and behind, under load, with two workers",
        "each view counted once, a ballot for each voter, each jump in the log",
    ),
    "T103": Check(
        "no room on the disk of a backup, an export, an import, the log, the terminal's output",
        "said in one line with an exit code; nothing half is left; the service goes on",
    ),
    "T104": Check(
        "ratings, changes, withdrawals, releases, rejections, decisions in any order",
        "every number as a naive model has it, after each step",
    ),
    "T101": Check(
        "a poll whose ballots came from one /24, two an address",
        "page, API and command line name the same networks, and none says that there was none",
    ),
    "T105": Check(
        "two kiosks, every ballot tapped several times at once, workers killed meanwhile",
        "a ballot for each voter, none twice, none within the pause; the report's sums agree",
    ),
    "T106": Check(
        "strangers with spent, made-up and foreign links, tokens, pages; revoked devices",
        "nobody enrols or votes",
    ),
    "T107": Check(
        "pictures: bombs, SVG, broken files, EXIF, files behind files, bodies without end",
        "refused before they take memory, or a small JPEG of our own; swept with the last poll",
    ),
    "T108": Check(
        "`move` to a cluster while readers load pages, vote, rate and open documents",
        "every acknowledged view, ballot, rating and click is on the new server",
    ),
    "T109": Check(
        "`move` killed again and again, to a server, Sentinels, a cluster, the embedded one",
        "repeated, it ends; every key with its value and its end is there",
    ),
    "T110": Check(
        "canaries in referrer, user agent, address, campaign, language: Redis, its files, spool, "
        "logs, archive",
        "0 found, at once",
    ),
    "T111": Check("invented sources, campaigns, entry articles", "bounded, sums exact, told"),
    "T112": Check(
        "a naive model of what visits tell, three time zones, Redis away in between",
        "every dimension and day equal",
    ),
    "T115": Check(
        "double clicks and retries on one document at the same moment",
        "one for each reader and visit, as a naive model counts",
    ),
    "T116": Check("invented names of documents, hosts, actions", "bounded, sums exact, told"),
    "T119": Check(
        "a naive model of clicks, three zones, double clicks, retries, Redis away in between",
        "every kind, name and day equal; each click that Redis did not take is told",
    ),
    "T120": Check(
        "canaries in hit id, user agent, address, referrer, query of clicks: Redis, its files, "
        "logs, archive; while Redis is away too",
        "0 found, at once",
    ),
    "T113": Check(
        "a portal whose titles are read: slow, endless, broken markup, inside, redirecting away",
        "bounded in time, bytes and calls; nothing inside is called",
    ),
    "T114": Check(
        "pages that are not there (404, soft 404, front page), feeds with entities, odd encodings",
        "name no article; titles are plain text of at most 200 characters",
    ),
    "T117": Check(
        "exports that tell of visits, days and months, killed coming in and going out",
        "every dimension, day and month as an independent count has it; nothing is left",
    ),
    "T118": Check(
        "two proxies in a row, STATS_TRUSTED_PROXIES one too few under load, then right",
        "no view lost; said with the setting's name; then every reader visits",
    ),
    "T121": Check(
        "two instances are updated one after the other, with a migration, under load",
        "every view, ballot and rating once; the older one counts meanwhile",
    ),
    "T122": Check(
        "a migration killed again and again, by two instances at once",
        "one goes on with it; every key migrated, no number changed",
    ),
    "T123": Check(
        "data, backups, archives, spools, moves of a newer version under an older one",
        "refused in one line with 2, everywhere; nothing changed",
    ),
}

ADMIN = "tests/web/admin"
KIOSK = "tests/web/hosted/test_kiosk.py::test"
OVERLAPS = "tests/services/portability/test_legacy_overlaps.py::test"
TITLES = "tests/services/titles/test_reading.py::test"
TOLD = "tests/services/portability/test_legacy_readers.py::test"
TOLD_SPANS = "tests/services/portability/test_legacy_readers_spans.py::test"
TOLD_UMAMI = "tests/services/portability/test_legacy_readers_umami.py::test"
UNDO = "tests/services/portability/test_legacy_undo.py::test"
BALLOTS = "tests/web/api/test_ballots.py::test"
PAGE = "tests/web/api/test_page.py::test"

#: Node ids, or their beginnings, of tests outside `tests/faults` that show a check.
ELSEWHERE: dict[str, tuple[str, ...]] = {
    "T2": (
        "tests/services/articles/test_keys.py",
        f"{PAGE}_a_bad_body_is_refused_and_stores_nothing",
        f"{PAGE}_a_page_with_a_useless_address_counts_for_the_site",
        f"{PAGE}_an_unknown_site_is_not_found_and_leaves_no_key",
    ),
    "T4": ("tests/web/api/test_ratings.py::test_a_score_that_is_none_adds_nothing",),
    "T5": (f"{BALLOTS}_a_ballot_that_breaks_a_rule", f"{BALLOTS}_multiple_choice"),
    "T9": ("tests/web/server/test_requests.py::test_what_is_not_sound_is_refused_and_closed",),
    "T10": (f"{ADMIN}/test_rights.py", "tests/web/api/manage/test_rights.py"),
    "T11": (
        f"{ADMIN}/test_security.py::test_a_write_from_elsewhere",
        f"{ADMIN}/test_security.py::test_the_token_of_another_session",
        f"{ADMIN}/test_rights.py::test_no_form_is_taken_without_its_token",
    ),
    "T12": (
        f"{ADMIN}/accounts/test_sign_in.py::test_guessing_is_throttled",
        f"{ADMIN}/accounts/test_sign_in.py::test_an_unknown_account_costs_what_a_known_one_does",
        f"{ADMIN}/accounts/test_second_factor.py::test_codes_are_throttled",
    ),
    "T13": (
        f"{ADMIN}/accounts/test_sign_in.py::test_a_replayed_cookie",
        f"{ADMIN}/accounts/test_sign_in.py::test_a_session_planted",
        f"{ADMIN}/accounts/test_sign_in.py::test_a_new_password_ends",
        f"{ADMIN}/accounts/test_sign_in.py::test_a_removed_account",
    ),
    "T14": (
        f"{ADMIN}/accounts/test_sign_in.py::test_the_way_back_stays_here",
        f"{ADMIN}/accounts/test_second_factor.py::test_the_way_back_stays_here",
    ),
    "T15": (
        f"{ADMIN}/test_security.py::test_a_forged_host",
        f"{ADMIN}/test_security.py::test_the_forwarded_host",
    ),
    "T16": (
        f"{ADMIN}/accounts/test_sign_in.py::test_redis_holds_no_secret",
        f"{ADMIN}/accounts/test_second_factor.py::test_redis_does_not_know",
    ),
    "T17": (
        "tests/services/visitors/test_hosts.py::test_a_look_alike_is_not_the_site",
        "tests/web/api/test_counts.py::test_only_pages_of_the_site_may_read_across_origins",
        f"{PAGE}_an_ignored_view_says_why_and_still_gets_the_numbers",
        f"{BALLOTS}_a_foreign_page_cannot_vote",
        "tests/web/api/manage/test_rights.py::test_no_page_of_the_portal_may_call",
    ),
    "T19": (
        f"{ADMIN}/test_security.py::test_every_page_carries_the_headers",
        f"{ADMIN}/test_security.py::test_by_https",
    ),
    "T20": (
        "tests/web/embed/test_scripts.py",
        "tests/web/embed/test_build.py",
        "tests/browser/test_security.py",
    ),
    "T21": (
        f"{ADMIN}/test_security.py::test_two_people_never_share_an_answer",
        f"{ADMIN}/test_security.py::test_the_api_sets_no_cookie",
    ),
    "T22": ("tests/web/api/test_votes_crowd.py::test_t22",),
    "T24": ("tests/web/api/test_votes_crowd.py::test_t24",),
    "T25": (
        "tests/web/api/test_votes_crowd.py",
        "tests/web/admin/polls/test_quarantine.py::test_the_report",
    ),
    "T26": (f"{BALLOTS}_the_servers_clock",),
    "T27": (f"{BALLOTS}_a_token_of_another_site", f"{BALLOTS}_a_proof_is_good_for_one_ballot"),
    "T28": ("tests/web/api/test_votes_crowd.py::test_t28",),
    "T29": (
        "tests/web/api/test_votes_crowd.py::test_t29",
        "tests/web/admin/polls/test_quarantine.py",
    ),
    "T69": (
        "tests/web/api/test_votes_crowd.py::test_t69",
        "tests/services/voting/test_voting_crowds.py::test_a_program",
    ),
    "T70": (
        "tests/web/api/test_votes_crowd.py::test_t70",
        "tests/services/voting/test_voting_crowds.py::test_an_honest_crowd",
    ),
    "T85": (
        "tests/web/api/test_votes_crowd.py::test_t85",
        "tests/services/voting/test_voting_crowds.py::test_a_program",
        "tests/services/voting/test_voting_crowds.py::test_an_honest_crowd",
    ),
    "T86": (
        "tests/services/polls/test_removal.py::test_votes_while",
        "tests/services/polls/test_removal.py::test_a_vote_for_the_poll_before",
    ),
    "T87": ("tests/web/api/test_daily.py",),
    "T30": (
        "tests/web/admin/polls/test_quarantine.py::test_ipv6",
        "tests/web/api/test_page_voter.py::test_ipv6",
    ),
    "T31": (f"{PAGE}_a_hit_id_counts_once", "tests/web/api/test_page_crowd.py"),
    "T32": ("tests/web/http/test_visitor.py",),
    "T33": ("tests/services/visitors/test_bots.py",),
    "T34": (f"{PAGE}_one_address_cannot_invent_visitors_without_end",),
    "T35": (
        f"{PAGE}_past_the_article_cap_views_count_for_the_site",
        f"{PAGE}_an_unknown_site_is_not_found_and_leaves_no_key",
    ),
    "T74": (
        "tests/store/traffic/test_record_views.py::test_what_nobody_reads_gives_way_to_a_new_article",
    ),
    "T75": (
        "tests/store/traffic/test_record_views.py::test_a_crowd_behind_one_address_loses_nothing",
    ),
    "T39": (
        "tests/services/views/test_replay.py",
        "tests/store/traffic/test_spool.py",
        f"{BALLOTS}_without_redis_a_vote_is_refused",
    ),
    "T45": ("tests/embedded_redis/test_server.py::test_a_snapshot_alone_is_restored",),
    "T50": (
        f"{PAGE}_midnight_parts_the_days_in_the_zone_of_the_site",
        f"{PAGE}_a_visit_and_online_survive_midnight",
        f"{PAGE}_the_day_of_a_clock_change_has_its_own_midnight",
    ),
    "T54": (
        "tests/services/visitors/test_identities.py",
        f"{BALLOTS}_nothing_stored_ties_a_voter_to_a_choice",
    ),
    "T55": ("tests/services/sites/test_sites.py::test_removing_a_site_removes_every_key",),
    "T56": ("tests/test_logs.py",),
    "T61": ("tests/services/sites/test_erasure.py",),
    "T62": (
        "tests/web/admin/portability/test_data.py::test_a_site_that_was_not_there_is_not_replaced",
        "tests/web/admin/portability/test_data.py::test_of_two_confirmations_one_restores",
        "tests/services/sites/test_erasure.py::test_of_two_replacements_one_is_done",
    ),
    "T63": (
        "tests/services/portability/test_legacy_bounds.py::test_the_temporary_disk_of_a_file_is_bounded",
    ),
    "T90": ("tests/browser/test_said_in_the_window.py",),
    "T91": (
        "tests/browser/test_what_is_believed.py::test_who_only_reads",
        "tests/web/hosted/test_hosted.py::test_a_token_is_kept_only",
    ),
    "T92": ("tests/web/admin/test_held_ratings.py",),
    "T93": (
        "tests/browser/test_hosted_poll.py::test_two_frames",
        "tests/browser/test_hosted_poll.py::test_a_sandboxed_frame",
        "tests/web/hosted/test_hosted.py::test_two_frames",
    ),
    "T72": ("tests/services/operations/test_installation.py",),
    "T73": ("tests/services/operations/test_installation.py::test_in_an_emptied",),
    "T76": ("tests/services/notices/test_mail_headers.py",),
    "T77": ("tests/web/public/test_root.py",),
    "T78": ("tests/services/notices/test_silent_webhooks.py",),
    "T79": ("tests/web/loop/test_added_sites.py",),
    "T123": (
        "tests/cli/test_layouts.py",
        "tests/services/operations/test_layouts.py",
        "tests/services/portability/test_archives.py::test_an_archive_of_a_newer",
        "tests/store/traffic/test_spool.py::test_a_file_that_a_newer",
    ),
    "T80": (
        "tests/services/operations/test_installation.py::test_an_emptied_redis_that_others_took",
        "tests/services/operations/test_installation.py::test_accepting_a_secret_does_not",
        "tests/services/operations/test_installation.py::test_an_emptied_redis_is_not_claimed",
    ),
    "T81": (
        "tests/web/server/test_bridge.py",
        f"{ADMIN}/accounts/test_sign_in.py::test_strangers_passwords_let",
    ),
    "T82": (
        "tests/services/notices/test_webhooks.py::test_a_host_inside_is_refused",
        "tests/services/notices/test_webhooks.py::test_an_address_inside_is_never_called",
    ),
    "T83": (
        "tests/web/http/test_visitor.py::test_a_header_by_name",
        "tests/web/http/test_visitor.py::test_readers_behind_a_named_proxy",
    ),
    "T84": ("tests/services/operations/test_installation.py::test_votes_on_a_lost_site",),
    "T96": (
        f"{OVERLAPS}_a_log_that_has_grown_gives_the_numbers_of_the_whole",
        f"{OVERLAPS}_any_split_into_overlapping_files_gives_the_numbers_of_the_whole",
        f"{OVERLAPS}_readers_of_two_servers_are_not_taken_for_one",
        f"{OVERLAPS}_two_imports_at_once_do_not_both_come_in",
    ),
    "T97": (
        f"{UNDO}_an_import_is_taken_out_exactly",
        f"{UNDO}_what_was_taken_out_comes_in_again",
        f"{UNDO}_an_undo_that_is_cut_off_goes_on",
    ),
    "T67": (
        f"{ADMIN}/accounts/test_lockout.py",
        f"{ADMIN}/accounts/test_devices.py",
        "tests/web/api/manage/test_rights.py::test_a_token_has_its_limit",
    ),
    "T68": (
        f"{ADMIN}/accounts/test_sign_in_log.py::test_sign_ins_are_in_the_log",
        f"{ADMIN}/accounts/test_sign_in_log.py::test_a_wrong_code",
        f"{ADMIN}/accounts/test_sign_in_log.py::test_a_refusal_is_one_line",
        f"{ADMIN}/accounts/test_sign_in_log.py::test_a_flood_adds_few_lines",
        f"{ADMIN}/accounts/test_sign_in_log.py::test_fail2ban",
    ),
    "T94": (
        "tests/browser/test_moves.py::test_another_spelling_of_the_address_is_the_same_page",
        "tests/browser/test_moves.py::test_an_album_is_one_article_where_its_pictures_are_none",
        "tests/browser/test_moves.py::test_turbo_counts_each_page_under_its_own_key",
        "tests/browser/test_moves.py::test_routes_behind_a_hash_are_articles",
        f"{PAGE}_another_address_of_one_article_is_no_view",
    ),
    "T95": (
        "tests/browser/test_moves.py::test_an_item_of_a_list_finds_its_own_article",
        "tests/browser/test_moves.py::test_a_star_on_the_third_item_rates_the_third_article",
        "tests/browser/test_check.py::test_a_list_whose_items_name_nothing_is_found",
    ),
    "T105": (
        f"{KIOSK}_two_kiosks_and_double_taps",
        f"{KIOSK}_of_two_ballots_at_once",
        f"{KIOSK}_a_double_tap",
        f"{KIOSK}_between_two_votes",
    ),
    "T106": (
        f"{KIOSK}_a_stranger",
        f"{KIOSK}_a_token_is_good",
        f"{KIOSK}_a_link_is",
        f"{KIOSK}_a_revoked_device",
    ),
    "T111": ("tests/services/traffic/test_readers.py::test_a_flood_of_invented_sources",),
    "T112": ("tests/services/traffic/test_readers.py::test_a_naive_model_counts_the_same",),
    "T115": (
        "tests/web/api/test_clicks.py::test_a_storm",
        "tests/web/api/test_clicks.py::test_a_naive_model",
    ),
    "T116": ("tests/web/api/test_clicks.py::test_invented_names",),
    "T119": (
        "tests/services/clicks/test_click_model.py::test_a_naive_model_counts_the_same",
        "tests/web/api/test_clicks.py::test_a_click_while_redis_is_away_is_told",
    ),
    "T113": (
        f"{TITLES}_a_portal_that_does_not_answer",
        f"{TITLES}_a_page_without_end",
        f"{TITLES}_the_time_grows",
        f"{TITLES}_calls_of_a_run",
        f"{TITLES}_the_time_of_a_run",
        f"{TITLES}_inner_hosts",
        f"{TITLES}_a_name_that_leads_inside",
        f"{TITLES}_a_host_without_robots",
    ),
    "T114": (
        f"{TITLES}_what_names_no_article",
        f"{TITLES}_a_feed_that_is_none",
        f"{TITLES}_encodings_and_markup",
        "tests/services/traffic/test_titles.py::test_a_title_is_plain_text",
    ),
    "T117": (
        f"{TOLD}_every_file_of_plausible_is_told",
        f"{TOLD}_what_an_import_told_is_taken_out",
        f"{TOLD_UMAMI}_events_of_umami_tell",
        f"{TOLD_SPANS}_days_that_are_no_longer_kept",
        f"{TOLD_SPANS}_a_month_that_has_lost_days",
        f"{TOLD_SPANS}_values_beyond",
    ),
    "T107": (
        "tests/services/polls/test_pictures.py",
        "tests/web/embed/test_pictures.py",
    ),
    "T98": (f"{ADMIN}/test_two_administrators.py",),
    "T99": ("tests/services/traffic/test_article_changes.py",),
    "T100": ("tests/services/voting/test_voting_crowds.py::test_a_program",),
    "T104": ("tests/services/ratings/test_rating_model.py",),
    "T101": (
        f"{ADMIN}/polls/test_polls.py::test_the_report_names_the_networks",
        "tests/services/voting/test_voting_crowds.py::test_a_wide_network",
    ),
}

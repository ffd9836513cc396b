"""The words of a report."""

from stats_service.models.traffic.readers import DIRECT, MAIL, SPAM

WORDS: dict[str, dict[str, str]] = {
    "vi": {
        "week": "Báo cáo tuần",
        "month": "Báo cáo tháng",
        "visits": "Lượt truy cập",
        "views": "Lượt xem",
        "before_week": "tuần trước",
        "before_month": "tháng trước",
        "year_week": "cùng kỳ năm trước",
        "year_month": "cùng kỳ năm trước",
        "year_tet": "tuần Tết năm trước",
        "against": "so với",
        "no_number": "chưa có số liệu",
        "happened": "Việc đã diễn ra",
        "poll-opened": "Mở bình chọn: {text}",
        "poll-closed": "Đóng bình chọn: {text}",
        "note": "{text}",
        "risen": "Bài viết tăng nhiều nhất",
        "fallen": "Bài viết giảm nhiều nhất",
        "sources": "Nguồn tăng và giảm",
        "few": "dưới 3",
        "direct": "Trực tiếp",
        "mail": "Thư điện tử",
        "spam": "Nguồn rác",
        "polls": "Bình chọn đã kết thúc",
        "ballots": "{n} phiếu, kết thúc ngày {day}",
        "more": "và {n} cuộc khác",
        "other": "Ý kiến khác",
        "ratings": "Đánh giá",
        "rated": "{n} đánh giá, trung bình {average}/{scale}",
        "defined": "Cách tính các con số",
        "busiest": "Ngày cao nhất",
        "average": "Trung bình mỗi ngày",
        "articles": "Bài viết được đọc nhiều nhất",
        "no_articles": "Chưa có bài viết nào được xem.",
        "documents": "Tài liệu được tải nhiều nhất",
        "ignored": "Lượt không được tính",
        "in_part": "Chỉ tính một phần",
        "chart": "Biểu đồ: cột là lượt xem, đường đậm là lượt truy cập, đường xám là lượt "
        "truy cập của kỳ trước.",
        "nothing": "Không có lượt truy cập nào trong kỳ này. Hãy kiểm tra đoạn mã trên cổng.",
        "foot": "Thư tự động của dịch vụ thống kê truy cập. Múi giờ: {timezone}.",
        "stop": "Ngừng nhận báo cáo này",
        "open": "Xem chi tiết",
        "ask_title": "Bạn có muốn nhận báo cáo thống kê của {site} không?",
        "ask_week": "Quản trị viên của {site} muốn gửi đến địa chỉ này báo cáo thống kê truy cập "
        "hằng tuần.",
        "ask_month": "Quản trị viên của {site} muốn gửi đến địa chỉ này báo cáo thống kê truy cập "
        "hằng tháng.",
        "ask_button": "Trả lời: đồng ý hoặc từ chối",
        "ask_foot": "Nếu bạn không trả lời, sẽ không có báo cáo nào được gửi đến địa chỉ này.",
    },
    "en": {
        "week": "Weekly report",
        "month": "Monthly report",
        "visits": "Visits",
        "views": "Views",
        "before_week": "the week before",
        "before_month": "the month before",
        "year_week": "the same week a year before",
        "year_month": "the year before",
        "year_tet": "the year before, Tết beside Tết",
        "against": "against",
        "no_number": "no number yet",
        "happened": "What happened",
        "poll-opened": "Poll opened: {text}",
        "poll-closed": "Poll closed: {text}",
        "note": "{text}",
        "risen": "Rose most",
        "fallen": "Fell most",
        "sources": "Sources that gained or lost",
        "few": "under 3",
        "direct": "Direct",
        "mail": "Mail",
        "spam": "Referrer spam",
        "polls": "Polls that ended",
        "ballots": "{n} ballots, ended on {day}",
        "more": "and {n} more",
        "other": "Other",
        "ratings": "Ratings",
        "rated": "{n} ratings, {average} of {scale} on average",
        "defined": "How the numbers are counted",
        "busiest": "Busiest day",
        "average": "Average per day",
        "articles": "Most read articles",
        "no_articles": "No article was viewed.",
        "documents": "Most downloaded documents",
        "ignored": "Not counted",
        "in_part": "Counted in part",
        "chart": "Chart: bars are views, the dark line visits, the grey line the visits of "
        "the period before.",
        "nothing": "Nobody came in this period. Check the snippet on the portal.",
        "foot": "Sent by the visitor statistics service. Time zone: {timezone}.",
        "stop": "Stop these reports",
        "open": "See the details",
        "ask_title": "Would you like to receive the statistics reports of {site}?",
        "ask_week": "An administrator of {site} wants to send weekly visitor statistics to this "
        "address.",
        "ask_month": "An administrator of {site} wants to send monthly visitor statistics to this "
        "address.",
        "ask_button": "Answer: accept or decline",
        "ask_foot": "Unless you accept, no report is sent to this address.",
    },
}


#: Reasons why a view was not counted, in Vietnamese and English; others are shown as they are.
REASONS: dict[str, tuple[str, str]] = {
    "bot": ("chương trình tự động (bot)", "programs (bots)"),
    "prefetch": ("tải trước, chưa được đọc", "fetched ahead, not read"),
    "no-user-agent": ("không có tên trình duyệt", "no browser name"),
    "host": ("tên miền lạ", "hosts that are not the site's"),
    "frame": ("trong khung của trang web khác", "in a frame of another site"),
    "excluded": ("địa chỉ IP bị loại trừ", "excluded addresses"),
    "opt-out": ("người đọc từ chối được tính", "readers who opted out"),
    "duplicate": ("một lần tải trang gửi hai lần", "the same page load twice"),
    "lost": ("mất khi Redis ngừng hoạt động", "lost while Redis was away"),
    "ceiling": ("quá nhiều lượt từ một địa chỉ IP", "too many from one address"),
    "private": (
        "không thành lượt truy cập: người đọc không muốn bị theo dõi",
        "no visit: the reader asks not to be tracked",
    ),
    "identity-cap": (
        "không thành lượt truy cập: quá nhiều người đọc mới từ một địa chỉ IP",
        "no visit: too many new readers from one address",
    ),
    "identity-cap-48": (
        "trong số đó từ một mạng IPv6 (/48)",
        "of these from one IPv6 network (/48)",
    ),
    "article-cap": (
        "không tính cho bài nào: hết chỗ cho bài mới",
        "in no article's number: no room for new ones",
    ),
    "article-network": (
        "không tính cho bài nào: một mạng mở quá nhiều bài chưa ai đọc",
        "in no article's number: one network opened too many unread ones",
    ),
    "article-gone": (
        "của những bài hầu như không ai đọc, đã nhường chỗ",
        "of articles that hardly anybody read and that gave way",
    ),
    "readers-cap": (
        "nguồn, chiến dịch hay bài đọc đầu tiên không được nêu tên: quá nhiều tên mới trong ngày",
        "sources, campaigns or entry articles without a name: too many new ones in a day",
    ),
}


def source(name: str, language: str) -> str:
    """Return what a source is called; most are called as they are counted."""
    words = {DIRECT: "direct", MAIL: "mail", SPAM: "spam"}
    return WORDS[language][words[name]] if name in words else name


def reason(name: str, language: str) -> str:
    """Return the reason why views were not counted, in words."""
    vietnamese, english = REASONS.get(name, (name, name))
    return vietnamese if language == "vi" else english

"""The words of a report, and numbers and dates as each language writes them."""

from datetime import date

WORDS: dict[str, dict[str, str]] = {
    "vi": {
        "week": "Báo cáo tuần",
        "month": "Báo cáo tháng",
        "visits": "Lượt truy cập",
        "views": "Lượt xem trang",
        "before": "Kỳ trước",
        "busiest": "Ngày cao nhất",
        "average": "Trung bình mỗi ngày",
        "articles": "Bài viết được xem nhiều nhất",
        "no_articles": "Chưa có bài viết nào được xem.",
        "ignored": "Không tính",
        "chart": "Biểu đồ: cột là lượt xem trang, đường đậm là lượt truy cập, đường xám là lượt "
        "truy cập của kỳ trước.",
        "nothing": "Không có lượt truy cập nào trong kỳ này. Hãy kiểm tra đoạn mã trên cổng.",
        "foot": "Thư tự động của dịch vụ thống kê truy cập. Múi giờ: {timezone}. Người quản trị "
        "cổng có thể dừng thư này.",
        "open": "Xem chi tiết",
    },
    "en": {
        "week": "Weekly report",
        "month": "Monthly report",
        "visits": "Visits",
        "views": "Page views",
        "before": "Before",
        "busiest": "Busiest day",
        "average": "Average a day",
        "articles": "Most viewed articles",
        "no_articles": "No article was viewed.",
        "ignored": "Not counted",
        "chart": "Chart: bars are page views, the dark line visits, the grey line the visits of "
        "the period before.",
        "nothing": "Nobody came in this period. Check the snippet on the portal.",
        "foot": "Sent by the visitor statistics service. Time zone: {timezone}. The portal's "
        "administrators can stop these mails.",
        "open": "See more",
    },
}


#: Why a view was not counted, in Vietnamese and English; another reason is shown as it is.
REASONS: dict[str, tuple[str, str]] = {
    "bot": ("chương trình tự động (bot)", "programs (bots)"),
    "prefetch": ("tải trước, chưa đọc", "fetched ahead, not read"),
    "no-user-agent": ("không rõ trình duyệt", "no name of a browser"),
    "host": ("tên miền không thuộc trang", "hosts that are not the site's"),
    "excluded": ("địa chỉ loại trừ", "excluded addresses"),
    "opt-out": ("bạn đọc chọn không đếm", "readers who opted out"),
    "duplicate": ("một lần tải trang gửi hai lần", "the same page load twice"),
    "ceiling": ("quá nhiều từ một địa chỉ", "too many from one address"),
}


def reason(name: str, language: str) -> str:
    """Return why views were not counted."""
    vietnamese, english = REASONS.get(name, (name, name))
    return vietnamese if language == "vi" else english


def number(value: int, language: str) -> str:
    """Return `1.814.165` in Vietnamese, `1,814,165` in English."""
    text = f"{value:,}"
    return text.replace(",", ".") if language == "vi" else text


def change(now: int, before: int, language: str) -> str:
    """Return the change as `+12,5 %`, or a dash if there was nothing before."""
    if not before:
        return "–"
    text = f"{100 * (now - before) / before:+.1f} %".replace("-", "−")
    return text.replace(".", ",") if language == "vi" else text


def day(value: date, language: str) -> str:
    """Return a date."""
    return f"{value:%d/%m/%Y}" if language == "vi" else f"{value.day} {value:%b %Y}"

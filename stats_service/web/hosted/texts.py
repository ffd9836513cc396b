"""What the hosted page says, in Vietnamese and English."""

from collections.abc import Mapping
from datetime import datetime

LANGUAGES = ("vi", "en")

TEXTS: Mapping[str, Mapping[str, str]] = {
    "vi": {
        "vote": "Bình chọn",
        "change": "Đổi bình chọn",
        "see_results": "Xem kết quả",
        "back": "Quay lại bình chọn",
        "results": "Kết quả",
        "other": "Khác",
        "other_text": "Ý kiến khác (tối đa {n} ký tự)",
        "choose_one": "Chọn một mục",
        "choose_some": "Chọn từ {min} đến {max} mục",
        "choose_exactly": "Chọn đúng {max} mục",
        "withdrawn": "đã rút",
        "ballots": "{n} lượt bình chọn",
        "of_voters": "Phần trăm trên số người bình chọn",
        "closes": "Đóng lúc {time}",
        "opens": "Mở lúc {time}",
        "closed": "Cuộc bình chọn đã đóng.",
        "scheduled": "Cuộc bình chọn chưa mở.",
        "hidden_results": "Kết quả chưa được công bố.",
        "counted": "Cảm ơn bạn. Bình chọn của bạn đã được ghi nhận.",
        "changed": "Bình chọn của bạn đã được thay đổi.",
        "held": "Đã nhận bình chọn của bạn. Mạng của bạn gửi rất nhiều bình chọn, nên phiếu này "
        "chờ quản trị viên xem xét và hiện chưa được tính.",
        "already-voted": "Trình duyệt này đã bình chọn. Bình chọn trước đó được giữ nguyên.",
        "wrong_number": "Chưa ghi nhận: hãy chọn đúng số mục.",
        "wrong_text": "Chưa ghi nhận: ý kiến khác phải là chữ, không có liên kết, tối đa {n} ký "
        "tự.",
        "voter-too-new": "Chưa ghi nhận: xin chờ vài giây rồi gửi lại.",
        "no_cookie": "Chưa ghi nhận: trình duyệt không giữ cookie ở đây. Hãy mở trang bình chọn "
        "trong cửa sổ riêng rồi bình chọn.",
        "own_window": "Mở trong cửa sổ riêng",
        "too-many-requests": "Chưa ghi nhận: mạng của bạn vừa gửi quá nhiều. Xin thử lại sau một "
        "phút.",
        "store-unavailable": "Chưa ghi nhận: dịch vụ tạm thời gián đoạn. Xin thử lại sau ít phút.",
        "unknown": "Không có cuộc bình chọn này.",
        "refused": "Chưa ghi nhận: yêu cầu không được chấp nhận.",
    },
    "en": {
        "vote": "Vote",
        "change": "Change my vote",
        "see_results": "See results",
        "back": "Back to voting",
        "results": "Results",
        "other": "Other",
        "other_text": "Something else (at most {n} characters)",
        "choose_one": "Choose one",
        "choose_some": "Choose {min} to {max}",
        "choose_exactly": "Choose {max}",
        "withdrawn": "withdrawn",
        "ballots": "{n} ballots",
        "of_voters": "Percent of voters",
        "closes": "Closes {time}",
        "opens": "Opens {time}",
        "closed": "This poll is closed.",
        "scheduled": "This poll is not open yet.",
        "hidden_results": "The results are not public yet.",
        "counted": "Thank you. Your vote has been counted.",
        "changed": "Your vote has been changed.",
        "held": "We have your vote. So many came from your network that it waits for an "
        "administrator's review and is not counted for now.",
        "already-voted": "This browser has voted. The earlier vote stands.",
        "wrong_number": "Not counted: choose the number asked for.",
        "wrong_text": "Not counted: something else has to be words without links, at most {n} "
        "characters.",
        "voter-too-new": "Not counted: please wait a few seconds and send it again.",
        "no_cookie": "Not counted: the browser keeps no cookie here. Open the poll in a window of "
        "its own and vote there.",
        "own_window": "Open in a window of its own",
        "too-many-requests": "Not counted: your network has just sent too much. Please try again "
        "in a minute.",
        "store-unavailable": "Not counted: the service is interrupted. Please try again shortly.",
        "unknown": "There is no such poll.",
        "refused": "Not counted: the request was refused.",
    },
}

_MONTHS = "January February March April May June July August September October November December"


def pick(texts: Mapping[str, str], lang: str, own: str) -> str:
    """Return an administrator's text in `lang`, else in the poll's own language."""
    return texts.get(lang) or texts[own]


def number(n: int, lang: str) -> str:
    """Return a number as the language groups its digits."""
    return f"{n:,}".replace(",", ".") if lang == "vi" else f"{n:,}"


def moment(iso: str, lang: str) -> str:
    """Return a time of the site's zone in words."""
    time = datetime.fromisoformat(iso)
    if lang == "vi":
        return f"{time:%H:%M} ngày {time.day}/{time.month}/{time.year}"
    return f"{time.day} {_MONTHS.split()[time.month - 1]} {time.year}, {time:%H:%M}"

"""What the hosted page says, in Vietnamese and English, in the words of the widget."""

from collections.abc import Mapping
from datetime import datetime

from stats_service.services.formats import number

LANGUAGES = ("vi", "en")

TEXTS: Mapping[str, Mapping[str, str]] = {
    "vi": {
        "vote": "Bình chọn",
        "change": "Đổi lựa chọn",
        "see_results": "Xem kết quả",
        "back": "Quay lại bình chọn",
        "results": "Kết quả",
        "other": "Ý kiến khác",
        "other_text": "Ý kiến khác của bạn (tối đa {n} ký tự); được kiểm duyệt trước khi hiển thị",
        "choose_one": "Chọn một mục.",
        "choose_some": "Chọn từ {min} đến {max} mục.",
        "choose_exactly": "Chọn đúng {max} mục.",
        "withdrawn": "không còn nhận phiếu",
        "votes": "{n} phiếu",
        "ballots": "Tổng số: {n} phiếu.",
        "voters": "{n} người bình chọn.",
        "tied": "{n} mục bằng phiếu nhau, cùng dẫn đầu.",
        "point": ",",
        "of_voters": "Tỷ lệ tính trên số người bình chọn nên cộng lại có thể vượt 100%.",
        "closes": "Kết thúc {time}.",
        "opens": "Bắt đầu {time}.",
        "closed": "Cuộc bình chọn này đã kết thúc.",
        "replaced": "Cuộc bình chọn này vừa được làm lại từ đầu. Mời bạn đọc và bình chọn lại.",
        "scheduled": "Cuộc bình chọn này chưa bắt đầu.",
        "once": "Mỗi trình duyệt bình chọn một lần.",
        "daily": "Mỗi trình duyệt bình chọn mỗi ngày một lần.",
        "go_on": "Đi tiếp",
        "changeable": "Có thể đổi lựa chọn cho đến khi kết thúc; vì vậy lựa chọn của bạn được lưu "
        "đến lúc đó.",
        "hidden_results": "Kết quả chưa được công bố.",
        "counted": "Cảm ơn bạn đã bình chọn.",
        "voted": "Trình duyệt này đã bình chọn.",
        "changed": "Lựa chọn mới của bạn đã được ghi nhận.",
        "held": "Đã nhận phiếu của bạn. Có nhiều phiếu đến từ cùng một mạng nên phiếu này chờ "
        "người quản trị xem xét, chưa tính vào kết quả.",
        "already-voted": "Trình duyệt này đã bình chọn trước đó, nên phiếu vừa gửi không được "
        "tính.",
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
        "other": "Another answer",
        "other_text": "Your own answer (at most {n} characters), reviewed before it is shown",
        "choose_one": "Choose one answer.",
        "choose_some": "Choose {min} to {max} answers.",
        "choose_exactly": "Choose exactly {max} answers.",
        "withdrawn": "no longer offered",
        "votes": "{n} votes",
        "ballots": "{n} votes in total.",
        "voters": "{n} voters.",
        "tied": "{n} answers are tied for the lead.",
        "point": ".",
        "of_voters": "Percentages are of voters, and may add up to more than 100%.",
        "closes": "Closes {time}.",
        "opens": "Opens {time}.",
        "closed": "This poll has closed.",
        "replaced": "This poll was begun anew. Please read it and vote again.",
        "scheduled": "This poll has not opened yet.",
        "once": "One vote per browser.",
        "daily": "One vote a day per browser.",
        "go_on": "Continue",
        "changeable": "You can change your vote until the poll closes; your choice is kept until "
        "then.",
        "hidden_results": "The results are not public yet.",
        "counted": "Thank you for voting.",
        "voted": "This browser has voted.",
        "changed": "Your new choice has been recorded.",
        "held": "Your ballot has arrived. Many came from the same network, so this one waits for "
        "review and does not count yet.",
        "already-voted": "This browser had already voted, so the ballot just sent was not counted.",
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


def counted(unit: str, n: int, lang: str) -> str:
    """Return a number of `votes`, `ballots` or `voters` in words."""
    text = TEXTS[lang][unit].format(n=number(n, lang))
    return text.replace("votes", "vote").replace("voters", "voter") if n == 1 else text


def moment(iso: str, lang: str) -> str:
    """Return a time of the site's zone in words."""
    time = datetime.fromisoformat(iso)
    if lang == "vi":
        return f"{time:%H:%M} ngày {time.day}/{time.month}/{time.year}"
    return f"{time.day} {_MONTHS.split()[time.month - 1]} {time.year}, {time:%H:%M}"

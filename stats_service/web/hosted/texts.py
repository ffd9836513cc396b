"""What the hosted page says, in Vietnamese and English, in the words of the widget."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_location

from stats_service.services.formats import number

LANGUAGES = ("vi", "en")

TEXTS: Mapping[str, Mapping[str, str]] = {
    "vi": {
        "language": "Tiếng Việt",
        "locale": "vi_VN",
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
        "quản trị viên duyệt, chưa tính vào kết quả.",
        "already-voted": "Trình duyệt này đã bình chọn trước đó, nên phiếu vừa gửi không được "
        "tính.",
        "wrong_number": "Chưa ghi nhận: hãy chọn đúng số mục.",
        "wrong_gone": "Chưa ghi nhận: mục bạn chọn không còn nhận phiếu. Vui lòng chọn mục khác.",
        "wrong_empty": "Chưa ghi nhận: vui lòng viết ý kiến khác của bạn, hoặc chọn mục khác.",
        "wrong_length": "Chưa ghi nhận: ý kiến khác dài quá {n} ký tự.",
        "wrong_sign": "Chưa ghi nhận: ý kiến khác có ký tự không hiển thị được. Vui lòng xóa "
        "ký tự đó.",
        "wrong_link": "Chưa ghi nhận: ý kiến khác phải là chữ, không có liên kết hay mã HTML.",
        "voter-too-new": "Chưa ghi nhận: vui lòng chờ vài giây rồi gửi lại.",
        "no_cookie": "Chưa ghi nhận: trình duyệt không giữ cookie ở đây. Hãy mở trang bình chọn "
        "trong cửa sổ riêng rồi bình chọn.",
        "program": "Chưa ghi nhận: phiếu này do một chương trình tự động gửi, theo tên mà chính nó "
        "tự khai, không phải từ trình duyệt của người đọc.",
        "apart": "Chưa ghi nhận: trang chứa khung này không cho gửi phiếu từ trong khung "
        "(thuộc tính sandbox). Hãy bình chọn trong cửa sổ riêng.",
        "own_window": "Mở trong cửa sổ riêng",
        "address": "Địa chỉ của cuộc bình chọn:",
        "framed": "Nếu nút “{button}” ở đây không có tác dụng thì trang chứa khung này không cho "
        "gửi từ trong khung. Hãy mở địa chỉ sau trong cửa sổ riêng:",
        "as_of": "Số liệu lúc {time}.",
        "too-many-requests": "Chưa ghi nhận: mạng của bạn vừa gửi quá nhiều. Vui lòng thử lại sau "
        "một phút.",
        "store-unavailable": "Chưa ghi nhận: dịch vụ tạm thời gián đoạn. Vui lòng thử lại "
        "sau ít phút.",
        "unknown": "Không có cuộc bình chọn này.",
        "kiosk-refused": "Thiết bị này chưa được đăng ký làm điểm bình chọn, hoặc đã bị thu hồi. "
        "Vui lòng báo cán bộ phụ trách.",
        "kiosk-pause": "Người trước vừa bình chọn xong. Phiếu của bạn sẽ được gửi sau {n} giây.",
        "kiosk_held": "Cảm ơn bạn đã bình chọn. Hôm nay điểm này đã nhận nhiều phiếu, nên phiếu "
        "của bạn chờ quản trị viên duyệt, chưa tính vào kết quả.",
        "kiosk_once": "Mỗi người bình chọn một lần.",
        "kiosk_back": "Màn hình trở lại phiếu trống sau {n} giây.",
        "kiosk_sending": "Đang gửi phiếu…",
        "kiosk_again": "Chưa gửi được vì mất kết nối. Đang gửi lại, vui lòng chờ…",
        "full_screen": "Toàn màn hình",
        "enrol_title": "Đăng ký điểm bình chọn",
        "enrol_text": "Thiết bị này sẽ thành điểm bình chọn “{name}”: nhiều người lần lượt bình "
        "chọn trên đó. Chỉ bấm nút nếu đây đúng là thiết bị đặt tại chỗ.",
        "enrol": "Đăng ký thiết bị này",
        "enrol_spent": "Liên kết này đã được dùng hoặc đã quá một giờ. Hãy tạo liên kết mới ở "
        "trang quản trị.",
        "refused": "Chưa ghi nhận: yêu cầu không được chấp nhận.",
    },
    "en": {
        "language": "English",
        "locale": "en_US",
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
        "wrong_gone": "Not counted: the answer you chose is no longer offered. Please choose "
        "another one.",
        "wrong_empty": "Not counted: please write your own answer, or choose another one.",
        "wrong_length": "Not counted: your own answer has more than {n} characters.",
        "wrong_sign": "Not counted: your own answer has a character that cannot be shown. Please "
        "remove it.",
        "wrong_link": "Not counted: your own answer may have neither links nor HTML.",
        "voter-too-new": "Not counted: please wait a few seconds and send it again.",
        "no_cookie": "Not counted: the browser keeps no cookie here. Open the poll in a window of "
        "its own and vote there.",
        "program": "Not counted: what sent this calls itself by the name of a program, not of a "
        "reader's browser.",
        "apart": "Not counted: the page around this frame lets nothing be sent from it (its "
        "sandbox attribute). Please vote in a window of its own.",
        "own_window": "Open in a window of its own",
        "address": "The poll's address:",
        "framed": "If the button “{button}” does nothing here, the page around this frame lets "
        "nothing be sent from it. Open this address in a window of its own:",
        "as_of": "As of {time}.",
        "too-many-requests": "Not counted: your network has just sent too much. Please try again "
        "in a minute.",
        "store-unavailable": "Not counted: the service is interrupted. Please try again shortly.",
        "unknown": "There is no such poll.",
        "kiosk-refused": "This device is not enrolled as a voting point, or was revoked. Please "
        "tell the staff.",
        "kiosk-pause": "Somebody has just voted. Your ballot will be sent in {n} seconds.",
        "kiosk_held": "Thank you for voting. Many ballots came from this point today, so yours "
        "waits for an administrator and is not in the results yet.",
        "kiosk_once": "Each person votes once.",
        "kiosk_back": "The screen returns to an empty ballot in {n} seconds.",
        "kiosk_sending": "Sending your ballot…",
        "kiosk_again": "Not sent: there is no connection. Trying again, please wait…",
        "full_screen": "Full screen",
        "enrol_title": "Enrol a voting point",
        "enrol_text": "This device becomes the voting point “{name}”, on which many people vote "
        "one after the other. Press the button only if this is the device that stands there.",
        "enrol": "Enrol this device",
        "enrol_spent": "This link has been used, or is older than an hour. Make a new one on the "
        "admin pages.",
        "refused": "Not counted: the request was refused.",
    },
}

_MONTHS = "January February March April May June July August September October November December"


def pick(texts: Mapping[str, str], lang: str, own_lang: str) -> str:
    """Return an administrator's text in `lang`, else in the poll's own language."""
    return texts.get(lang) or texts[own_lang]


def counted(unit: str, n: int, lang: str) -> str:
    """Return a number of `votes`, `ballots` or `voters` in words."""
    text = TEXTS[lang][unit].format(n=number(n, lang))
    return text.replace("votes", "vote").replace("voters", "voter") if n == 1 else text


def moment(iso: str, lang: str, zone: str) -> str:
    """Return a time in words, with the name of its zone and how far that is from UTC.

    Args:
        iso: the time, with the offset of the site's zone.
        lang: `vi` or `en`.
        zone: the site's time zone.
    """
    time = datetime.fromisoformat(iso)
    if lang == "vi":
        return f"{time:%H:%M} ngày {time:%d/%m/%Y}, {_zone(time, lang, zone)}"
    month = _MONTHS.split()[time.month - 1]
    return f"{time.day} {month} {time.year}, {time:%H:%M}, {_zone(time, lang, zone)}"


def _zone(time: datetime, lang: str, zone: str) -> str:
    """Return `giờ Việt Nam (UTC+7)`; `UTC` of a zone that is no country's."""
    minutes = round((time.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    offset = f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
    if zone == "UTC" or zone.startswith("Etc/"):
        return offset if minutes else "UTC"
    name = get_timezone_location(ZoneInfo(zone), locale=lang)
    return f"{name.replace('Giờ', 'giờ')} ({offset})"

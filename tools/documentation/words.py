"""The words around the pages in Vietnamese, of which the generator and its theme have few."""

VIETNAMESE = {
    "Back to top": "Về đầu trang",
    "Contents": "Nội dung",
    "Error": "Lỗi",
    "Home": "Trang đầu",
    "Made with": "Tạo bằng",
    "Next": "Tiếp theo",
    "On this page": "Trên trang này",
    "Please activate JavaScript to enable the search functionality.": (
        "Hãy bật JavaScript để tìm kiếm."
    ),
    "Previous": "Trước đó",
    "Search": "Tìm kiếm",
    "Skip to content": "Đến nội dung",
}

#: Those that the page of results says itself.
SEARCH = {
    "Searching": "Đang tìm",
    "Preparing search...": "Đang chuẩn bị tìm…",
    "Search Results": "Kết quả tìm kiếm",
    "Hide Search Matches": "Bỏ đánh dấu kết quả",
    ", in ": ", trong ",
    "Your search did not match any documents. Please make sure that all words are spelled "
    "correctly and that you've selected enough categories.": (
        "Không tìm thấy trang nào. Hãy thử ít từ hơn, hoặc từ khác."
    ),
    "Search finished, found one page matching the search query.": [
        "Tìm thấy ${resultCount} trang."
    ],
}

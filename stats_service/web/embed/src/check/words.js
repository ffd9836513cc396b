/** What the panel says by itself, as [Vietnamese, English]; the findings come from the service. */

import { options } from "./core.js";
import { english } from "../language.js";

const WORDS = {
  title: ["Kiểm tra bộ đếm", "Check of the counter"],
  waiting: ["Đang kiểm tra trang này…", "Checking this page…"],
  fine: ["Bộ đếm hoạt động đúng.", "The counter works as it should."],
  look: ["Bộ đếm hoạt động, có điều cần xem lại.", "The counter works, but something needs a look."],
  wrong: ["Có điều cần sửa.", "Something needs to be fixed."],
  stored: ["Kết quả đã hiện ở trang quản trị.", "The admin page has the result."],
  expired: [
    "Liên kết kiểm tra đã hết hạn nên trang quản trị không nhận kết quả. Hãy mở lại từ mục Gắn mã.",
    "The link has expired, so the admin page does not get the result. Open it again from there.",
  ],
  alone: [
    "Chỉ bạn thấy bảng này. Mở từ trang quản trị để biết nhiều hơn.",
    "Only you see this. Opened from the admin page it tells more.",
  ],
  again: ["Kiểm tra lại", "Check again"],
  close: ["Đóng", "Close"],
  bad: ["Lỗi", "Error"],
  warn: ["Cần xem lại", "Needs a look"],
  info: ["Lưu ý", "Note"],
  good: ["Đúng", "Right"],
  policy: [
    "Chính sách bảo mật (CSP) của trang chặn yêu cầu tới dịch vụ đếm.",
    "The page's Content-Security-Policy stops requests to the counting service.",
  ],
  policyText: [
    (origin) => `Thêm ${origin} vào connect-src.`,
    (origin) => `Add ${origin} to connect-src.`,
  ],
  blocked: ["Không yêu cầu nào tới được dịch vụ đếm.", "No request reaches the counting service."],
  blockedText: [
    (origin) => `Tiện ích chặn quảng cáo, bộ lọc mạng, hoặc ${origin} không chạy.`,
    (origin) => `An ad blocker or a filter of the network is in the way, or ${origin} does not run.`,
  ],
  unreadable: [
    "Dịch vụ đếm có trả lời nhưng không cho trang này đọc.",
    "The counting service answers, but not to this page.",
  ],
  unreadableText: [
    () =>
      `Tên miền ${location.host} chưa có trong phần cài đặt của trang web, hoặc data-site (“${options.site || ""}”) viết sai.`,
    () =>
      `The host ${location.host} is not among the site's, or data-site (“${options.site || ""}”) is misspelt.`,
  ],
  siteless: ["Đoạn mã không cho biết thuộc trang web nào.", "The snippet does not say which site."],
  sitelessText: [
    "Thêm data-site, hoặc ?site=… vào sau địa chỉ của tệp trong src: nhiều trình quản lý thẻ xóa data-site.",
    "Add data-site, or ?site=… to the address in src: many tag managers remove data-site.",
  ],
  refused: ["Dịch vụ đếm từ chối yêu cầu.", "The counting service refuses the request."],
  refusedText: [
    (origin, status) => `${origin} trả lời với mã ${status}.`,
    (origin, status) => `${origin} answers with status ${status}.`,
  ],
};

export const say = (key, ...values) => {
  const word = WORDS[key][english(document.documentElement)];
  return typeof word == "string" ? word : word(...values);
};

/** Every word of polls and ratings, as [Vietnamese, English]; numbers come in the reader's form. */

import { english, number } from "../language.js";

/** English alone has a plural. */
const count = (n, word, [written]) => `${written} ${word}${n == 1 ? "" : "s"}`;

const WORDS = {
  vote: ["Bình chọn", "Vote"],
  sending: ["Đang gửi…", "Sending…"],
  again: ["Gửi lại", "Send again"],
  results: ["Xem kết quả", "See results"],
  back: ["Quay lại bình chọn", "Back to voting"],
  change: ["Đổi lựa chọn", "Change my vote"],
  keep: ["Giữ nguyên", "Keep my vote"],
  reload: ["Thử lại", "Try again"],
  other: ["Ý kiến khác", "Another answer"],
  otherText: ["Ý kiến khác của bạn", "Your own answer"],
  otherNote: ["Được kiểm duyệt trước khi hiển thị.", "Reviewed before it is shown."],
  others: [(n) => `Ý kiến khác đã duyệt (${n})`, (n) => `Other answers (${n})`],
  own: ["Bạn đã chọn", "Your choice"],
  hidden: ["không còn nhận phiếu", "no longer offered"],

  hintAny: ["Có thể chọn nhiều mục.", "Choose as many as you like."],
  hintMax: [(n) => `Chọn nhiều nhất ${n} mục.`, (n) => `Choose up to ${n} answers.`],
  hintExact: [(n) => `Chọn đúng ${n} mục.`, (n) => `Choose exactly ${n} answers.`],
  hintRange: [(a, b) => `Chọn từ ${a} đến ${b} mục.`, (a, b) => `Choose ${a} to ${b} answers.`],
  chosen: [(n, max) => `Đã chọn ${n}/${max}.`, (n, max) => `${n} of ${max} chosen.`],
  pickOne: ["Vui lòng chọn một mục.", "Please choose an answer."],
  pickMore: [
    (n) => `Vui lòng chọn ít nhất ${n} mục.`,
    (n, written) => `Please choose at least ${count(n, "answer", written)}.`,
  ],
  pickLess: [
    (max, extra) => `Chỉ được chọn nhiều nhất ${max} mục: hãy bỏ bớt ${extra} mục.`,
    (max, extra) => `Only ${max} answers can be chosen: please unselect ${extra}.`,
  ],
  writeOther: [
    "Vui lòng viết ý kiến khác của bạn, hoặc bỏ chọn mục này.",
    "Please write your own answer, or choose another one.",
  ],

  once: ["Mỗi trình duyệt bình chọn một lần.", "One vote per browser."],
  daily: ["Mỗi trình duyệt bình chọn mỗi ngày một lần.", "One vote a day per browser."],
  changeable: [
    "Có thể đổi lựa chọn cho đến khi kết thúc; vì vậy lựa chọn của bạn được lưu đến lúc đó.",
    "You can change your vote until the poll closes; your choice is kept until then.",
  ],
  "after-voting": ["Kết quả hiện ra sau khi bạn bình chọn.", "Results appear once you have voted."],
  "after-closing": [
    "Kết quả được công bố sau khi kết thúc bình chọn.",
    "Results are published when the poll has closed.",
  ],
  admins: ["Kết quả của bình chọn này không công bố tại đây.", "Results are not published here."],
  closes: ["Kết thúc", "Closes"],
  closed: ["Đã kết thúc", "Closed"],
  opens: ["Bắt đầu", "Opens"],

  none: ["Hiện không có cuộc bình chọn nào.", "There is no poll at the moment."],
  noneOlder: ["Chưa có cuộc bình chọn nào kết thúc.", "No poll has closed yet."],
  scheduled: ["Cuộc bình chọn này chưa bắt đầu.", "This poll has not opened yet."],
  over: ["Cuộc bình chọn này đã kết thúc.", "This poll has closed."],
  unloaded: ["Chưa tải được phần này.", "This could not be loaded."],

  counted: ["Cảm ơn bạn đã bình chọn.", "Thank you for voting."],
  changed: ["Lựa chọn mới của bạn đã được ghi nhận.", "Your new choice has been recorded."],
  held: [
    "Đã nhận phiếu của bạn. Có nhiều phiếu đến từ cùng một mạng nên phiếu này chờ quản trị viên " +
      "duyệt, chưa tính vào kết quả.",
    "Your ballot has arrived. Many came from the same network, so this one waits for review and " +
      "does not count yet.",
  ],
  voted: ["Trình duyệt này đã bình chọn.", "This browser has voted."],
  already: [
    "Trình duyệt này đã bình chọn trước đó, nên phiếu vừa gửi không được tính.",
    "This browser had already voted, so the ballot just sent was not counted.",
  ],
  tooLate: [
    "Phiếu vừa gửi không được tính vì cuộc bình chọn không còn mở.",
    "The ballot just sent was not counted: the poll is not open.",
  ],
  leading: [(first) => `Dẫn đầu: ${first}.`, (first) => `In the lead: ${first}.`],
  tied: [
    (all, share) => `Cùng dẫn đầu: ${all}, mỗi mục ${share}.`,
    (all, share) => `Tied for the lead: ${all}, ${share} each.`,
  ],
  tiedMany: [
    (n, share) => `${n} mục cùng dẫn đầu, mỗi mục ${share}.`,
    (n, share) => `${n} answers are tied for the lead, ${share} each.`,
  ],

  checking: [
    "Đang làm phép tính chống gian lận, mất vài giây…",
    "Running an anti-fraud calculation, a few seconds…",
  ],
  unsure: [
    "Chưa gửi được, máy chủ chưa xác nhận. Lựa chọn của bạn vẫn được giữ: hãy gửi lại, " +
      "phiếu chỉ tính một lần.",
    "Not confirmed: the service did not answer. Your choice is kept. Please send it again; it " +
      "counts only once.",
  ],
  unsureScore: [
    "Chưa gửi được, máy chủ chưa xác nhận. Điểm bạn chọn vẫn được giữ: hãy gửi lại.",
    "Not confirmed: the service did not answer. Your score is kept: please send it again.",
  ],
  busy: [
    (n) => `Đang có quá nhiều lượt gửi. Lựa chọn của bạn vẫn được giữ: hãy gửi lại sau ${n} giây.`,
    (n, written) =>
      `Too much is being sent. Your choice is kept: please send it again in ${count(n, "second", written)}.`,
  ],
  refused: [
    "Máy chủ không nhận ra trình duyệt này. Hãy tải lại trang rồi thử lại.",
    "The service does not recognise this browser. Reload the page and try again.",
  ],
  refusedStorage: [
    "Trình duyệt này không cho trang web lưu dữ liệu (cửa sổ riêng tư?), nên máy chủ không nhận ra. " +
      "Hãy thử trong cửa sổ thường.",
    "This browser lets the page store nothing (a private window?), so the service does not " +
      "recognise it. Try a normal window.",
  ],
  "proof-refused": [
    "Phép tính chống gian lận không được chấp nhận. Hãy gửi lại.",
    "The anti-fraud calculation was not accepted. Please send again.",
  ],
  program: [
    "Máy chủ coi trình duyệt này là chương trình tự động nên không nhận.",
    "The service takes this browser for a program, and does not accept it.",
  ],
  "invalid-input": [
    "Máy chủ không nhận lựa chọn này. Hãy xem lại rồi gửi lại.",
    "The service did not accept this choice. Please look at it again.",
  ],
  link: [
    "Ý kiến khác của bạn không được có liên kết hay mã HTML.",
    "Your own answer may have neither links nor HTML.",
  ],
  sign: [
    "Ý kiến khác của bạn có ký tự không hiển thị được.",
    "Your own answer has a character that cannot be shown.",
  ],
  "poll-replaced": [
    "Cuộc bình chọn này vừa được làm lại từ đầu. Hãy tải lại trang rồi bình chọn.",
    "This poll was begun anew. Reload the page, then vote.",
  ],
  elsewhere: ["Trang này không gửi được.", "Nothing can be sent from this page."],

  votes: [(n) => `${n} phiếu`, (n, written) => count(n, "vote", written)],
  ballots: [(n) => `Tổng số: ${n} phiếu.`, (n, written) => `${count(n, "vote", written)} in total.`],
  voters: [
    (n) => `${n} người bình chọn.`,
    (n, written) => `${count(n, "voter", written)}.`,
  ],
  ofVoters: [
    "Tỷ lệ tính trên số người bình chọn nên cộng lại có thể vượt 100%.",
    "Percentages are of voters, and may add up to more than 100%.",
  ],
  ofVotersShort: ["số người bình chọn", "of voters"],

  rate: ["Đánh giá cho bài viết:", "Rate this article:"],
  rated: ["Đánh giá:", "Rating:"],
  score: [(n, scale) => `${n} trên ${scale} điểm`, (n, scale) => `${n} out of ${scale}`],
  points: [(n) => `${n} điểm`, (n, written) => count(n, "point", written)],
  unrated: ["Chưa có đánh giá", "Not rated yet"],
  undo: ["Bỏ đánh giá của tôi", "Take my rating back"],
  withdrawnScore: ["Đã bỏ đánh giá của bạn.", "Your rating is taken back."],
  heldScore: [
    "Đánh giá của bạn chờ quản trị viên duyệt, chưa tính vào kết quả.",
    "Your rating waits for review and does not count yet.",
  ],
  ratings: [(n) => `${n} đánh giá`, (n, written) => count(n, "rating", written)],
  useful: ["Hữu ích", "Helpful"],
  useless: ["Chưa hữu ích", "Not helpful"],
  share: [(share) => `${share} thấy hữu ích`, (share) => `${share} found it helpful`],
  send: ["Gửi đánh giá", "Send my rating"],
  spread: ["Chi tiết đánh giá", "Rating details"],
  countedScore: ["Cảm ơn bạn đã đánh giá.", "Thank you for your rating."],
  changedScore: ["Điểm mới của bạn đã được ghi nhận.", "Your new score has been recorded."],
  ownScore: [
    (n, scale) => `Bạn đã chấm ${n} trên ${scale} điểm.`,
    (n, scale) => `You gave ${n} out of ${scale}.`,
  ],
  ownThumb: [(n) => `Bạn đã chọn “${n}”.`, (n) => `You chose “${n}”.`],
  until: ["Có thể đổi hoặc bỏ đến", "You can change it or take it back until"],
  fixed: [
    "Trình duyệt này đã đánh giá bài viết và hết thời gian đổi điểm.",
    "This browser has rated the article, and the score can no longer be changed.",
  ],
  unknown: [
    "Bài viết này chưa nhận đánh giá.",
    "This article does not take ratings yet.",
  ],
};

/** A number as it is written there, 4,5 and 4.5 as well. */
const figure = (n, element) =>
  n % 1 ? `${n}`.replace(".", english(element) ? "." : ",") : number(n, element);

/** What percentage of `total` a number is, to a tenth, as `percent_of` of the service has it. */
export const percentOf = (n, total) => {
  const tenths = Math.round((n * 1000) / total);
  return n && !tenths ? 0.05 : tenths == 1000 && n < total ? 99.95 : tenths / 10;
};

/** A percentage of votes, as `percent_text` of the service writes it: no minority is nobody. */
export const percentage = (percent, element) =>
  (percent == 0.05
    ? "<" + figure(0.1, element)
    : percent == 99.95
      ? ">" + figure(99.9, element)
      : figure(percent, element)) + "%";

/** The key itself if there are words for it: reasons and codes of the service are keys as well. */
export const wordOf = (key) => WORDS[key] && key;

/** Say something in the language of the page around `element`. */
export const say = (element, key, ...values) => {
  const word = WORDS[key][english(element)];
  if (typeof word != "function") return word;
  const written = values.map((value) => (+value === value ? figure(value, element) : value));
  return english(element) && word.length > values.length
    ? word(...values, written)
    : word(...written);
};

/** The language tag for dates and numbers. */
export const language = (element) => (english(element) ? "en" : "vi");

/**
 * A text that an administrator wrote, as a node in the page's language or the nearest there is.
 *
 * Its `lang` is set where it is not that of the page, so that it is read aloud as what it is.
 */
export const written = (element, texts, fallback) => {
  const wanted = (element.closest("[lang]") || element).lang || "vi";
  const primary = wanted.split("-")[0].toLowerCase();
  const found = [wanted, primary, fallback, ...Object.getOwnPropertyNames(texts)].filter((tag) => tag in texts)[0];
  const node = document.createElement("span");
  node.textContent = texts[found];
  if (found.split("-")[0] != primary) node.lang = found;
  return node;
};

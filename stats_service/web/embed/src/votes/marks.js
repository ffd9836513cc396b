/**
 * Widgets in a form that survives every editor: `<div data-stats="poll">Bình chọn</div>`.
 *
 * The widget goes into the element, and what the page has there into the widget.
 */

const TAGS = { poll: "stats-poll", rating: "stats-rating", archive: "stats-poll-archive" };
const MARKS = "[data-stats=poll],[data-stats=rating],[data-stats=archive]";
/**
 * What is taken over, and nothing else: with `data-onclick` an author would run scripts whom the
 * portal lets write `data-…` alone.
 */
const ATTRIBUTE = /^data-(poll|results|article|limit|readonly|label|classic)$/;
/** How long elements that come one by one are gathered, in milliseconds. */
const GATHERING_MS = 50;

const upgrade = (mark) => {
  const tag = TAGS[mark.getAttribute("data-stats")];
  if (mark.querySelector(tag)) return;
  const widget = document.createElement(tag);
  for (const { name, value } of mark.attributes) {
    const found = ATTRIBUTE.exec(name);
    if (found) widget.setAttribute(found[1], value);
  }
  widget.append(...mark.childNodes);
  mark.append(widget);
};

/** Make widgets of all that are on the page. */
export const upgradeMarks = () => {
  for (const mark of document.querySelectorAll(MARKS)) upgrade(mark);
};

/** Do so with those that come later as well. */
export const watchMarks = () => {
  let waiting;
  const soon = () => {
    waiting =
      waiting ||
      setTimeout(() => {
        waiting = 0;
        upgradeMarks();
      }, GATHERING_MS);
  };
  new MutationObserver(soon).observe(document, { childList: true, subtree: true });
};

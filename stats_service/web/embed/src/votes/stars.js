/** Stars and thumbs, drawn: the average to the half star, and what a finger or key points at. */

import { draw } from "./dom.js";

const STAR =
  "M12 2.6l2.9 5.9 6.5.9-4.7 4.6 1.1 6.5-5.8-3.1-5.8 3.1 1.1-6.5-4.7-4.6 6.5-.9z";
const THUMB =
  "M3 11h4v9H3zM9 11l3-7h1a2 2 0 0 1 2 2.3L14.4 10H19a2 2 0 0 1 2 2.4l-1.3 6A2 2 0 0 1 17.7 20H9z";
const SIZE = 24;

const picture = (...children) =>
  draw(
    "svg",
    { viewBox: `0 0 ${SIZE} ${SIZE}`, width: SIZE, height: SIZE, "aria-hidden": true },
    ...children,
  );

/** One star: its outline, the part that the average fills, and the whole as it is picked. */
export const star = () => {
  const share = draw(
    "svg",
    { class: "average", width: 0, height: SIZE, viewBox: `0 0 0 ${SIZE}` },
    draw("path", { class: "full", d: STAR }),
  );
  const element = picture(
    draw("path", { class: "empty", d: STAR }),
    share,
    draw("path", { class: "picked", d: STAR }),
  );
  /** Fill the star from 0 to 1. */
  element.fill = (part) => {
    share.setAttribute("width", part * SIZE);
    share.setAttribute("viewBox", `0 0 ${part * SIZE} ${SIZE}`);
  };
  return element;
};

/** Fill a row of stars with an average, to the half star. */
export const fillStars = (stars, average) => {
  const rounded = Math.round(average * 2) / 2;
  stars.forEach((one, index) => one.fill(Math.min(1, Math.max(0, rounded - index))));
};

export const thumb = (isUp) =>
  picture(
    draw("path", { class: "thumb", d: THUMB, ...(isUp ? {} : { transform: "rotate(180 12 12)" }) }),
  );

/** Widgets as links, which editors keep that take attributes away: `<a href="#data-stats=poll&data-poll=moi">`. */

/** What a link may say; no other attribute is made of it. */
const NAME = /^(lang|data-(stats|rows|labels|poll|results|limit|article|readonly|label|classic|by|span|only|exclude|numbers))$/;

const decoded = (text) => {
  try {
    return decodeURIComponent(text.replace(/\+/g, " "));
  } catch (_) {
    return text;
  }
};

/** Put an element with the same words in the place of each link: `<span data-stats="poll" data-poll="moi">`. */
export const fillMarks = () => {
  for (const link of document.querySelectorAll('a[href*="#data-stats="]')) {
    const mark = document.createElement("span");
    // Not its `hash`: an editor may have put "http://" before it, which is no address.
    for (const part of (link.getAttribute("href") || "").split("#")[1].split("&")) {
      const [name, ...value] = part.split("=");
      if (NAME.test(name)) mark.setAttribute(name, decoded(value.join("=")));
    }
    mark.textContent = link.textContent;
    link.replaceWith(mark);
  }
};

/** Text in an element, with what the page had there for want of it. */

/** Put text into an element, or, if it is empty, the text that the page itself had there. */
export const put = (element, content) => {
  if (element.statsText == null) element.statsText = element.textContent;
  content = content || element.statsText;
  if (element.textContent != content) element.textContent = content;
};

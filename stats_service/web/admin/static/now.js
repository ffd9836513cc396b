// The page of what happens now renews itself: every ten seconds it fetches itself and takes over what
// has changed, so that nothing flickers, and whoever reads a table or has the focus in it keeps both.
// It stops while nobody can see it.
"use strict";
(() => {
  /** Milliseconds between two renewals, and after which one is given up. */
  const EVERY = 10_000, PATIENCE = 8_000;
  const place = document.querySelector("[data-now]");
  const stale = document.querySelector("[data-stale]");
  let timer = 0, under_way = false;

  /** Make an element like another one of the same kind, touching only what differs. */
  const follow = (element, next) => {
    for (const { name } of [...element.attributes]) {
      // Whether somebody has opened a table is not the server's to say.
      if (!next.hasAttribute(name) && name !== "open") element.removeAttribute(name);
    }
    for (const { name, value } of next.attributes) {
      if (element.getAttribute(name) !== value) element.setAttribute(name, value);
    }
    const before = [...element.childNodes], after = [...next.childNodes];
    after.forEach((node, n) => {
      const old = before[n];
      if (!old) element.append(document.importNode(node, true));
      else if (old.nodeName !== node.nodeName) old.replaceWith(document.importNode(node, true));
      else if (old.nodeType === Node.ELEMENT_NODE) follow(old, node);
      else if (old.nodeValue !== node.nodeValue) old.nodeValue = node.nodeValue;
    });
    for (const old of before.slice(after.length)) old.remove();
  };

  /** Say since when the numbers stand still; once, for a live region reads it out. */
  const say = () => {
    if (!stale.hidden || !place.dataset.now) return;
    stale.textContent = stale.dataset.stale.replace("{time}", place.dataset.now.slice(0, 5));
    stale.hidden = false;
  };

  const renew = async () => {
    clearTimeout(timer);
    if (document.hidden || under_way) return;
    under_way = true;
    try {
      const answer = await fetch(place.dataset.from, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      // The link of a television was revoked: the page that says so takes this one's place.
      if (answer.status === 404) return void location.reload();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.querySelector("[data-now]");
      if (answer.ok && next) {
        document.title = page.title;
        document.documentElement.lang = page.documentElement.lang;
        follow(place, next);
        stale.hidden = true;
      } else say();
    } catch {
      say();
    } finally {
      under_way = false;
    }
    timer = setTimeout(renew, EVERY);
  };

  const stayAwake = () => {
    if (document.body.classList.contains("screen")) navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return clearTimeout(timer);
    stayAwake();
    renew();
  });
  stayAwake();
  timer = setTimeout(renew, EVERY);
})();

/* The page of a kiosk: one element changes its content, so that the screen stays full; the same
   ballot is sent until it is answered; whoever walks away leaves an empty ballot behind. Without it
   the page is a plain form that goes back by itself. */
"use strict";
(() => {
  /** Milliseconds without a touch or a key after which a ballot that was begun is emptied. */
  const IDLE = 60_000;
  /** Milliseconds between two attempts, and after which an attempt is given up. */
  const RETRY = 2_000, PATIENCE = 10_000;
  let timer = 0, sending = false, left = false;

  const main = () => document.querySelector("main");
  const later = (what, milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(what, milliseconds);
  };

  /** Ask for a page of ours; null if there is no answer, or none that is for people. */
  const ask = async (address, options = {}) => {
    try {
      const answer = await fetch(address, { ...options, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      if (answer.status === 503 || answer.status === 502 || answer.status === 504) return null;
      const text = await answer.text();
      // A page of somebody else's, such as a Wi-Fi's sign-in or a proxy's error, is no answer.
      return text.includes("data-home=") ? text : null;
    } catch {
      return null;
    }
  };

  const show = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const next = page.querySelector("main");
    if (!next) return;
    document.documentElement.lang = page.documentElement.lang;
    document.title = page.title;
    main().replaceWith(document.adoptNode(next));
    scrollTo(0, 0);
    document.getElementById("message")?.focus();
    wait();
  };

  /** Begin what the content says comes next by itself. */
  const wait = () => {
    const { back, again } = main().dataset;
    offerFullScreen();
    if (again) later(() => send(main().querySelector("form")), Number(again) * 1000);
    else later(() => empty(), back ? Number(back) * 1000 : IDLE);
  };

  /** Show an empty ballot; what is shown stays while the service is away. */
  const empty = async (address = main().dataset.home) => {
    if (sending) return;
    const text = await ask(address);
    if (text) show(text);
    else later(() => empty(), RETRY);
  };

  const send = async (form) => {
    if (sending || !form) return;
    sending = true;
    clearTimeout(timer);
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    const state = form.querySelector("[data-state]");
    const say = (text) => {
      if (state) Object.assign(state, { textContent: text, hidden: false });
    };
    form.setAttribute("aria-busy", "true");
    say(main().dataset.sending);
    let text = await ask(form.action, { method: "POST", body });
    while (text === null) {
      say(main().dataset.retrying);
      await new Promise((done) => setTimeout(done, RETRY));
      text = await ask(form.action, { method: "POST", body });
    }
    sending = false;
    show(text);
  };

  const offerFullScreen = () => {
    const button = main().querySelector("[data-full]");
    if (button) button.hidden = !document.fullscreenEnabled || Boolean(document.fullscreenElement);
  };
  const fillScreen = () => document.documentElement.requestFullscreen?.().catch(() => {});

  document.addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target);
  });
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const link = /** @type {HTMLAnchorElement} */ (target.closest("a[href]"));
    if (link) {
      event.preventDefault();
      empty(link.href);
    } else if (target.closest("[data-full]")) {
      left = false;
      fillScreen();
    } else if (!left && !document.fullscreenElement) {
      fillScreen();
    }
  });
  document.addEventListener("fullscreenchange", () => {
    // Whoever has left it by a key wants it so.
    left = !document.fullscreenElement;
    offerFullScreen();
  });
  for (const kind of ["pointerdown", "keydown", "input"]) {
    document.addEventListener(kind, () => {
      const { back, again } = main().dataset;
      if (!sending && !back && !again) later(() => empty(), IDLE);
    });
  }
  document.addEventListener("contextmenu", (event) => event.preventDefault());
  addEventListener("pageshow", (event) => {
    if (event.persisted) empty();
  });
  const stayAwake = () => {
    if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", stayAwake);
  stayAwake();
  wait();
})();

// Inside the preview: the script's requests are answered by the admin pages, and nothing is counted.
"use strict";

(() => {
  const { api, page, token } = /** @type {any} */ (document.currentScript).dataset;
  const base = new URL(api, location.href).href;
  const native = window.fetch.bind(window);
  const made = document.getElementById("sample");
  const sample = made && JSON.parse(made.textContent);
  const refused = () => Response.json({ code: "preview" }, { status: 403 });

  const fromSample = (path, request) => {
    const [name, query] = path.split("?");
    const articles = (keys) =>
      Object.fromEntries(keys.map((key) => [key, { ...sample.page.article, key }]));
    if (name === "page") {
      const asked = JSON.parse(request.body);
      return Response.json({
        ...sample.page,
        articles: articles(asked.articles || []),
        poll: asked.poll ? sample.poll : undefined,
      });
    }
    if (request.method === "POST") return refused();
    if (name === "top") return Response.json({ articles: sample.top });
    if (name === "polls") return Response.json({ polls: sample.closed });
    if (name === "ratings") {
      return Response.json({ ratings: articles(new URLSearchParams(query).getAll("article")) });
    }
    return Response.json(sample.poll);
  };

  window.fetch = async (url, request = {}) => {
    if (!String(url).startsWith(base)) return native(url, request);
    const path = String(url).slice(base.length);
    if (sample) return fromSample(path, request);
    if (path === "page") {
      const headers = { "X-CSRFToken": token };
      return native(page, { ...request, headers, credentials: "same-origin" });
    }
    return request.method === "POST" ? refused() : native(url, request);
  };
})();

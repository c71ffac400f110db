/* The page's line to the live channel: it says what comes (`live:told`) and whether the line stands (`live:open`,
   `live:lost`, `live:away`). The bell listens on every page, the dashboard too where there is one. */
(() => {
  "use strict";

  const OPEN_LIMIT = 4000; // a channel that has not answered by then is helped by questions
  const RETRY = 30000; // a channel that refused is tried again
  const AWAY = 5000; // a page that nobody looks at leaves the channel

  const say = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
  const bell = () => document.getElementById("bell");

  // One line for the whole page: a dashboard's brings the bell's number along.
  function address() {
    const dashboard = document.querySelector("[data-dashboard]");
    const place = dashboard || document.getElementById("bell-told");
    return (place && place.dataset.live) || "";
  }

  let source = null;
  let open = false;
  let ended = false;
  let away = null;
  let retry = null;

  // For whoever wants to know how this page hears of changes.
  const mark = () => { document.documentElement.dataset.line = open ? "open" : "lost"; };

  function lost() {
    open = false;
    mark();
    say("live:lost");
  }

  function connect() {
    clearTimeout(retry);
    if (ended || source) return;
    if (!address() || !window.EventSource) { lost(); return; }
    source = new EventSource(address(), { withCredentials: true });
    const late = setTimeout(lost, OPEN_LIMIT);
    source.addEventListener("open", () => { clearTimeout(late); open = true; mark(); say("live:open"); });
    source.addEventListener("conteggi", (event) => hear(JSON.parse(event.data)));
    // Whoever may no longer read is told why by the page itself.
    source.addEventListener("fine", () => { disconnect(); lost(); });
    source.addEventListener("error", () => {
      clearTimeout(late);
      lost();
      if (source && source.readyState === EventSource.CLOSED) { disconnect(); retry = setTimeout(connect, RETRY); }
    });
  }

  function disconnect() {
    if (source) source.close();
    source = null;
    open = false;
  }

  function hear(told) {
    if (bell() && String(told.bell) !== bell().dataset.unread) window.htmx.trigger(bell(), "told");
    if (told.states) say("live:told", told);
  }

  // The bell asks by the clock only while nobody tells it.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id !== "bell" || !open) return;
    const cause = event.detail.requestConfig.triggeringEvent;
    if (!cause || cause.type !== "told") event.preventDefault();
  });

  document.addEventListener("live:stop", () => { ended = true; disconnect(); });
  document.addEventListener("visibilitychange", () => {
    clearTimeout(away);
    if (document.hidden) away = setTimeout(() => { disconnect(); say("live:away"); }, AWAY);
    else connect();
  });
  window.addEventListener("pagehide", disconnect);
  window.addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
  document.addEventListener("DOMContentLoaded", connect);
})();

/* The dashboards: counts that follow by themselves, tabs, tooltips, gadgets that are dragged. */
(() => {
  "use strict";

  const POLL = 2000; // milliseconds between two questions where the live channel is silent
  const ANNOUNCE = 10000; // a screen reader hears of changes no more often

  const numbers = new Intl.NumberFormat("it-IT", { useGrouping: "always" });
  const root = () => document.querySelector("[data-dashboard]");
  const all = (selector, within = root()) => [...within.querySelectorAll(selector)];

  // --- what is shown

  let told = false;
  let changes = new Map();
  let announcing = null;

  function notice(level, message) {
    document.dispatchEvent(new CustomEvent("notice", { detail: { level, message } }));
  }

  function show(element, value) {
    const text = numbers.format(value);
    if (element.textContent === text) return false;
    element.textContent = text;
    return true;
  }

  function apply(figures) {
    if (String(figures.version) !== root().dataset.version && !told) {
      told = true;
      notice("warning", root().dataset.textVersion);
    }
    for (const element of all("[data-count]")) {
      const value = figures.states[element.dataset.count];
      if (value === undefined || !show(element, value)) continue;
      element.classList.remove("is-new");
      void element.offsetWidth; // lets the animation begin again
      element.classList.add("is-new");
      changes.set(element.dataset.title, element.textContent);
    }
    for (const badge of all("[data-tab-count]")) {
      const counts = all(".ft-gadget:not(.ft-gadget-hidden) [data-count]", document.getElementById(badge.dataset.tabCount));
      if (counts.length) show(badge, counts.reduce((sum, each) => sum + (figures.states[each.dataset.count] || 0), 0));
    }
    for (const badge of all("[data-kind-count]")) {
      if (badge.dataset.kindCount in figures.kinds) show(badge, figures.kinds[badge.dataset.kindCount]);
    }
    for (const element of all("[data-others]")) show(element, figures.others);
    for (const line of all("[data-others-line]")) line.hidden = !figures.others;
    announce();
  }

  function announce() {
    if (!changes.size || announcing) return;
    all("[data-announce]").forEach((region) => {
      region.textContent = [...changes].map(([title, count]) => `${title}: ${count}`).join(". ");
    });
    changes = new Map();
    announcing = setTimeout(() => { announcing = null; announce(); }, ANNOUNCE);
  }

  // --- where it comes from: the channel of the page (live.js), or questions

  let polling = null;
  let ended = false;

  function ask(wanted) {
    if (!wanted) { clearInterval(polling); polling = null; return; }
    if (polling || ended) return;
    root().dataset.channel = "poll";
    question();
    polling = setInterval(question, POLL);
  }

  async function question() {
    if (document.hidden || ended) return;
    let answer;
    try {
      answer = await fetch(root().dataset.poll, { headers: { Accept: "application/json" }, redirect: "manual" });
    } catch {
      return; // the server does not answer: the next question comes in two seconds
    }
    if (answer.ok) { apply(await answer.json()); return; }
    if (answer.type === "opaqueredirect" || answer.status === 404) stop(root().dataset.textEnded);
    else if (answer.status === 409) stop(root().dataset.textElsewhere);
  }

  function stop(message) {
    ended = true;
    ask(false);
    document.dispatchEvent(new CustomEvent("live:stop"));
    notice("warning", message);
  }

  document.addEventListener("live:open", () => { ask(false); root().dataset.channel = "live"; });
  document.addEventListener("live:told", (event) => apply(event.detail));
  document.addEventListener("live:lost", () => ask(true));
  document.addEventListener("live:away", () => ask(false));

  // --- tabs

  function choose(tab, focus) {
    for (const each of all("[role=tab]", tab.closest("[role=tablist]"))) {
      const chosen = each === tab;
      each.setAttribute("aria-selected", String(chosen));
      each.tabIndex = chosen ? 0 : -1;
      document.getElementById(each.getAttribute("aria-controls")).hidden = !chosen;
    }
    history.replaceState(null, "", tab.href);
    if (focus) tab.focus();
  }

  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (!tab || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(tab, false);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") all(".ft-tip").forEach((tip) => tip.classList.add("is-dismissed"));
    const tab = event.target.closest("[role=tab]");
    if (!tab) return;
    if (event.key === " ") { event.preventDefault(); choose(tab, true); return; }
    const tabs = all("[role=tab]", tab.closest("[role=tablist]"));
    const here = tabs.indexOf(tab);
    const there = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (there === undefined) return;
    event.preventDefault();
    choose(tabs[(there + tabs.length) % tabs.length], true);
  });

  // --- tooltips: Escape puts them away until the pointer or the focus leaves

  const again = (event) => {
    const gadget = event.target.closest && event.target.closest(".ft-gadget");
    if (gadget && !gadget.contains(event.relatedTarget)) all(".ft-tip", gadget).forEach((tip) => tip.classList.remove("is-dismissed"));
  };
  document.addEventListener("mouseout", again);
  document.addEventListener("focusout", again);

  // --- gadgets that are dragged; the buttons beside them do the same

  let dragged = null;

  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("[data-order] > .ft-gadget");
    if (!dragged) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.code);
    dragged.classList.add("is-dragged");
  });
  document.addEventListener("dragover", (event) => {
    const over = event.target.closest && event.target.closest("[data-order] > .ft-gadget");
    all(".is-over").forEach((each) => each.classList.remove("is-over"));
    if (!dragged || !over || over === dragged || over.parentElement !== dragged.parentElement) return;
    event.preventDefault();
    over.classList.add("is-over");
  });
  document.addEventListener("drop", (event) => {
    const over = event.target.closest("[data-order] > .ft-gadget");
    if (!dragged || !over || over === dragged || over.parentElement !== dragged.parentElement) return;
    event.preventDefault();
    const list = over.parentElement;
    const gadgets = [...list.children];
    if (gadgets.indexOf(dragged) < gadgets.indexOf(over)) over.after(dragged);
    else over.before(dragged);
    const order = [...list.children].map((each) => each.dataset.code).join(" ");
    const values = { azienda: list.dataset.company, comando: "ordina", scheda: list.dataset.tab, ordine: order };
    window.htmx.ajax("POST", list.dataset.order, { source: list, target: "#board", swap: "innerHTML", values });
  });
  document.addEventListener("dragend", () => {
    all(".is-dragged, .is-over").forEach((each) => each.classList.remove("is-dragged", "is-over"));
    dragged = null;
  });
})();

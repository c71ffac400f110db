/* One state's page: its sections become tabs, and the picker of states follows the dashboards that are ticked. */
(() => {
  "use strict";

  const form = document.querySelector("form[data-tabs]");
  if (!form) return;
  const panels = [...form.querySelectorAll("[data-tab]")];
  const field = form.querySelector("[data-tab-field]");
  const list = document.createElement("div");
  list.className = "st-tabs";
  list.setAttribute("role", "tablist");

  const tabs = panels.map((panel) => {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = "tab-" + panel.id;
    tab.textContent = panel.dataset.tab;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", panel.id);
    if ("marked" in panel.dataset) {
      tab.dataset.marked = "";
      const words = document.createElement("span");
      words.className = "visually-hidden";
      words.textContent = " (" + panel.dataset.marked + ")";
      tab.append(words);
    }
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => show(panel.id));
    list.append(tab);
    return tab;
  });
  form.insertBefore(list, panels[0]);

  function needs(panel) {
    const box = panel.dataset.tabNeeds && document.getElementById(panel.dataset.tabNeeds);
    return !box || box.checked;
  }

  function show(id) {
    const wanted = panels.find((panel) => panel.id === id && needs(panel)) || panels[1];
    panels.forEach((panel, n) => {
      const here = panel === wanted;
      panel.hidden = !here;
      tabs[n].hidden = !needs(panel);
      tabs[n].setAttribute("aria-selected", String(here));
      tabs[n].tabIndex = here ? 0 : -1;
      // On a telephone the tabs are one line that scrolls.
      if (here) list.scrollLeft = tabs[n].offsetLeft - list.offsetLeft - 40;
    });
    field.value = wanted.id;
  }

  list.addEventListener("keydown", (event) => {
    const open = tabs.filter((tab) => !tab.hidden);
    const here = open.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    let next = step && open[(here + step + open.length) % open.length];
    if (event.key === "Home") next = open[0];
    if (event.key === "End") next = open[open.length - 1];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.click();
  });

  // Where something is wrong first, then where a link or the last save points to.
  const wrong = form.querySelector("[data-first-error]");
  const start = wrong ? wrong.closest("[data-tab]").id : location.hash.slice(1) || field.value;
  show(start);
  if (wrong) wrong.closest("details") && (wrong.closest("details").open = true);
  window.addEventListener("hashchange", () => show(location.hash.slice(1)));
  // A link to a tab must not leave its panel under the header of the page.
  if (location.hash) window.scrollTo(0, 0);

  const reserved = document.getElementById("reserved");
  reserved.addEventListener("change", () => show(field.value));

  // "Solo stati con le stesse abilitazioni attive": the picker shows what fits the boxes as they are now.
  const picker = form.querySelector("[data-picker]");
  function fit() {
    const wanted = [...form.querySelectorAll('#abilitazioni input[name^="dashboards-"]:checked')].map((box) =>
      box.name.slice("dashboards-".length));
    let shown = 0;
    picker.querySelectorAll(".st-box").forEach((box) => {
      const has = (box.dataset.dashboards || "").split(" ");
      const fits = wanted.every((dashboard) => has.includes(dashboard));
      const ticked = box.querySelector("input").checked;
      box.hidden = !fits && !ticked;
      box.toggleAttribute("data-unfit", !fits);
      if (!box.hidden) shown += 1;
    });
    picker.querySelector("[data-picker-empty]").hidden = shown > 0;
  }
  form.addEventListener("change", fit);
  fit();
})();

/* Whoever works with the keyboard stays where she was when a part of the page is drawn anew: on the same link, button or
   field, or, where that is gone, on the part itself. What she had opened or begun to write there stays, too. */
(() => {
  "use strict";

  const REACHED = "a[href], button, input:not([type=hidden]), select, textarea, summary";

  const words = (element) => element.getAttribute("aria-label") || element.textContent.trim();
  const opened = (part) => [...part.querySelectorAll("details[open] > summary")].map(words);
  const written = (part) => [...part.querySelectorAll("input.form-control[id], textarea[id]")]
    .filter((field) => field.type !== "file" && field.value !== field.defaultValue)
    .map((field) => [field.id, field.value]);

  let left = null; // where the focus was in the part that is about to go

  function remember(part) {
    const here = document.activeElement;
    if (!part || !part.id || !part.contains(here)) return;
    left = { part: part.id, id: here.id, tag: here.tagName, words: words(here), opened: opened(part), written: written(part) };
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    left = null;
    if (event.detail.shouldSwap) remember(event.detail.target);
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => remember(event.detail.target));

  document.addEventListener("htmx:afterSwap", () => {
    const part = left && document.getElementById(left.part);
    if (!part) return;
    for (const summary of part.querySelectorAll("details > summary"))
      if (left.opened.includes(words(summary))) summary.parentElement.open = true;
    for (const [id, value] of left.written) {
      const field = document.getElementById(id);
      if (field && part.contains(field)) field.value = value;
    }
    if (!part.contains(document.activeElement) && (document.activeElement || document.body) === document.body) back(part);
  });

  function back(part) {
    const all = [...part.querySelectorAll(REACHED)].filter((each) => !each.disabled && each.offsetParent);
    const same = (left.id && all.find((each) => each.id === left.id)) ||
      all.find((each) => each.tagName === left.tag && words(each) === left.words && !each.id);
    // A row of a table has a name of its own, its first link; of anything else the whole is read.
    const instead = part.matches("tr") ? part.querySelector("a[href]") : part;
    const element = same || instead;
    if (element === part && !part.hasAttribute("tabindex")) part.tabIndex = -1;
    element.focus({ preventScroll: true });
  }
})();

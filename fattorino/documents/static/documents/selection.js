/* Ticks of the list: all of the page at once, how many there are, and kept when a row is drawn anew. */
(() => {
  "use strict";

  const ticked = new Set();
  const boxes = () => Array.from(document.querySelectorAll("input[name='documento']"));
  const all = () => document.querySelector("[data-bulk-all]");

  function show(told) {
    const form = document.querySelector("[data-bulk]");
    if (!form) return;
    const here = boxes();
    const number = here.filter((box) => box.checked).length;
    form.querySelector("[data-bulk-ticked]").disabled = number === 0;
    form.querySelector("[data-bulk-number]").textContent = number ? "(" + number + ")" : "";
    if (all()) {
      all().checked = number > 0 && number === here.length;
      all().indeterminate = number > 0 && number < here.length;
      all().disabled = here.length === 0;
    }
    if (told) form.querySelector("[data-bulk-told]").textContent =
      number === 1 ? form.dataset.one : number + " " + form.dataset.more;
  }

  function remember(box) {
    if (box.checked) ticked.add(box.value); else ticked.delete(box.value);
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-bulk-all]")) {
      boxes().forEach((box) => { box.checked = event.target.checked; remember(box); });
      show(true);
    } else if (event.target.matches("input[name='documento']")) {
      remember(event.target);
      show(true);
    }
  });

  // A row that changed comes with an empty box: what was ticked stays so, as long as it may be.
  document.addEventListener("htmx:afterSettle", () => {
    boxes().forEach((box) => { if (ticked.has(box.value)) box.checked = true; });
    show(false);
  });
  // Back from the page that confirms, the browser has put the ticks back by itself.
  window.addEventListener("pageshow", () => { boxes().forEach(remember); show(false); });
})();

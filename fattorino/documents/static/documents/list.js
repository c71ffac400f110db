/* The dialog of the list: filled by htmx, closed by its button, by Escape, and when what it asked for is done. */
(() => {
  "use strict";

  const dialog = () => document.getElementById("dialog");

  // What was refused is told in the dialog: a notice would appear behind it.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Retarget") !== "#dialog-content") return;
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.detail.target;
    if (target.id === "dialog-content" && !dialog().open) dialog().showModal();
    // The button that was pressed is gone with its row: the keyboard goes on from the new one.
    const row = target.id.startsWith("row-") && document.getElementById(target.id);
    if (row) row.querySelector("a").focus({ preventScroll: true });
  });
  document.addEventListener("click", (event) => {
    // A click beside the dialog's content falls on the dialog itself.
    if (event.target.closest("[data-close-dialog]") || event.target === dialog()) dialog().close();
  });
  document.addEventListener("closeDialog", () => dialog() && dialog().open && dialog().close());
})();

/* The dialog of the list: filled by htmx, closed by its button, by Escape, and when what it asked for is done. */
(() => {
  "use strict";

  const dialog = () => document.getElementById("dialog");

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "dialog-content" && !dialog().open) dialog().showModal();
  });
  document.addEventListener("click", (event) => {
    // A click beside the dialog's content falls on the dialog itself.
    if (event.target.closest("[data-close-dialog]") || event.target === dialog()) dialog().close();
  });
  document.addEventListener("closeDialog", () => dialog() && dialog().open && dialog().close());
})();

/* What every page needs: notices, the pause of pollers in a hidden tab, confirmation of one-way buttons. */
(() => {
  "use strict";

  const region = () => document.getElementById("notices");

  function notice(level, message) {
    const template = document.getElementById("notice-template");
    if (!template || !region()) return;
    const element = template.content.firstElementChild.cloneNode(true);
    element.classList.add("ft-notice-" + (level || "info"));
    element.querySelector("[data-text]").textContent = message;
    region().append(element);
    watch(element);
  }

  // A success may go by itself; an error stays until it is read and closed.
  function watch(element) {
    if (!element.classList.contains("ft-notice-success")) return;
    let timer = setTimeout(() => element.remove(), 9000);
    element.addEventListener("mouseenter", () => clearTimeout(timer));
    element.addEventListener("focusin", () => clearTimeout(timer));
  }

  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close-notice]");
    if (close) close.closest(".ft-notice").remove();
  });

  document.addEventListener("notice", (event) => notice(event.detail.level, event.detail.message));

  document.addEventListener("htmx:sendError", () =>
    document.body.dataset.offline || ((document.body.dataset.offline = "1"),
    notice("error", region().dataset.unreachable)));
  document.addEventListener("htmx:afterOnLoad", () => delete document.body.dataset.offline);
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.getResponseHeader("HX-Trigger")) return;
    if (event.detail.xhr.status === 403) notice("error", region().dataset.expired);
    else if (!event.detail.elt.hasAttribute("data-poller")) notice("error", region().dataset.broken);
  });

  // A hidden tab asks for nothing; it asks at once when it is looked at again.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.elt.hasAttribute("data-poller")) event.preventDefault();
  });

  // Pressing the same button twice sends once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-once]")) {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "1";
      setTimeout(() => delete form.dataset.sent, 4000);
    }
  });
  window.addEventListener("pageshow", () =>
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

  // Fields that act as soon as they change (filters) without a button.
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".ft-notice").forEach(watch);
    // A screen reader tells what comes into the region, not what stands there from the start.
    if (region()) setTimeout(() => region().append(...region().children), 200);
    const first = document.querySelector("[data-first-error]");
    if (first) { first.scrollIntoView({ block: "center" }); first.focus({ preventScroll: true }); }
  });
})();

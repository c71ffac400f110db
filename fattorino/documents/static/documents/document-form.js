/* The document form: rows come and go, totals and remarks follow what is typed. No rule lives here: every number
   and every message comes from the server, computed by the code that writes the XML. */
(() => {
  "use strict";
  const form = document.getElementById("document-form");
  if (!form) return;
  const touched = new Set();
  const byId = (id) => document.getElementById(id);

  // --- rows
  function nextKey(group) {
    const used = [...form.querySelectorAll(`[data-row^="${group}-"]`)].map((row) => Number(row.dataset.row.split("-")[1]));
    return Math.max(-1, ...used.filter(Number.isFinite), lastKey[group] ?? -1) + 1;
  }
  const lastKey = {}; // the number of a removed row is not given again: its remarks must not reach another row

  function addRow(group, after) {
    const key = (lastKey[group] = nextKey(group));
    const template = form.querySelector(`template[data-template="${group}"]`);
    const holder = document.createElement("template");
    holder.innerHTML = template.innerHTML.replaceAll("__n__", key);
    const row = holder.content.querySelector("[data-row]");
    if (after) after.after(row);
    else form.querySelector(`[data-rows="${group}"]`).append(row);
    if (group === "linee") inherit(row, after || row.previousElementSibling);
    if (group === "ritenute") subject();
    if (group === "riferimenti" && /^TD0[45]$/.test(byId("tipo_documento")?.value || ""))
      byId(`${row.dataset.row}-kind`).value = "DatiFattureCollegate";
    row.querySelector("textarea, select, input")?.focus();
    recalculate();
    return row;
  }

  // A new line most often has the VAT and the ritenuta of the one before.
  function inherit(row, before) {
    if (!before?.dataset.row) return;
    for (const name of ["iva", "ritenuta", "riferimento_normativo"]) {
      const from = byId(`${before.dataset.row}-${name}`), to = byId(`${row.dataset.row}-${name}`);
      if (!from || !to) continue;
      if (to.type === "checkbox") to.checked = from.checked; else to.value = from.value;
    }
  }

  // The first ritenuta most often concerns all lines; which ones, whoever writes decides line by line.
  function subject() {
    const boxes = [...form.querySelectorAll('[data-row^="linee-"] input[type=checkbox][name$="-ritenuta"]')];
    if (!boxes.some((box) => box.checked)) boxes.forEach((box) => { box.checked = true; });
  }

  function removeRow(button) {
    const row = button.closest("[data-row]");
    const group = row.dataset.row.split("-")[0];
    lastKey[group] = nextKey(group) - 1;
    const neighbour = row.nextElementSibling || row.previousElementSibling;
    row.remove();
    (neighbour?.querySelector("textarea, select, input") || form.querySelector(`[data-add-row="${group}"]`))?.focus();
    recalculate();
  }

  form.addEventListener("click", (event) => {
    const add = event.target.closest("[data-add-row]");
    const remove = event.target.closest("[data-remove-row]");
    const goto = event.target.closest("[data-goto]");
    if (add) { event.preventDefault(); addRow(add.dataset.addRow); }
    if (remove) { event.preventDefault(); removeRow(remove); }
    if (goto) go(goto.dataset.goto);
  });

  document.addEventListener("keydown", (event) => {
    if (event.altKey && !event.ctrlKey && event.key.toLowerCase() === "n") { event.preventDefault(); addRow("linee"); return; }
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.target;
    const row = target.closest?.("[data-row]");
    if (!row || !form.contains(row) || !target.matches("input, textarea") || event.shiftKey) return;
    event.preventDefault();
    const group = row.dataset.row.split("-")[0];
    if (group !== "linee") return;
    const next = row.nextElementSibling;
    if (next) next.querySelector("textarea, input").focus(); else addRow("linee", row);
  });

  // Return in a single field does not save a half-written document by accident.
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input:not([type=submit]):not([type=file])")) event.preventDefault();
  });

  function go(name) {
    const field = byId(name) || byId(`err-${name}`) || form.querySelector(`[name="${CSS.escape(name)}"]`);
    if (!field) return;
    for (let box = field.closest("details"); box; box = box.parentElement.closest("details")) box.open = true;
    field.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  }

  // --- totals and remarks
  function recalculate() { form.dispatchEvent(new CustomEvent("recalculate")); }
  form.addEventListener("input", (event) => { if (event.target.id !== "counterpart-search") recalculate(); });
  form.addEventListener("change", (event) => {
    if (event.target.name) touched.add(event.target.name);
    if (event.target.name === "cessionario-genere") touched.add("codice_ufficio").add("codice_destinatario");
    if (event.target.id !== "counterpart-search") recalculate();
  });
  form.addEventListener("focusout", (event) => {
    if (event.target.name && event.target.value) { touched.add(event.target.name); show(judgement); }
  });

  let judgement = null;
  function show(found) {
    if (!found) return;
    for (const slot of form.querySelectorAll("[id^='err-']")) {
      const name = slot.id.slice(4);
      const error = form.hasAttribute("data-checked") || touched.has(name) ? found.errors[name] || "" : slot.dataset.level === "error" && slot.textContent ? found.errors[name] || "" : "";
      const text = error || found.warnings[name] || "";
      const box = slot.closest(".ft-field");
      if (slot.textContent !== text) slot.textContent = text;
      slot.dataset.level = error ? "error" : "warning";
      box?.toggleAttribute("data-invalid", Boolean(error));
      box?.toggleAttribute("data-warned", Boolean(!error && text));
      const field = byId(name);
      if (field) { if (error) field.setAttribute("aria-invalid", "true"); else field.removeAttribute("aria-invalid"); }
    }
    for (const output of form.querySelectorAll("output[id^='amount-']"))
      output.textContent = found.amounts[output.id.slice("amount-".length)] || "";
  }
  function readJudgement() {
    const holder = form.querySelector("[data-judgement]");
    if (!holder) return;
    judgement = JSON.parse(holder.dataset.judgement);
    show(judgement);
  }
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "totals") readJudgement();
    if (event.detail.target.id === "allegati") { byId("allegati_file").value = ""; recalculate(); }
  });
  // A new attachment needs a row number that is still free here.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.elt.id === "allegati_file") event.detail.parameters.set("da", String((lastKey.allegati = nextKey("allegati"))));
  });

  // --- a known counterpart fills the fields
  document.addEventListener("click", (event) => {
    const results = byId("counterpart-results");
    const chosen = event.target.closest("[data-fill]");
    if (chosen) {
      const values = JSON.parse(chosen.dataset.fill);
      for (const [name, value] of Object.entries(values)) {
        if (name === "cessionario-genere") { const radio = byId(`${name}-${value}`); if (radio) radio.checked = true; continue; }
        const field = byId(name);
        if (field) { field.value = value; touched.add(name); }
      }
      byId("counterpart-search").value = "";
      byId("cessionario-denominazione").focus();
      recalculate();
    }
    if (!event.target.closest(".ft-suggest") || chosen) results.replaceChildren();
  });
  document.addEventListener("keydown", (event) => {
    const results = byId("counterpart-results");
    if (!results?.children.length || !event.target.closest(".ft-suggest")) return;
    const buttons = [...results.querySelectorAll("button")];
    const at = buttons.indexOf(document.activeElement);
    if (event.key === "Escape") { results.replaceChildren(); byId("counterpart-search").focus(); }
    if (event.key === "ArrowDown") { event.preventDefault(); (buttons[at + 1] || buttons[0])?.focus(); }
    if (event.key === "ArrowUp") { event.preventDefault(); (buttons[at - 1] || byId("counterpart-search")).focus(); }
  });

  // --- leaving with something unsaved asks first
  let dirty = false;
  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });

  document.addEventListener("DOMContentLoaded", () => {
    readJudgement();
    const wanted = new URLSearchParams(location.search).get("campo");
    if (wanted) go(wanted);
    else if (!form.querySelector("[data-first-error]")) byId("tipo_documento")?.focus({ preventScroll: true });
  });
})();

/* Common settings of a state: the preview follows the fields, and the contrast of the colour is told at once. */
(() => {
  "use strict";

  const form = document.querySelector("form[data-look]");
  if (!form) return;
  const preview = form.querySelector("[data-gadget]");
  const told = form.querySelector("[data-contrast]");

  // WCAG 2.1, relative luminance; the same as core/colours.
  function luminance(colour) {
    const [red, green, blue] = [1, 3, 5].map((n) => {
      const part = parseInt(colour.slice(n, n + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }

  function follow(event) {
    const changed = event && event.target === form.elements.colour;
    const colour = form.elements.colour.value;
    preview.querySelector("[data-gadget-colour]").setAttribute("fill", colour);
    preview.querySelector("[data-gadget-label]").textContent =
      form.elements.gadget_label.value.trim() || form.elements.label.value.trim();
    const contrast = 1.05 / (luminance(colour) + 0.05);
    const good = contrast >= 4.5;
    told.dataset.level = good ? "good" : "bad";
    told.textContent = (good ? told.dataset.good : told.dataset.bad).replace("%s", contrast.toFixed(1).replace(".", ","));
    // What the server said of an earlier colour is said of this one no longer.
    if (changed) document.getElementById("err-colour").textContent = "";
    const icon = form.querySelector('input[name="icon"]:checked');
    const picture = preview.querySelector(".st-gadget-picture");
    if (form.elements.image.value === "icon" && icon) {
      const symbol = icon.parentElement.querySelector("svg");
      picture.replaceChildren(...(symbol ? [symbol.cloneNode(true)] : []));
    }
  }
  form.addEventListener("input", follow);
  form.addEventListener("change", follow);
  follow(null);
})();

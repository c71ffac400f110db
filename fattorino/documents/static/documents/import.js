/* Files dropped on the box are sent as if they had been chosen. */
(() => {
  "use strict";
  const box = document.getElementById("drop");
  if (!box) return;
  const input = document.getElementById("files");
  const note = document.getElementById("drop-note");
  const limit = 60 * 1024 * 1024; // the server takes 64 MB with all that stands around the files

  function check() {
    const files = [...input.files];
    const total = files.reduce((sum, file) => sum + file.size, 0);
    if (total > limit) {
      note.textContent = box.dataset.tooLarge;
      input.value = "";
      return false;
    }
    note.textContent = files.length ? files.map((file) => file.name).join(", ") : "";
    return files.length > 0;
  }
  for (const name of ["dragenter", "dragover"])
    box.addEventListener(name, (event) => { event.preventDefault(); box.classList.add("is-over"); });
  for (const name of ["dragleave", "drop"])
    box.addEventListener(name, (event) => { event.preventDefault(); if (name === "drop" || !box.contains(event.relatedTarget)) box.classList.remove("is-over"); });
  box.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    if (check()) box.requestSubmit();
  });
  input.addEventListener("change", check);
})();

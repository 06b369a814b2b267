// Lists: filters while typing, selections, and the note that a list changed.
(() => {
  "use strict";

  function filter(field) {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const list = field.form?.querySelector(`[data-filtered="${field.dataset.filter}"]`)
      ?? document.querySelector(`[data-filtered="${field.dataset.filter}"]`);
    for (const li of list?.children ?? []) {
      const text = li.textContent.toLowerCase() + " " + (li.querySelector("[data-text]")?.dataset.text ?? "").toLowerCase();
      li.hidden = !words.every((w) => text.includes(w));
    }
  }

  function selection(form) {
    const picks = [...form.querySelectorAll("[data-pick]")];
    const n = picks.filter((p) => p.checked).length;
    const bar = form.querySelector("[data-bulk]");
    if (bar) bar.hidden = n === 0;
    for (const out of form.querySelectorAll("[data-selected]")) out.textContent = n;
    for (const all of form.querySelectorAll("[data-pickall]")) {
      const mine = [...all.closest("section").querySelectorAll("[data-pick]")];
      const on = mine.filter((p) => p.checked).length;
      all.checked = on > 0 && on === mine.length;
      all.indeterminate = on > 0 && on < mine.length;
    }
  }

  function pick(form, on, within) {
    for (const p of (within ?? form).querySelectorAll("[data-pick]")) p.checked = on;
    selection(form);
  }

  document.addEventListener("input", (e) => {
    if (e.target.dataset?.filter) filter(e.target);
  });
  document.addEventListener("change", (e) => {
    const form = e.target.closest?.("[data-select]");
    if (!form) return;
    if (e.target.matches("[data-pickall]")) pick(form, e.target.checked, e.target.closest("section"));
    else selection(form);
  });
  // Enter in a field of the selection's form must not send the first button.
  document.addEventListener("submit", (e) => {
    if (e.target.matches?.("[data-select]") && window.htmx) e.preventDefault();
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || e.ctrlKey || e.metaKey) return;
    if (e.target.dataset?.filter || e.target.matches?.("[data-select] input, .envelope input")) e.preventDefault();
  });
  document.addEventListener("stagecoach:done", (e) => {
    if (e.target.matches("[data-select]")) pick(e.target, false);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const form of document.querySelectorAll("[data-select]")) selection(form);
    const review = document.querySelector("[data-review]");
    const count = document.querySelector('.nav a[href="/review"] .count');
    if (review) review.querySelector("[data-stale]").hidden = parseInt(count?.textContent ?? "0", 10) === Number(review.dataset.review);
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("[data-select]")) selection(form);
  });

  window.stagecoach.acts.unselect = (el) => pick(el.closest("form"), false);
  window.stagecoach.pickAll = () => {
    const form = document.querySelector("[data-select]");
    if (form) pick(form, ![...form.querySelectorAll("[data-pick]")].every((p) => p.checked));
  };
})();

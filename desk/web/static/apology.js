// The draft of an apology: it begins a reply, and is thrown away. It is never
// saved or sent as long as nobody has touched it.
(() => {
  "use strict";
  const { front, pane, fields, written, insert } = window.stagecoach.composer;

  // apologyOf gives the draft without the signature below it.
  function apologyOf(form) {
    const all = form.dataset.prefilled ?? "", sign = form.dataset.signature ?? "";
    return sign && all.endsWith(sign) ? all.slice(0, -sign.length) : all;
  }

  Object.assign(window.stagecoach.acts, {
    // apologise begins with an apology; what was written stays.
    apologise: (el) => {
      const area = pane()?.querySelector("[data-text]");
      if (!area) return;
      front(area.form);
      area.setSelectionRange(0, 0);
      insert(area, el.dataset.text.trim() + "\n\n");
    },
    noapology: (el) => {
      const form = el.closest("form"), area = form.querySelector("[data-text]"), sorry = apologyOf(form);
      if (!written(form)) area.value = form.dataset.signature ?? "";
      else if (area.value.startsWith(sorry)) area.setRangeText("", 0, sorry.length);
      el.closest("[data-apology]").hidden = true;
      form.removeAttribute("data-prefilled");
      const out = fields(form);
      out.set("apology", "dropped");
      fetch(form.dataset.draft, { method: "POST", body: out, headers: { "X-Draft": "1" } }).catch(() => { /* it is offered again */ });
      area.focus();
    },
  });
})();

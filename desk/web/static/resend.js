// What did not arrive: its words and its files are put into the composer.
(() => {
  "use strict";
  const { front, pane, insert } = window.stagecoach.composer, { attached } = window.stagecoach.files;
  const toast = (text) => window.stagecoach.toast("error", text);
  const underWay = (form, by) => { form.dataset.uploads = String(Number(form.dataset.uploads ?? 0) + by); };

  async function files(form, address) {
    form.dataset.resending = "1";
    underWay(form, 1);
    try {
      const r = await fetch(address, { method: "POST" });
      const got = await r.json();
      if (!r.ok) throw new Error(got.detail);
      for (const f of got.files) attached(form, f).dataset.resent = "1";
      for (const words of got.left) toast(words);
    } catch (e) {
      toast("The files could not be attached: please attach them anew. " + e.message);
    }
    underWay(form, -1);
    delete form.dataset.resending;
  }

  Object.assign(window.stagecoach.acts, {
    // resend begins with what did not arrive; what was written stays, and nothing comes twice.
    resend: (el) => {
      const form = pane(), area = form?.querySelector("[data-text]");
      if (!area) return;
      const text = el.dataset.text.trim();
      front(form);
      area.setSelectionRange(0, 0);
      if (!area.value.includes(text)) insert(area, text + "\n\n");
      const address = el.dataset.refiles;
      if (address && !form.dataset.resending && !form.querySelector("[data-resent]")) files(form, address);
    },
  });
})();

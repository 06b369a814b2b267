// The composer: tabs, drafts, saved answers, reply to all, and the
// question which messages a reply answers.
(() => {
  "use strict";
  const EVERY = 5000; // a draft is saved at most that often
  const pane = () => document.querySelector("form[data-draft]");
  let dirty = false, saving = false, savedAt = 0, shownAt = 0, timer = 0, done = false;

  function status(text) {
    const el = document.getElementById("saved");
    if (el && el.textContent !== text) el.textContent = text;
  }

  function fields(form) {
    const out = new URLSearchParams();
    for (const name of ["contact", "way", "to", "cc", "subject", "text", "attachment"]) {
      for (const v of new FormData(form).getAll(name)) out.append(name, v);
    }
    if (!written(form)) out.set("text", "");
    if (form.dataset.prefilled && !bare(form).includes(form.dataset.prefilled.trim()) && !written(form)) out.set("apology", "dropped");
    return out;
  }

  const bare = (form) => form.querySelector("[data-text]").value.trim();
  // written reports whether the author wrote anything beside what was there.
  function written(form) {
    const text = bare(form);
    return text !== "" && text !== (form.dataset.signature ?? "").trim() && text !== (form.dataset.prefilled ?? "").trim();
  }

  async function save() {
    const form = pane();
    if (!form || !dirty || saving || done) return;
    const wait = savedAt + EVERY - Date.now();
    if (wait > 0) { clearTimeout(timer); timer = setTimeout(save, wait); return; }
    dirty = false;
    saving = true;
    savedAt = Date.now();
    try {
      const r = await fetch(form.dataset.draft, { method: "POST", body: fields(form), headers: { "X-Draft": "1" } });
      if (r.status === 403 || r.status === 409) {
        done = true; // it ended, or a colleague has it: there is nothing to save it with
        status("Not saved: this contact is no longer yours");
      } else if (!r.ok) throw new Error(String(r.status));
      else if (!dirty) status("Draft saved");
    } catch {
      dirty = true;
      status("Draft not saved yet, trying…");
    }
    saving = false;
    if (dirty && !done) { clearTimeout(timer); timer = setTimeout(save, EVERY); }
  }

  // writing shows the customer, where the channel can, that somebody writes.
  function writing(form, area) {
    if (!form.dataset.typing || done || !area.matches?.("[data-text]") || Date.now() - shownAt < 3000 || !written(form)) return;
    shownAt = Date.now();
    fetch(form.dataset.typing, { method: "POST", headers: { "X-Draft": "1" } }).catch(() => { /* it is passing */ });
  }

  function changed(e) {
    const form = e.target.closest?.("form[data-draft]");
    if (!form) return;
    writing(form, e.target);
    dirty = true;
    status("Writing…");
    clearTimeout(timer);
    timer = setTimeout(save, 1200);
  }

  // leave keeps the last words when the page goes before the next save.
  function leave() {
    const form = pane();
    if (!form || !dirty || done) return;
    dirty = false;
    fetch(form.dataset.draft, { method: "POST", body: fields(form), keepalive: true, headers: { "X-Draft": "1" } });
  }

  function tab(el) {
    for (const t of el.closest("[role=tablist]").querySelectorAll("[role=tab]")) {
      const on = t === el;
      t.setAttribute("aria-selected", String(on));
      document.getElementById(t.getAttribute("aria-controls")).hidden = !on;
    }
    el.closest(".composer").classList.remove("folded");
    const text = document.getElementById(el.getAttribute("aria-controls")).querySelector("[data-text]");
    text.focus();
    if (!text.dataset.began) { text.dataset.began = "1"; text.setSelectionRange(0, 0); text.scrollTop = 0; }
  }

  // front brings the reply to the front, also where the note was there or all was folded.
  function front(form) {
    const reply = document.querySelector('[role="tab"][aria-controls="' + form.id + '"]');
    if (reply) tab(reply);
  }

  window.stagecoach.composer = { front, pane, fields, written, insert, room };
  // insert puts text where the cursor is, as one step that can be undone.
  function insert(area, text) {
    area.focus();
    if (!document.execCommand("insertText", false, text)) {
      area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function room(area) {
    const part = Number(area.dataset.part), parts = area.form.querySelector("[data-parts]");
    if (part && parts) {
      const n = Math.ceil([...area.value].length / part);
      parts.textContent = n > 1 ? "goes out as " + n + " posts" : "";
    }
    const max = Number(area.dataset.max), out = area.form.querySelector("[data-left]");
    if (!max || !out) return;
    const left = max - [...area.value].length;
    out.textContent = left;
    out.classList.toggle("over", left < 0);
    area.setCustomValidity(left < 0 ? "This channel takes " + max + " characters." : "");
  }

  // covers follows what is on screen: at once while nothing was written, else
  // only when the author says that the newer message was read.
  function newest() {
    const form = pane(), head = document.getElementById("convhead");
    const field = form?.querySelector("[name=covers]");
    if (!field || !head?.dataset.covers || field.value === head.dataset.covers) return;
    if (written(form)) form.querySelector("[data-newer]").hidden = false;
    else field.value = head.dataset.covers;
  }

  Object.assign(window.stagecoach.acts, {
    shrink: (el) => el.closest(".composer").classList.toggle("folded"),
    cc: () => { const r = document.getElementById("ccrow"); r.hidden = !r.hidden; if (!r.hidden) r.querySelector("input").focus(); },
    all: (el) => {
      const r = document.getElementById("ccrow"), cc = r.querySelector("input");
      r.hidden = false;
      cc.value = [cc.value.trim(), el.dataset.all].filter(Boolean).join(", ");
      el.remove();
      cc.dispatchEvent(new Event("input", { bubbles: true }));
    },
    // author addresses the reply to who wrote what was forwarded, and back.
    author: (el) => {
      const to = document.getElementById("to");
      if (!to) return;
      to.value = to.value.trim() === el.dataset.to ? el.dataset.back : el.dataset.to;
      to.dispatchEvent(new Event("input", { bubbles: true }));
      window.stagecoach.toast("info", "The reply goes to " + to.value);
    },
    answer: (el) => {
      const area = el.closest("form").querySelector("[data-text]");
      el.closest("details").removeAttribute("open");
      insert(area, el.dataset.text);
    },
    cover: (el) => {
      el.closest("[data-newer]").hidden = true;
      pane().querySelector("[name=covers]").value = document.getElementById("convhead").dataset.covers;
    },
  });

  document.addEventListener("click", (e) => {
    const t = e.target.closest?.("[role=tab]");
    if (t) tab(t);
  });
  document.addEventListener("input", (e) => { changed(e); if (e.target.dataset?.max || e.target.dataset?.part) room(e.target); });
  document.addEventListener("stagecoach:done", (e) => {
    if (!e.target.matches("form[data-draft]")) return;
    done = true;
    dirty = false;
  });
  document.addEventListener("htmx:afterSettle", newest);
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") leave(); });
  window.addEventListener("pagehide", leave);
  document.addEventListener("DOMContentLoaded", () => {
    for (const a of document.querySelectorAll("textarea[data-max], textarea[data-part]")) room(a);
    const form = pane(), small = matchMedia("(max-width: 760px)").matches;
    if (small && !(form && written(form))) document.querySelector(".composer")?.classList.add("folded");
  });
})();

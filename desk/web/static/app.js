// What all pages share: ids, toasts, dialogs, menus, preferences, and what
// happens with the server's answers.
(() => {
  "use strict";
  const root = document.documentElement;

  // uuid makes a UUIDv7 (RFC 9562 section 5.7) from the clock and random bits.
  function uuid() {
    const b = crypto.getRandomValues(new Uint8Array(16));
    let t = Date.now();
    for (let i = 5; i >= 0; i--) { b[i] = t % 256; t = Math.floor(t / 256); }
    b[6] = (b[6] & 0x0f) | 0x70;
    b[8] = (b[8] & 0x3f) | 0x80;
    const h = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
    return [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join("-");
  }

  function fresh(within) {
    for (const f of within.querySelectorAll("input[data-uuid]")) f.value = uuid();
  }

  const pref = {
    get(name, otherwise) {
      try { return JSON.parse(localStorage.getItem("pref." + name)) ?? otherwise; } catch { return otherwise; }
    },
    set(name, value) {
      try { localStorage.setItem("pref." + name, JSON.stringify(value)); } catch { /* storage is off */ }
    },
  };

  function say(text) {
    const el = document.getElementById("say");
    if (el) el.textContent = text;
  }

  function show(el) {
    const box = document.getElementById("toasts");
    if (!box) return;
    while (box.children.length > 3) box.firstElementChild.remove();
    box.append(el);
    linger(el);
  }

  function linger(el) {
    const long = el.dataset.toast === "error" ? 12000 : 6000;
    setTimeout(() => el.matches(":hover, :focus-within") ? linger(el) : el.remove(), long);
  }

  function toast(level, text) {
    const p = document.createElement("p");
    p.className = "toast " + level;
    p.dataset.toast = level;
    const span = document.createElement("span");
    span.dir = "auto";
    span.textContent = text;
    p.append(span);
    show(p);
  }

  // answered shows the toasts of an answer; nothing else of it is put anywhere.
  function answered(xhr) {
    const html = xhr.getResponseHeader("Content-Type")?.startsWith("text/html");
    if (html && xhr.responseText.includes("data-toast")) {
      const doc = new DOMParser().parseFromString(xhr.responseText, "text/html");
      const found = doc.querySelectorAll("[data-toast]");
      found.forEach((el) => show(document.importNode(el, true)));
      if (found.length) return true;
    }
    return false;
  }

  function refusal(xhr) {
    try {
      const p = JSON.parse(xhr.responseText);
      return p.detail || p.title || p.error;
    } catch { /* not a problem document */ }
    return xhr.status >= 500 ? "The server could not do that now. What you typed is still here; please try again."
      : "That was refused (" + xhr.status + ").";
  }

  // Every click that changes something carries an id, so that it counts once
  // even if it is sent twice. An answer ends the id; silence does not.
  const ids = new WeakMap();
  document.addEventListener("htmx:configRequest", (e) => {
    const d = e.detail;
    if (d.verb === "get") return;
    if (["reply_id", "note_id", "command_id"].some((n) => d.parameters[n])) return;
    if (!ids.has(d.elt)) ids.set(d.elt, uuid());
    d.parameters.command_id = ids.get(d.elt);
  });

  document.addEventListener("htmx:afterRequest", (e) => {
    const { xhr, elt, successful, requestConfig } = e.detail;
    if (!xhr || requestConfig?.verb === "get") return;
    if (xhr.status === 0) return;
    ids.delete(elt);
    const form = elt.closest("form") || elt;
    if (xhr.status < 500) fresh(form);
    const told = answered(xhr);
    if (!successful) {
      if (!told) toast("error", refusal(xhr));
      return;
    }
    if (form.hasAttribute("data-reset")) form.reset();
    elt.closest("dialog")?.close();
    elt.closest("details.menu")?.removeAttribute("open");
    form.dispatchEvent(new CustomEvent("stagecoach:done", { bubbles: true }));
  });
  document.addEventListener("htmx:sendError", (e) => {
    if (e.detail.requestConfig?.verb !== "get") {
      toast("error", "That did not reach the server. What you typed is still here; please try again.");
    }
  });

  const turned = new WeakSet(); // frames that show what the agent asked for, which a refresh must not take back
  const acts = {
    dismiss: (el) => el.closest(".toast")?.remove(),
    close: (el) => el.closest("dialog")?.close(),
    help: () => open("dlg-help"),
    theme: () => {
      const dark = getComputedStyle(root).colorScheme === "dark"
        || (root.dataset.theme !== "light" && root.dataset.theme !== "dark" && matchMedia("(prefers-color-scheme: dark)").matches);
      const theme = dark ? "light" : "dark";
      root.dataset.theme = theme;
      try { localStorage.setItem("theme", theme); } catch { /* storage is off */ }
      document.cookie = "theme=" + theme + ";path=/;max-age=31536000;samesite=lax";
    },
    side: (el) => el.closest(".conv")?.classList.toggle("sided"),
    // A new frame, since one that is still about to load what it was made with may
    // do so in the place of what its link leads to.
    pictures: (el, e) => {
      e.preventDefault();
      const frame = el.closest("details").querySelector("iframe");
      const other = frame.cloneNode();
      other.loading = "eager";
      other.src = el.href;
      turned.add(other);
      frame.replaceWith(other);
    },
  };

  function open(id) {
    const d = document.getElementById(id);
    if (d && !d.open) { fresh(d); d.showModal(); }
  }

  document.addEventListener("click", (e) => {
    const el = e.target.closest("[data-do], [data-dialog]");
    if (el?.dataset.dialog) open(el.dataset.dialog);
    else if (el && acts[el.dataset.do]) acts[el.dataset.do](el, e);
    if (e.target instanceof HTMLDialogElement) e.target.close();
    for (const m of document.querySelectorAll("details.menu[open]")) {
      if (!m.contains(e.target)) m.removeAttribute("open");
    }
  });

  document.addEventListener("change", (e) => {
    const name = e.target.dataset?.pref;
    if (name) pref.set(name, e.target.checked);
    const picks = e.target.dataset?.picks;
    if (picks) e.target.form.querySelector(`input[type=radio][value="${picks}"]`).checked = true;
  });

  document.addEventListener("DOMContentLoaded", () => {
    fresh(document);
    for (const c of document.querySelectorAll("input[data-pref]")) c.checked = pref.get(c.dataset.pref, c.checked);
    for (const t of document.querySelectorAll(".toast")) linger(t);
  });

  // What people opened, ticked or are typing survives a refresh of its region.
  if (window.Idiomorph) {
    Idiomorph.defaults.ignoreActiveValue = true;
    Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => {
      if (name === "open" && (node.tagName === "DETAILS" || node.tagName === "DIALOG")) return false;
      if ((name === "src" || name === "loading") && turned.has(node)) return false;
      return !((name === "checked" || name === "value") && node.tagName === "INPUT");
    };
  }

  window.stagecoach = { uuid, fresh, toast, say, pref, open, acts };
})();

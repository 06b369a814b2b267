// The keyboard. Single letters work outside of fields and can be turned off;
// Ctrl+Enter sends and Esc leaves everywhere.
(() => {
  "use strict";
  const typing = (el) => el?.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
  let first = "", firstAt = 0;

  function shown(el) { return el.checkVisibility ? el.checkVisibility() : el.offsetParent !== null; }

  function find(key) {
    const scope = document.querySelector("dialog[open]") || document;
    return [...scope.querySelectorAll("[data-key]")].find((el) => el.dataset.key === key && shown(el) && !el.disabled);
  }

  // move goes to the next or previous entry of the list in sight.
  function move(by) {
    const all = [...document.querySelectorAll("[data-nav]")].filter(shown);
    if (!all.length) return;
    let at = all.indexOf(document.activeElement.closest?.("[data-nav]") ?? document.activeElement);
    if (at < 0) {
      const li = document.activeElement.closest?.("li");
      at = li ? all.findIndex((el) => li.contains(el)) : -1;
    }
    if (at < 0) at = all.findIndex((el) => el.getAttribute("aria-current") === "page");
    const to = all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))];
    to.focus();
    to.scrollIntoView({ block: "nearest" });
  }

  // unfold opens or folds a part of the item in focus, else of the last that has
  // one.
  function unfold(part) {
    const near = document.activeElement.closest?.("[data-item]")?.querySelector(part);
    const d = near || [...document.querySelectorAll("[data-item] " + part)].at(-1);
    if (!d) return;
    d.open = !d.open;
    d.scrollIntoView({ block: "nearest" });
  }

  // message goes to the next or previous message of a conversation.
  function message(by) {
    const all = [...document.querySelectorAll("[data-item]")].filter(shown);
    if (!all.length) return;
    const at = all.indexOf(document.activeElement.closest?.("[data-item]"));
    const to = all[at < 0 ? all.length - 1 : Math.max(0, Math.min(all.length - 1, at + by))];
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "start" });
  }

  function search() {
    const field = document.querySelector("[data-search]");
    if (field) { field.focus(); field.select(); } else location.href = "/search";
  }

  function escape(e) {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.removeAttribute("open");
      menu.querySelector("summary")?.focus();
      e.preventDefault();
    } else if (document.querySelector("dialog[open]")) {
      return; // the dialog closes by itself
    } else if (typing(document.activeElement)) {
      document.activeElement.blur();
    } else if (document.querySelector(".conv")) {
      location.href = "/";
    }
  }

  function press(el) {
    el.focus();
    el.click();
  }

  function send(e) {
    const pane = document.activeElement.closest?.("form, dialog") || document.querySelector(".pane:not([hidden])");
    const button = [...pane?.querySelectorAll("[data-send]") ?? []].find((b) => !b.closest("[hidden]")) ?? pane?.querySelector("button.primary");
    if (button) { e.preventDefault(); button.click(); }
  }

  const going = { d: "/", o: "/overview", r: "/review", l: "/ledger", s: "/search" };
  const plain = {
    j: () => move(1), k: () => move(-1), J: () => message(1), K: () => message(-1),
    e: () => unfold("details.full"), h: () => unfold("details.html"), "/": search,
    "?": () => window.stagecoach.open("dlg-help"),
    A: () => document.querySelector("[data-pickall]:not(:checked), [data-pickall]")?.click() ?? window.stagecoach.pickAll?.(),
  };

  document.addEventListener("keydown", (e) => {
    if (e.isComposing || e.defaultPrevented) return;
    if (e.key === "Escape") return escape(e);
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) return send(e);
    if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
    if (!window.stagecoach.pref.get("keys", true)) return;
    if (first === "g" && Date.now() - firstAt < 1200 && going[e.key]) {
      first = "";
      location.href = going[e.key];
      return;
    }
    first = e.key;
    firstAt = Date.now();
    if (e.key === " " && document.activeElement.matches?.("[data-nav]")) {
      const box = document.activeElement.closest("li")?.querySelector("[data-pick]");
      if (box) { e.preventDefault(); box.click(); }
      return;
    }
    if (document.querySelector("dialog[open]") && e.key !== "?") return;
    const el = find(e.shiftKey && e.key.length === 1 && e.key !== e.key.toLowerCase() ? "Shift+" + e.key : e.key);
    const act = el ? () => press(el) : plain[e.key];
    if (!act) return;
    e.preventDefault();
    act();
  });
})();

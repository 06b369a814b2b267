// Time left, kept true between the server's answers. The words are those of
// words.go; the page's data-now says what the router's clock showed.
(() => {
  "use strict";
  const root = document.documentElement;
  const seen = new Set();
  let offset = 0;

  function span(ms) {
    const s = Math.floor(ms / 1000), m = Math.floor(s / 60), h = Math.floor(m / 60);
    if (s < 60) return s + " s";
    if (m < 60) return m + " min";
    if (h < 10) return h + " h " + String(m % 60).padStart(2, "0") + " min";
    if (h < 48) return h + " h";
    return Math.floor(h / 24) + " days";
  }

  function put(el, name, value) {
    if (el.getAttribute(name) !== value) el.setAttribute(name, value);
  }

  function times(now) {
    for (const el of document.querySelectorAll("time[data-due]")) {
      const left = Number(el.dataset.due) - now;
      const text = left < 0 ? span(-left) + " late" : span(left);
      if (el.textContent !== text) el.textContent = text;
      if (left < 0 && !el.classList.contains("late")) {
        el.classList.remove("ok", "risk");
        el.classList.add("late");
      }
    }
  }

  function bars(now) {
    for (const el of document.querySelectorAll("svg[data-bar]")) {
      const due = Number(el.dataset.bar), from = Number(el.dataset.from), used = Number(el.dataset.used);
      if (!due || due <= from) continue;
      const share = Math.min(100, used + (100 - used) * Math.max(0, now - from) / (due - from));
      put(el.querySelector(".fill"), "width", share.toFixed(1));
      if (share >= 100) put(el, "class", "bar late");
    }
  }

  function rings(now) {
    for (const el of document.querySelectorAll("svg[data-ring]")) {
      const left = Math.max(0, (Number(el.dataset.ring) - now) / 1000), all = Number(el.dataset.seconds) || 1;
      put(el.querySelector(".hand"), "stroke-dasharray", (100 * Math.min(1, left / all)).toFixed(1) + " 100");
      const text = left > 99 ? Math.ceil(left / 60) + "m" : String(Math.ceil(left));
      const label = el.querySelector("text");
      if (label.textContent !== text) label.textContent = text;
      el.classList.toggle("soon", left < 10);
      if (left === 0 && !el.dataset.over) {
        el.dataset.over = "1";
        setTimeout(() => window.htmx?.trigger("#live", "live"), 1500);
      }
    }
  }

  // offers tells of each new offer once: in the title, to screen readers, and
  // by a quiet sound for those who asked for one.
  function offers() {
    const now = document.querySelectorAll("[data-offer]");
    for (const el of now) {
      if (seen.has(el.dataset.offer)) continue;
      seen.add(el.dataset.offer);
      const name = el.querySelector("h2, .name")?.textContent.trim() ?? "a customer";
      window.stagecoach?.say("New offer: " + name + ". Press a to accept.");
      if (window.stagecoach?.pref.get("sound", false)) chime();
    }
    const base = (root.dataset.title || "Stagecoach") + " · Stagecoach";
    const title = now.length ? "(" + now.length + ") Offer · " + base : base;
    if (document.title !== title && root.dataset.title) document.title = title;
  }

  function chime() {
    const ctx = new AudioContext(), gain = ctx.createGain(), tone = ctx.createOscillator();
    tone.frequency.value = 660;
    gain.gain.setValueAtTime(0.0001, ctx.currentTime);
    gain.gain.exponentialRampToValueAtTime(0.08, ctx.currentTime + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, ctx.currentTime + 0.5);
    tone.connect(gain).connect(ctx.destination);
    tone.start();
    tone.stop(ctx.currentTime + 0.5);
    tone.onended = () => ctx.close();
  }

  function tick() {
    const now = Date.now() + offset;
    times(now);
    bars(now);
    rings(now);
    offers();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const server = Number(root.dataset.now);
    if (server) offset = server - Date.now();
    tick();
    setInterval(tick, 1000);
  });
  document.addEventListener("htmx:afterSettle", tick);
})();

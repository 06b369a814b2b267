// The live connection. One tab of a browser holds it and tells the others,
// since a browser opens only six connections to a server over HTTP/1.1.
// A region says by data-on which events concern it and is then asked anew.
(() => {
  "use strict";
  const SILENCE = 40000; // the server says something every 15 s
  const PACE = 330; // a region is asked at most three times a second,
  const SLOW = { review: 1000, waiting: 3000 }; // and for mere counts more rarely
  const due = new Map();
  const asked = new Map(); // when each was asked last
  const missed = new Set(); // what is to be asked once it can hear
  const wanted = new Set();
  const heard = new Set();
  let source = null, retry = 0, timer = 0, online = true, watch = 0, leading = false, begun = false, anew = false, release = null;
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("stagecoach") : null;

  function regions() { return document.querySelectorAll("[data-on]"); }
  function keyOf(el) { return el.id || el.getAttribute("hx-get"); }

  // refresh asks the regions that something concerns anew: at once, or as soon as
  // their pace allows. While nobody answers it asks nothing: all is asked anew once
  // the line stands again.
  function refresh(name) {
    if (!online) return;
    const now = Date.now();
    for (const el of regions()) {
      if (name !== null && !el.dataset.on.split(" ").includes(name)) continue;
      const what = keyOf(el);
      const at = name in SLOW ? now + SLOW[name] : Math.max(now, (asked.get(what) ?? 0) + PACE);
      const planned = due.get(el);
      if (planned && planned.at <= at) continue;
      clearTimeout(planned?.timer);
      due.set(el, { at, timer: setTimeout(() => {
        due.delete(el);
        asked.set(what, Date.now());
        ask(what);
      }, at - now) });
    }
  }

  // ask has a region asked anew. One that is being asked, or put in place, hears
  // nothing, and what it gets may be from before: it is asked once that is done.
  function ask(what) {
    const el = [...regions()].find((one) => keyOf(one) === what);
    if (!el) return;
    if (el.matches(".htmx-request, .htmx-swapping, .htmx-added, .htmx-settling")) missed.add(what);
    else window.htmx.trigger(el, "live");
  }

  function askMissed() {
    const again = [...missed];
    missed.clear();
    again.forEach(ask);
  }
  document.addEventListener("htmx:afterSettle", () => setTimeout(askMissed));
  document.addEventListener("htmx:afterRequest", () => setTimeout(askMissed));

  function state(on) {
    if (on === online) return;
    online = on;
    document.getElementById("offline").hidden = on;
    document.body.toggleAttribute("data-offline", !on);
    if (leading) tabs?.postMessage({ state: on });
    if (on) refresh(null);
    else forget();
  }

  // forget drops all that was to be asked.
  function forget() {
    for (const planned of due.values()) clearTimeout(planned.timer);
    due.clear();
    missed.clear();
  }

  // begin asks for everything once the line stands: what happened between the
  // page's rendering and that moment was told to nobody.
  function begin() {
    if (!begun) refresh(null);
    begun = true;
  }

  function alive() {
    clearTimeout(watch);
    watch = setTimeout(() => lost(true), SILENCE);
  }

  function event(name) {
    alive();
    tabs?.postMessage({ event: name });
    refresh(name);
  }

  function want(names) {
    for (const n of names) {
      wanted.add(n);
      if (source && !heard.has(n)) {
        heard.add(n);
        source.addEventListener(n, () => event(n));
      }
    }
  }

  function lost(now) {
    clearTimeout(watch);
    source?.close();
    source = null;
    state(false);
    clearTimeout(timer);
    const wait = now ? 0 : Math.min(8000, 500 * 2 ** retry) * (0.7 + 0.6 * Math.random());
    retry++;
    timer = setTimeout(connect, wait);
  }

  function connect() {
    clearTimeout(timer);
    heard.clear();
    source = new EventSource("/api/events");
    source.onopen = () => {
      retry = 0;
      alive();
      state(true);
      begin();
      tabs?.postMessage({ ready: true, anew });
      anew = false;
    };
    source.onerror = () => lost(false);
    source.onmessage = alive;
    source.addEventListener("beat", () => { alive(); tabs?.postMessage({ beat: true }); });
    want([...wanted]);
    alive();
  }

  function lead() {
    leading = true;
    // What came between the tab that led before us and this one was told to nobody.
    anew = begun;
    begun = false;
    tabs?.postMessage({ ask: true });
    connect();
    return new Promise((done) => { release = done; }); // held until the page is left
  }

  function follow() {
    tabs.onmessage = ({ data }) => {
      if (data.want && leading) {
        want(data.want);
        if (source?.readyState === EventSource.OPEN) tabs.postMessage({ ready: true });
      }
      if (data.ask) tabs.postMessage({ want: names() });
      if (leading) return;
      if (data.anew) begun = false;
      if (data.ready) begin();
      if (data.event) refresh(data.event);
      if (data.state !== undefined) state(data.state);
      if (data.event || data.beat) { clearTimeout(watch); watch = setTimeout(() => state(false), 2 * SILENCE); state(true); }
    };
    tabs.postMessage({ want: names() });
  }

  function names() {
    const out = new Set();
    for (const el of regions()) for (const n of el.dataset.on.split(" ")) out.add(n);
    return [...out];
  }

  // hush ends the line and all that was to be asked: the page is being left. A
  // browser may keep it, and with it what it holds, for a while.
  function hush() {
    release?.();
    clearTimeout(watch);
    clearTimeout(timer);
    source?.close();
    source = null;
    forget();
  }

  // later asks a region again that says when it will read otherwise: somebody
  // stops writing without a word.
  function later() {
    const el = document.querySelector("[data-again]");
    if (!el || el.dataset.planned) return;
    el.dataset.planned = "1";
    setTimeout(() => { if (document.contains(el)) ask(keyOf(el)); }, 1000 * Number(el.dataset.again));
  }
  document.addEventListener("htmx:afterSettle", later);
  document.addEventListener("DOMContentLoaded", later);

  // What a region asks by itself, now and then, waits as well.
  document.addEventListener("htmx:beforeRequest", (e) => {
    if (!online && e.target.matches("[data-on]")) e.preventDefault();
  });
  document.addEventListener("DOMContentLoaded", () => {
    if (!document.getElementById("offline")) return;
    want(names());
    if (tabs) follow();
    if (tabs && navigator.locks) navigator.locks.request("stagecoach-live", lead);
    else connect();
  });
  window.addEventListener("online", () => { if (source === null && (leading || !navigator.locks)) { retry = 0; connect(); } });
  window.addEventListener("pagehide", hush);
  // Who logs out must not ask for anything as somebody who has.
  document.addEventListener("submit", (e) => {
    if (e.target.getAttribute("action") !== "/logout") return;
    hush();
    for (const el of regions()) window.htmx.trigger(el, "htmx:abort");
  });
  window.addEventListener("pageshow", (e) => { if (e.persisted) location.reload(); });
})();

// The web chat's widget: one script tag, no framework, all within a shadow root.
// <script src="https://desk.example/channels/webchat/acme/chat.js" data-lang="auto" defer></script>
// The README of this channel tells its attributes and its small API.
(() => {
"use strict";
const tag = document.currentScript;
if (!tag || window.StagecoachChat) return;
const base = new URL(".", tag.src).href;
const CSS = "STYLE";

// All words, by language. One more object is one more language.
const WORDS = {
  en: {
    open: "Open chat", close: "Close chat", end: "End chat", ended: "The chat has ended. Write to start a new one.", endSure: "End this chat?", yes: "End it", no: "Keep it",
    log: "Conversation", hello: "Hello! How can we help?", write: "Your message", placeholder: "Write a message…", send: "Send", attach: "Attach a file", remove: "Remove",
    you: "You", them: "Support", typing: (n) => (n || "Somebody") + " is writing…", sending: "sending…", unsent: "not sent yet: goes out when the connection is back",
    failed: "not sent", again: "Try again", offline: "No connection. Trying again…", wrong: "This page could not prove who you are. Please log in again and reload the page.",
    expired: "Your login has expired. Please reload the page.", origin: "This site may not use this chat.", big: (m) => `A file has at most ${m} MB.`, many: (m) => `A message has at most ${m} files.`,
    upload: "The file could not be sent.", busy: "A file is still on its way.", unread: (n) => n === 1 ? "1 new message" : n + " new messages", download: (n) => "Download " + n,
    mail: "Have to go? Leave your e-mail address, and the answer reaches you there too.", address: "E-mail address", leave: "Leave it", left: (a) => "If you go, we also write to " + a + ".", later: "No, thanks",
    badMail: "Is this address right? It looks like jo@example.org.", usual: (w) => `We usually answer ${w}.`, yours: (w) => `Your answer usually comes ${w}.`, minutes: (n) => n === 1 ? "within a minute" : `within ${n} minutes`, hours: (n) => `within ${n} hours`,
    by: (d, t) => `by ${d} at ${t}`, here: "We are here for you.", away: "Nobody is here just now. Write to us: we answer when we are back.", closed: (t) => `We are closed, and back ${t}.`, shut: "We are closed just now. Write to us: we answer when we are back.",
    when: (d, t) => `${d} at ${t}`, todayAt: (t) => `today at ${t}`, mailAway: "Leave your e-mail address, and the answer comes there too.", today: "Today", long: (n) => `${n} characters too many`,
  },
  de: {
    open: "Chat öffnen", close: "Chat schließen", end: "Chat beenden", ended: "Der Chat ist beendet. Schreiben Sie, um einen neuen zu beginnen.", endSure: "Diesen Chat beenden?", yes: "Beenden", no: "Weiter",
    log: "Unterhaltung", hello: "Guten Tag! Wie können wir helfen?", write: "Ihre Nachricht", placeholder: "Nachricht schreiben …", send: "Senden", attach: "Datei anhängen", remove: "Entfernen",
    you: "Sie", them: "Kundendienst", typing: (n) => (n || "Jemand") + " schreibt …", sending: "wird gesendet …", unsent: "noch nicht gesendet: geht hinaus, sobald die Verbindung steht",
    failed: "nicht gesendet", again: "Noch einmal", offline: "Keine Verbindung. Es wird weiter versucht …", wrong: "Diese Seite konnte nicht belegen, wer Sie sind. Bitte melden Sie sich neu an und laden Sie die Seite neu.",
    expired: "Ihre Anmeldung ist abgelaufen. Bitte laden Sie die Seite neu.", origin: "Diese Website darf diesen Chat nicht verwenden.", big: (m) => `Eine Datei hat höchstens ${m} MB.`, many: (m) => `Eine Nachricht hat höchstens ${m} Dateien.`,
    upload: "Die Datei konnte nicht gesendet werden.", busy: "Eine Datei ist noch unterwegs.", unread: (n) => n === 1 ? "1 neue Nachricht" : n + " neue Nachrichten", download: (n) => n + " herunterladen",
    mail: "Müssen Sie weg? Lassen Sie Ihre E-Mail-Adresse da, dann kommt die Antwort auch dorthin.", address: "E-Mail-Adresse", leave: "Dalassen", left: (a) => "Wenn Sie gehen, schreiben wir auch an " + a + ".", later: "Nein, danke",
    badMail: "Stimmt die Adresse? Sie sieht etwa so aus: jo@example.org.", usual: (w) => `Wir antworten meist ${w}.`, yours: (w) => `Ihre Antwort kommt meist ${w}.`, minutes: (n) => n === 1 ? "binnen einer Minute" : `binnen ${n} Minuten`, hours: (n) => `binnen ${n} Stunden`,
    by: (d, t) => `bis ${d} um ${t}`, here: "Wir sind für Sie da.", away: "Gerade ist niemand da. Schreiben Sie uns: wir antworten, sobald wir zurück sind.", closed: (t) => `Wir haben geschlossen und sind ${t} wieder da.`, shut: "Wir haben gerade geschlossen. Schreiben Sie uns: wir antworten, sobald wir zurück sind.",
    when: (d, t) => `am ${d} um ${t}`, todayAt: (t) => `heute um ${t}`, mailAway: "Lassen Sie Ihre E-Mail-Adresse da, dann kommt die Antwort auch dorthin.", today: "Heute", long: (n) => `${n} Zeichen zu viel`,
  },
};
const asked = tag.dataset.lang && tag.dataset.lang !== "auto" ? tag.dataset.lang : document.documentElement.lang || navigator.language || "en";
const lang = (asked.split("-")[0].toLowerCase() in WORDS) ? asked.split("-")[0].toLowerCase() : "en";
const T = WORDS[lang];
const locale = asked.toLowerCase().startsWith(lang) ? asked : lang;

// Who it is, and what this browser keeps of them. A signed customer's token is
// kept nowhere: their page vouches for them each time.
let identity = (window.StagecoachChatConfig || {}).identity || null;
try { if (!identity && tag.dataset.identity) identity = JSON.parse(tag.dataset.identity); } catch { identity = { user_id: "?", sig: "" }; }
const keyOf = (what) => `stagecoach-chat ${base} ${identity ? "user " + identity.user_id : "anonymous"} ${what}`;
const keep = {
  get(what) { try { return JSON.parse(localStorage.getItem(keyOf(what))); } catch { return null; } },
  set(what, value) { try { value == null ? localStorage.removeItem(keyOf(what)) : localStorage.setItem(keyOf(what), JSON.stringify(value)); } catch { /* private window: this page alone */ } },
};
const anonymousKey = `stagecoach-chat ${base} anonymous token`;

const me = { token: "", session: null, lines: new Map(), last: 0, read: 0, open: false, refused: "", failed: [], files: [], typingUntil: 0, typingName: "", saidTyping: 0, ended: false, offline: false };
let queue = keep.get("queue") || [];
const newID = () => crypto.randomUUID ? crypto.randomUUID() : [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const jitter = (ms) => ms * (0.7 + 0.6 * Math.random());

// ---- the page's part ----
const h = (name, props = {}, ...kids) => {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(props)) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (v === true) e.setAttribute(k, "");
    else if (v !== false && v != null) e.setAttribute(k, v);
  }
  e.append(...kids.filter((k) => k != null && k !== false));
  return e;
};
const icon = (d) => {
  const s = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [k, v] of [["viewBox", "0 0 24 24"], ["aria-hidden", "true"], ["fill", "none"], ["stroke", "currentColor"], ["stroke-width", "2"], ["stroke-linecap", "round"], ["stroke-linejoin", "round"]]) s.setAttribute(k, v);
  const p = document.createElementNS("http://www.w3.org/2000/svg", "path");
  p.setAttribute("d", d);
  s.append(p);
  return s;
};
const host = h("div", { id: "stagecoach-chat", lang, "data-theme": tag.dataset.theme || "auto", "data-side": tag.dataset.side || "right" });
host.style.cssText = "all:initial!important;position:fixed!important;z-index:2147483000!important"; // whatever the page says of *
const root = host.attachShadow({ mode: "open" });
try {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];
} catch { root.append(h("style", {}, CSS)); }
const accent = /^#[0-9a-f]{6}$/i.test(tag.dataset.accent || "") ? tag.dataset.accent : "";
if (accent) {
  const lum = [1, 3, 5].map((i) => parseInt(accent.slice(i, i + 2), 16) / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const l = 0.2126 * lum[0] + 0.7152 * lum[1] + 0.0722 * lum[2];
  host.style.setProperty("--accent", accent);
  host.style.setProperty("--on-accent", 1.05 / (l + 0.05) >= 4.5 ? "#fff" : "#000");
}
const badge = h("span", { class: "badge", hidden: true });
const bubble = h("button", { class: "bubble", type: "button", "aria-label": T.open, "aria-expanded": "false", onclick: () => show(!me.open) },
  icon("M21 12a8 8 0 0 1-8 8H4l2.2-3.3A8 8 0 1 1 21 12z M9 11h8 M9 14h5"), badge);
const title = h("h2", { id: "title" });
const outlook = h("p", { class: "outlook" });
const endButton = h("button", { class: "plain", type: "button", title: T.end, "aria-label": T.end, hidden: true, onclick: () => { sure.hidden = false; sureYes.focus(); } }, icon("M12 3v8 M6.3 6.8a8 8 0 1 0 11.4 0"));
const closeButton = h("button", { class: "plain", type: "button", title: T.close, "aria-label": T.close, onclick: () => show(false) }, icon("M6 6l12 12 M18 6L6 18"));
const sureYes = h("button", { type: "button", onclick: () => { sure.hidden = true; endChat(); } }, T.yes);
const sure = h("div", { class: "sure", hidden: true }, h("span", {}, T.endSure), sureYes, h("button", { type: "button", class: "quiet", onclick: () => { sure.hidden = true; area.focus(); } }, T.no));
const notice = h("p", { class: "notice", role: "status", hidden: true });
const log = h("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": T.log, tabindex: "0" });
const typing = h("p", { class: "typing", "aria-live": "polite" });
const mailInput = h("input", { type: "email", autocomplete: "email", "aria-label": T.address, placeholder: T.address, maxlength: "254" });
const mailWrong = h("p", { class: "wrong", role: "alert" });
const mailWords = h("p", {}, T.mail);
const mailForm = h("form", { class: "mail", hidden: true, novalidate: true, onsubmit: (e) => { e.preventDefault(); leaveMail(); } },
  mailWords, h("button", { type: "button", class: "plain", title: T.later, "aria-label": T.later, onclick: () => { keep.set("mail", "no"); mailForm.hidden = true; area.focus(); } }, icon("M7 7l10 10 M17 7L7 17")),
  h("div", {}, mailInput, h("button", { type: "submit" }, T.leave)), mailWrong);
const chips = h("ul", { class: "chips" });
const area = h("textarea", { rows: "1", "aria-label": T.write, placeholder: T.placeholder });
const picker = h("input", { type: "file", multiple: true, hidden: true, onchange: () => { [...picker.files].forEach(upload); picker.value = ""; } });
const sendButton = h("button", { class: "send", type: "submit", "aria-label": T.send, title: T.send }, icon("M4 12h15 M13 6l6 6-6 6"));
const good = h("p", { class: "good", role: "status", hidden: true });
const over = h("span", { class: "over", role: "alert" });
const form = h("form", { class: "write", onsubmit: (e) => { e.preventDefault(); submit(); } },
  h("button", { class: "plain", type: "button", "aria-label": T.attach, title: T.attach, onclick: () => picker.click() }, icon("M20 11l-8.5 8.5a5 5 0 0 1-7-7L13 4a3.4 3.4 0 0 1 4.8 4.8l-8.4 8.4a1.7 1.7 0 0 1-2.4-2.4L14.5 7.3")), picker, area, sendButton);
const panel = h("section", { class: "panel", role: "dialog", "aria-labelledby": "title", hidden: true },
  h("header", {}, h("div", {}, title, outlook), endButton, closeButton), sure, notice, log, typing, mailForm, good, chips, over, form);
root.append(h("div", { class: "all" }, panel, bubble));

const linked = (text) => {
  const out = h("div", { class: "text", dir: "auto" });
  let at = 0;
  for (const m of text.matchAll(/https:\/\/[^\s<>"'`]+/g)) {
    const url = m[0].replace(/[.,;:!?)\]}]+$/, "");
    let fine = null;
    try { fine = new URL(url); } catch { /* plain text then */ }
    if (!fine) continue;
    out.append(text.slice(at, m.index), h("a", { href: fine.href, target: "_blank", rel: "noopener noreferrer nofollow" }, url));
    at = m.index + url.length;
  }
  out.append(text.slice(at));
  return out;
};
const clock = (at) => new Date(at).toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
const day = (at) => {
  const d = new Date(at);
  return d.toDateString() === new Date().toDateString() ? T.today : d.toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long" });
};
const bytes = (n) => n < 1e6 ? Math.max(1, Math.round(n / 1e3)) + " kB" : (n / 1e6).toLocaleString(locale, { maximumFractionDigits: 1 }) + " MB";
const thumbs = new Map();
const fileView = (f) => {
  const view = h("button", { type: "button", class: "file", "aria-label": T.download(f.name), onclick: () => download(f) }, icon("M12 4v11 M7 11l5 5 5-5 M5 20h14"), h("span", {}, f.name), h("small", {}, bytes(f.size)));
  if (/^image\/(png|jpeg|gif|webp)$/.test(f.type) && f.size < 5e6) {
    const img = h("img", { alt: "", class: "thumb", onload: () => { if (log.scrollHeight - log.scrollTop - log.clientHeight < 280) log.scrollTop = log.scrollHeight; }, onerror: () => img.remove() });
    if (!thumbs.has(f.id)) thumbs.set(f.id, blobOf(f).then((b) => URL.createObjectURL(b)));
    thumbs.get(f.id).then((u) => { img.src = u; view.prepend(img); }, () => thumbs.delete(f.id));
  }
  return view;
};
const lineView = (l, state) => {
  const mine = l.from === "visitor";
  const body = h("div", { class: "body" });
  if (l.text) body.append(linked(l.text));
  for (const f of l.files || []) body.append(fileView(f));
  const foot = h("div", { class: "foot" }, h("time", { datetime: new Date(l.at).toISOString() }, clock(l.at)));
  if (state) foot.append(" · ", h("span", { class: "state" }, state));
  if (l.why) foot.append(" ", h("button", { type: "button", class: "link", onclick: () => retry(l) }, T.again));
  return h("article", { class: "line " + (mine ? "mine" : "theirs") + (state ? " waiting" : ""), "data-id": l.id },
    h("div", { class: "who" + (mine ? " unseen" : "") }, mine ? T.you : l.name || T.them), body, foot);
};

let drawn = new Map();
// draw shows what is new, so that a screen reader hears it once.
function draw() {
  const near = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  const want = [];
  let before = "";
  for (const l of [...me.lines.values()].sort((a, b) => a.n - b.n)) {
    const d = day(l.at);
    if (d !== before) want.push(["day " + d, () => h("div", { class: "day" }, d)]);
    before = d;
    want.push([l.from + l.id, () => lineView(l)]);
  }
  const known = new Set([...me.lines.values()].filter((l) => l.from === "visitor").map((l) => l.id));
  for (const q of queue) if (!known.has(q.id)) want.push([`wait ${q.id} ${me.offline}`, () => lineView({ ...q, from: "visitor" }, me.offline ? T.unsent : T.sending)]);
  for (const f of me.failed) want.push(["failed " + f.id, () => lineView({ ...f, from: "visitor" }, T.failed)]);
  if (want.length === 0) want.push(["hello", () => h("p", { class: "greet" }, T.hello)]);
  if (me.ended) want.push(["ended " + me.last, () => h("p", { class: "day" }, T.ended)]);
  const next = new Map();
  let at = log.firstChild;
  for (const [key, make] of want) {
    const e = drawn.get(key) || make();
    next.set(key, e);
    if (e === at) at = at.nextSibling;
    else log.insertBefore(e, at);
  }
  for (const [key, e] of drawn) if (!next.has(key)) e.remove();
  drawn = next;
  if (near) log.scrollTop = log.scrollHeight;
  status();
}
function status() {
  const s = me.session;
  title.textContent = (s && s.title) || T.them;
  outlook.textContent = outlookWords(s && s.outlook);
  endButton.hidden = !s || !s.thread || me.ended;
  const words = me.refused || (me.offline ? T.offline : "");
  if (notice.textContent !== words) notice.textContent = words;
  notice.hidden = !words;
  area.disabled = sendButton.disabled = !!me.refused;
  const unread = [...me.lines.values()].filter((l) => l.from === "agent" && l.n > me.read).length;
  badge.hidden = unread === 0;
  badge.textContent = unread > 99 ? "99+" : unread;
  bubble.setAttribute("aria-label", unread && !me.open ? `${T.open}, ${T.unread(unread)}` : me.open ? T.close : T.open);
  typing.textContent = Date.now() < me.typingUntil ? T.typing(me.typingName) : "";
  const said = [...me.lines.values()].some((l) => l.from === "visitor");
  const away = !!(s && s.outlook && s.outlook.known && !s.outlook.open);
  const ask = away ? T.mailAway : T.mail;
  if (mailWords.textContent !== ask) mailWords.textContent = ask;
  mailForm.hidden = !(s && s.mail_works && !s.email && (said || away) && keep.get("mail") !== "no");
}
const dayOf = (at) => new Date(at).toLocaleDateString(locale, (at - Date.now()) / 864e5 < 6 ? { weekday: "long" } : { weekday: "long", day: "numeric", month: "long" });
const backAt = (at) => new Date(at).toDateString() === new Date().toDateString() ? T.todayAt(clock(at)) : T.when(dayOf(at), clock(at));
// within says how long, by minutes and hours, and by the moment where it is half a day.
const within = (s) => {
  const m = Math.ceil(s / 60), at = Math.ceil((Date.now() + s * 1e3) / 18e5) * 18e5;
  return m < 90 ? T.minutes(m > 10 ? Math.ceil(m / 5) * 5 : m) : m <= 720 ? T.hours(Math.ceil(m / 60)) : T.by(dayOf(at), clock(at));
};
function outlookWords(o) {
  if (!o || !o.known) return "";
  if (o.closed) return o.opens ? T.closed(backAt(o.opens)) : T.shut;
  if (!o.open) return T.away;
  const last = me.lines.get(me.last); // once somebody has answered, nobody waits
  if (o.yours && last && last.from === "visitor" && !me.ended) return T.yours(within(o.yours));
  return o.answered ? T.usual(within(o.answered)) : T.here;
}

// ---- the network's part ----
class Refused extends Error { constructor(status, code, wait) { super(code); Object.assign(this, { status, code, wait }); } }
const headers = (more) => Object.assign(me.token ? { Authorization: "Bearer " + me.token } : {}, more);
async function call(path, body, method = "POST") {
  const r = await fetch(base + path, { method, mode: "cors", credentials: "omit", cache: "no-store", headers: headers(body ? { "Content-Type": "application/json" } : {}), body: body && JSON.stringify(body), signal: AbortSignal.timeout ? AbortSignal.timeout(40000) : undefined });
  if (!r.ok) throw await refusal(r);
  return r;
}
async function refusal(r) {
  const p = await r.json().catch(() => ({}));
  return new Refused(r.status, p.code || "", 1000 * (Number(r.headers.get("Retry-After")) || 0));
}
const locks = location.origin === "null" ? null : navigator.locks; // a sandboxed page has none
const alone = (name, run) => locks ? locks.request(`stagecoach-chat ${base} ${name}`, run) : run();

let opening = null;
function session() {
  if (me.token) return Promise.resolve();
  const who = identity;
  return opening ||= alone("session", async () => {
    let old = "";
    try { old = JSON.parse(localStorage.getItem(anonymousKey)) || ""; } catch { /* none then */ }
    me.token = old;
    try {
      const s = await (await call("session", { language: lang, identity: who || undefined })).json();
      if (who !== identity) throw new Refused(401, "token_unknown", 0); // they logged in or out meanwhile
      me.token = s.token;
      adopt(s);
      if (!who) keep.set("token", s.token);
      else if (old) { comeAlong(); try { localStorage.removeItem(anonymousKey); } catch { /* as it is */ } }
    } catch (e) {
      me.token = "";
      if (who !== identity) throw e;
      if (e.code === "identity_wrong") me.refused = T.wrong;
      if (e.code === "identity_expired") me.refused = T.expired;
      if (e.code === "origin_unknown") me.refused = T.origin;
      throw e;
    }
  }).finally(() => { opening = null; });
}
// comeAlong takes over what was written before the login and not yet sent.
function comeAlong() {
  try {
    const key = anonymousKey.replace(/token$/, "queue"), left = JSON.parse(localStorage.getItem(key)) || [];
    localStorage.removeItem(key);
    queue = [...left.filter((l) => !queue.some((q) => q.id === l.id)), ...queue];
  } catch { return; }
  saveQueue();
}
function adopt(s) {
  if (me.session && me.session.visitor !== s.visitor) { me.lines.clear(); me.last = 0; }
  me.session = s;
  me.read = Math.max(me.session.read || 0, me.read);
  if (s.last > 0) keep.set("used", 1);
}
function forget() { me.token = ""; if (!identity) keep.set("token", null); }

// Events come by one stream of one tab, which passes them to the others.
const wire = "BroadcastChannel" in window && location.origin !== "null" ? new BroadcastChannel("stagecoach-chat " + base) : null;
if (wire) wire.onmessage = (e) => {
  if (me.session && e.data.visitor === me.session.visitor) event(e.data.name, e.data.data, true);
};
function event(name, data, passed) {
  if (!passed && wire && name !== "hello" && me.session) wire.postMessage({ visitor: me.session.visitor, name, data });
  if (name === "hello") { adopt({ ...data, token: me.token }); online(true); }
  if (name === "message") {
    take(data);
    if (data.n > me.last) catchUp();
  }
  if (name === "typing") { me.typingUntil = Date.now() + 6000; me.typingName = data.name; setTimeout(status, 6100); }
  if (name === "read") me.read = Math.max(me.read, data.n);
  if (name === "outlook" && me.session) me.session.outlook = data;
  if (name === "email" && me.session) me.session.email = data.email;
  if (name === "end") { me.ended = true; if (me.session) me.session.thread = ""; }
  draw();
  seen();
}
function take(l) {
  if (me.lines.has(l.n)) return;
  me.lines.set(l.n, l);
  while (me.lines.has(me.last + 1)) me.last++; // what is missing in between is asked for
  if (l.from === "agent") me.typingUntil = 0;
  else if (queue.some((q) => q.id === l.id)) drop(l.id);
  me.ended = false;
  if (me.session) me.session.thread = l.thread;
  keep.set("used", 1);
  if (l.from === "visitor") me.read = Math.max(me.read, l.n);
}
function online(yes) {
  if (me.offline === !yes) return;
  me.offline = !yes;
  draw();
  if (yes) flush();
}
let stop = null;
async function read(once) {
  await session();
  stop = once ? stop : new AbortController();
  const mine = once ? new AbortController() : stop;
  let watch;
  const alive = () => { clearTimeout(watch); watch = setTimeout(() => mine.abort(), 50000); };
  alive();
  try {
    const r = await fetch(`${base}events?after=${me.last}${once ? "&once=1" : ""}`, { headers: headers({ Accept: "text/event-stream" }), credentials: "omit", cache: "no-store", signal: mine.signal });
    if (!r.ok) throw await refusal(r);
    const reader = r.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      alive();
      const parts = (rest + value).split("\n\n");
      rest = parts.pop();
      for (const p of parts) {
        const name = (/^event: (.*)$/m.exec(p) || [])[1], data = (/^data: (.*)$/m.exec(p) || [])[1];
        if (name && data) event(name, JSON.parse(data), false);
      }
    }
  } finally { clearTimeout(watch); }
}
const catchUp = () => read(true).then(() => online(true), (e) => { if (e.status === 401) forget(); });
let running = false, holding = false;
async function connect() {
  if (running) return;
  running = true;
  for (let wait = 1000; !me.refused;) {
    const began = Date.now();
    try {
      await session();
      // The first tab holds the stream; those behind it catch up and listen.
      if (locks && wire) catchUp();
      await alone("stream " + me.session.visitor, () => { holding = true; return read(false); });
    } catch (e) {
      if (e.status === 401) forget();
      if (me.refused) break;
      if (e.wait) wait = Math.max(wait, e.wait);
    }
    holding = false;
    if (Date.now() - began > 10000) wait = 1000;
    else online(false);
    await Promise.race([sleep(jitter(wait)), new Promise((done) => { nudge = done; })]);
    wait = Math.min(wait * 2, 30000);
  }
  running = false;
  draw();
}
let nudge = () => {};
addEventListener("online", () => { nudge(); catchUp(); });
addEventListener("offline", () => online(false));
document.addEventListener("visibilitychange", () => { if (!document.hidden && me.session) { nudge(); catchUp(); seen(); } });

// A page that is left may live on, frozen, for the way back: another tab goes on.
addEventListener("pagehide", () => { if (stop) stop.abort(); });
addEventListener("pageshow", (e) => { if (e.persisted) { nudge(); if (me.session) catchUp(); } });
// And should the tab that holds the stream hang, the others still hear.
setInterval(() => { if (running && !holding && me.open && !document.hidden && me.session) catchUp(); }, 30000);

let telling = 0;
function seen() {
  if (!me.open || document.hidden || me.last <= me.read || telling >= me.last || !me.token) return;
  telling = me.last;
  const n = me.last;
  call("read", { n }).then(() => { me.read = Math.max(me.read, n); draw(); }, () => { telling = 0; });
}

// ---- writing ----
function submit() {
  const text = area.value.trim();
  if (me.refused || (!text && me.files.length === 0)) return;
  if (me.files.some((f) => !f.id)) { over.textContent = T.busy; return; }
  const most = (me.session && me.session.text_most) || 10000, length = [...text].length;
  if (length > most) { over.textContent = T.long(length - most); return; }
  over.textContent = "";
  queue = keep.get("queue") || queue; // another tab may have written meanwhile
  queue.push({ id: newID(), text, at: Date.now(), files: me.files.map((f) => ({ id: f.id, name: f.name, type: f.type, size: f.size })) });
  saveQueue();
  area.value = "";
  me.files = [];
  drawChips();
  grow();
  draw();
  log.scrollTop = log.scrollHeight;
  flush();
}
function saveQueue() { keep.set("queue", queue.length ? queue : null); }
function drop(id) { queue = (keep.get("queue") || queue).filter((q) => q.id !== id); saveQueue(); }
addEventListener("storage", (e) => { if (e.key === keyOf("queue")) { queue = keep.get("queue") || []; draw(); } });
let flushing = false;
async function flush() {
  if (flushing) return;
  flushing = true;
  for (let wait = 1000; queue.length && !me.refused;) {
    const q = queue[0];
    try {
      await session();
      connect();
      const where = { url: location.origin + location.pathname, title: document.title };
      const ack = await (await call("messages", { id: q.id, text: q.text, files: q.files.map((f) => f.id), page: where, language: lang })).json();
      drop(q.id);
      take({ n: ack.n, id: q.id, from: "visitor", text: q.text, at: ack.at, thread: ack.thread, files: q.files });
      if (ack.n > me.last) catchUp();
      me.offline = false;
      wait = 1000;
    } catch (e) {
      if (e.status === 401) forget();
      else if (e.status === 409) drop(q.id);
      else if (e.status === 403) me.refused = me.refused || T.origin;
      else if (e.status >= 400 && e.status < 500 && e.status !== 429) { drop(q.id); me.failed.push({ ...q, why: e.code }); }
      if (!e.status || e.status >= 500) me.offline = true;
      draw();
      if (!e.status || e.status >= 500 || e.status === 429 || e.status === 401) {
        await Promise.race([sleep(jitter(Math.max(wait, e.wait || 0))), new Promise((done) => addEventListener("online", done, { once: true }))]);
        wait = Math.min(wait * 2, 30000);
      }
    }
    draw();
  }
  flushing = false;
}
function retry(l) {
  me.failed = me.failed.filter((f) => f !== l && f.id !== l.id);
  queue.push({ id: newID(), text: l.text, at: Date.now(), files: l.files });
  saveQueue();
  draw();
  flush();
}
function upload(file) {
  const s = me.session || { file_most: 20 << 20, files_most: 10 };
  over.textContent = file.size > s.file_most ? T.big(s.file_most >> 20) : me.files.length >= s.files_most ? T.many(s.files_most) : "";
  if (over.textContent) return;
  const f = { name: file.name || "file", type: file.type, size: file.size, id: "", part: 0 };
  me.files.push(f);
  drawChips();
  session().then(() => {
    const x = f.request = new XMLHttpRequest();
    x.open("POST", `${base}files?name=${encodeURIComponent(f.name)}`);
    x.setRequestHeader("Authorization", "Bearer " + me.token);
    x.setRequestHeader("Content-Type", "application/octet-stream");
    x.upload.onprogress = (e) => { if (e.total) { f.part = e.loaded / e.total; f.bar.style.width = 100 * f.part + "%"; } };
    x.onload = () => {
      if (x.status !== 200) return lost();
      Object.assign(f, JSON.parse(x.responseText));
      over.textContent = "";
      drawChips();
    };
    x.onerror = lost;
    x.send(file);
  }, lost);
  function lost() { me.files = me.files.filter((o) => o !== f); over.textContent = T.upload; drawChips(); }
}
function drawChips() {
  chips.replaceChildren(...me.files.map((f) => {
    f.bar = h("span", { class: "bar" });
    f.bar.style.width = f.id ? "100%" : 100 * f.part + "%";
    return h("li", { class: f.id ? "done" : "" }, f.bar, h("span", {}, f.name), h("button", { type: "button", class: "plain", "aria-label": `${T.remove}: ${f.name}`, onclick: () => { if (f.request && !f.id) f.request.abort(); me.files = me.files.filter((o) => o !== f); drawChips(); area.focus(); } }, icon("M7 7l10 10 M17 7L7 17")));
  }));
}
const blobOf = async (f) => (await call("files/" + f.id, null, "GET")).blob();
async function download(f) {
  try {
    const url = URL.createObjectURL(await blobOf(f));
    h("a", { href: url, download: f.name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  } catch { online(false); }
}
async function leaveMail() {
  const email = mailInput.value.trim();
  try {
    await session();
    await call("email", { email });
    me.session.email = email;
    mailWrong.textContent = "";
    status();
    good.textContent = T.left(email);
    good.hidden = false;
    setTimeout(() => { good.hidden = true; }, 10000);
    area.focus();
  } catch (e) { mailWrong.textContent = e.status ? T.badMail : T.offline; mailInput.focus(); }
}
function endChat() {
  call("end", {}).then(() => event("end", {}, true), () => online(false));
  area.focus();
}

// ---- opening, closing, keys ----
const phone = matchMedia("(max-width: 480px)");
function show(yes) {
  me.open = yes;
  panel.hidden = !yes;
  host.toggleAttribute("data-open", yes);
  bubble.setAttribute("aria-expanded", String(yes));
  if (phone.matches) panel.setAttribute("aria-modal", "true"); else panel.removeAttribute("aria-modal");
  draw();
  if (!yes) { bubble.focus(); return; }
  connect();
  fit();
  log.scrollTop = log.scrollHeight;
  area.focus();
  seen();
}
function grow() { area.style.height = "auto"; area.style.height = Math.min(area.scrollHeight + 2, 132) + "px"; }
function fit() { // above the keyboard of a phone
  const v = window.visualViewport;
  panel.style.height = v && phone.matches ? v.height + "px" : "";
  panel.style.top = v && phone.matches ? v.offsetTop + "px" : "";
}
if (window.visualViewport) { visualViewport.addEventListener("resize", fit); visualViewport.addEventListener("scroll", fit); }
area.addEventListener("input", () => {
  grow();
  over.textContent = "";
  if (me.session && me.session.thread && Date.now() - me.saidTyping > 3000) { me.saidTyping = Date.now(); call("typing", {}).catch(() => {}); }
});
area.addEventListener("keydown", (e) => { if (e.key === "Enter" && !e.shiftKey && !e.isComposing) { e.preventDefault(); submit(); } });
area.addEventListener("paste", (e) => { const fs = [...(e.clipboardData ? e.clipboardData.files : [])]; if (fs.length) { e.preventDefault(); fs.forEach(upload); } });
panel.addEventListener("dragover", (e) => e.preventDefault());
panel.addEventListener("drop", (e) => { e.preventDefault(); [...e.dataTransfer.files].forEach(upload); });
panel.addEventListener("keydown", (e) => {
  e.stopPropagation(); // the page's own keys are for the page
  if (e.key === "Escape") { if (!sure.hidden) { sure.hidden = true; area.focus(); } else show(false); }
  if (e.key !== "Tab" || !phone.matches) return; // beside the chat the page is there as well
  const all = [...panel.querySelectorAll("button, textarea, input, a[href], [tabindex='0']")].filter((x) => !x.disabled && x.offsetParent !== null);
  const first = all[0], last = all[all.length - 1], now = root.activeElement;
  if (e.shiftKey && now === first) { e.preventDefault(); last.focus(); }
  if (!e.shiftKey && now === last) { e.preventDefault(); first.focus(); }
});

window.StagecoachChat = { open: () => show(true), close: () => show(false), identify(who) {
  identity = who;
  Object.assign(me, { token: "", session: null, last: 0, read: 0, refused: "" });
  me.lines.clear();
  queue = keep.get("queue") || [];
  if (stop) stop.abort();
  draw();
  if (me.open || keep.get("used") || queue.length) { connect(); flush(); }
} };
function begin() {
  document.body.append(host);
  draw();
  if (keep.get("used") || queue.length) { connect(); flush(); }
}
if (document.body) begin(); else addEventListener("DOMContentLoaded", begin);
})();

// The theme is set before anything is painted: ?theme= for a look, else what
// was chosen on this computer, else what the server knew.
(() => {
  "use strict";
  const root = document.documentElement;
  const ok = (t) => t === "light" || t === "dark";
  const asked = new URLSearchParams(location.search).get("theme");
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* storage is off */ }
  const theme = [asked, kept, root.dataset.theme].find(ok);
  if (theme) root.dataset.theme = theme;
})();

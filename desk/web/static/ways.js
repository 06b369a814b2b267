// By which channel a reply goes: the fields, limits and warnings of the composer
// follow the choice.
(() => {
  "use strict";

  function show(el, on) {
    if (!el) return;
    el.hidden = !on;
    if (el.matches("fieldset")) el.disabled = !on;
    for (const box of el.matches("label") ? el.querySelectorAll("input") : []) box.disabled = !on;
  }

  // bound has the text hold to the limits of the way.
  function bound(form, way) {
    const area = form.querySelector("[data-text]"), left = form.querySelector("[data-left]");
    for (const name of ["max", "part"]) {
      if (Number(way.dataset[name])) area.dataset[name] = way.dataset[name];
      else delete area.dataset[name];
    }
    show(left, Boolean(area.dataset.max));
    if (!area.dataset.max) area.setCustomValidity("");
    if (!area.dataset.part) form.querySelector("[data-parts]").textContent = "";
    window.stagecoach.composer.room(area);
  }

  function choose(select) {
    const form = select.form, way = select.selectedOptions[0];
    if (!way) return;
    const kind = way.dataset.kind;
    show(form.querySelector("[data-for=mail]"), kind === "mail");
    show(form.querySelector("[data-for=other]"), kind !== "mail");
    show(form.querySelector("[data-for=hand]"), kind === "hand");
    show(form.querySelector("[data-for=sent]"), kind !== "hand");
    show(form.querySelector("label[data-quotes]"), way.dataset.quotes === "true");
    show(form.querySelector("label[data-notice]"), way.dataset.public !== "true");
    show(form.querySelector("[data-everybody]"), way.dataset.public === "true");
    form.querySelector("[data-addressee]").textContent = way.dataset.to;
    form.querySelector("[data-waywhy]").textContent = way.dataset.why;
    const to = form.querySelector("#to"), subject = form.querySelector("#subject");
    if (kind === "mail" && to) {
      to.value = way.dataset.to;
      if (!subject.value) subject.value = way.dataset.subject;
      subject.closest(".envelope").hidden = subject.value === "";
    }
    bound(form, way);
  }

  document.addEventListener("change", (e) => { if (e.target.matches?.("[data-way]")) choose(e.target); });
})();

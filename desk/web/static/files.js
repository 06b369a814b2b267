// Files that go along with what is written: uploaded, dropped, or stored already.
(() => {
  "use strict";
  function row(form, name) {
    const li = document.createElement("li");
    const label = document.createElement("span");
    label.className = "filename";
    label.dir = "auto";
    label.textContent = name;
    const bar = document.createElement("progress");
    bar.max = 100;
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "ghost square";
    drop.dataset.do = "unattach";
    drop.setAttribute("aria-label", "Remove " + name);
    drop.textContent = "×";
    li.append(label, bar, drop);
    form.querySelector("[data-files]").append(li);
    return { li, bar };
  }

  // goes has a stored file go along with the reply.
  function goes(form, li, id) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = "attachment";
    field.value = id;
    li.prepend(field);
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // attached adds a file that is stored already.
  function attached(form, file) {
    const { li, bar } = row(form, file.name);
    bar.remove();
    goes(form, li, file.id);
    return li;
  }

  function upload(form, address, file) {
    const { li, bar } = row(form, file.name);
    const xhr = new XMLHttpRequest(), body = new FormData();
    body.append("file", file);
    xhr.upload.onprogress = (e) => { bar.value = 100 * e.loaded / e.total; };
    xhr.onloadend = () => {
      li.querySelector("progress")?.remove();
      form.dataset.uploads = String(Number(form.dataset.uploads) - 1);
      if (xhr.status >= 200 && xhr.status < 300) {
        goes(form, li, JSON.parse(xhr.responseText).id);
      } else {
        li.classList.add("failed");
        window.stagecoach.toast("error", file.name + " could not be attached.");
      }
    };
    form.dataset.uploads = String(Number(form.dataset.uploads ?? 0) + 1);
    xhr.open("POST", address);
    xhr.send(body);
    li.upload = xhr;
  }

  function attach(input, files) {
    const max = Number(input.dataset.maxbytes);
    for (const f of files) {
      if (max && f.size > max) window.stagecoach.toast("error", f.name + " is larger than this channel takes.");
      else upload(input.form, input.dataset.upload, f);
    }
  }

  window.stagecoach.files = { attached };
  Object.assign(window.stagecoach.acts, {
    unattach: (el) => {
      const li = el.closest("li"), form = el.closest("form");
      li.upload?.abort();
      li.remove();
      form.dispatchEvent(new Event("input", { bubbles: true }));
    },
  });

  document.addEventListener("change", (e) => {
    if (e.target.dataset?.upload) { attach(e.target, e.target.files); e.target.value = ""; }
  });
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (e) => {
      const form = e.target.closest?.("form:has([data-upload])");
      if (!form || !e.dataTransfer?.types.includes("Files")) return;
      e.preventDefault();
      form.classList.toggle("dropping", name === "dragover");
      if (name === "drop") attach(form.querySelector("[data-upload]"), e.dataTransfer.files);
    });
  }
  document.addEventListener("htmx:confirm", (e) => {
    const form = e.target.closest?.("form");
    if (Number(form?.dataset.uploads) > 0) {
      e.preventDefault();
      window.stagecoach.toast("info", "A file is still on its way; then send again.");
    }
  });
})();

// A select one can search: a text field with a list of what matches, over the plain <select>, which stays
// the field that is sent. Matching folds Turkish letters: "cop" finds "Çöp", "isik" finds "Işık".

import { finds, fold } from "./fold.js";

let made = 0;

function make(select) {
  select.dataset.picked = "1";
  const id = `pick-${(made += 1)}`;
  const box = document.createElement("div");
  box.className = "pick";
  const field = document.createElement("input");
  Object.assign(field, { type: "text", className: "form-control pick-field", autocomplete: "off", spellcheck: false });
  field.dataset.ignore = "1";
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-expanded", "false");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", id);
  const label = select.labels?.[0];
  if (label) field.setAttribute("aria-label", label.textContent.trim());
  if (select.required) field.setAttribute("aria-required", "true");
  const list = document.createElement("ul");
  list.className = "pick-list";
  list.id = id;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  select.classList.add("pick-native");
  select.tabIndex = -1;
  select.setAttribute("aria-hidden", "true");
  select.before(box);
  box.append(field, select, list);
  if (label) label.addEventListener("click", (event) => { event.preventDefault(); field.focus(); });

  let active = -1;
  const chosen = () => select.options[select.selectedIndex];
  const show = () => {
    field.value = select.value ? chosen().textContent.trim() : "";
    field.placeholder = select.dataset.placeholder ?? select.querySelector('option[value=""]')?.textContent ?? "";
  };
  const close = () => { list.hidden = true; field.setAttribute("aria-expanded", "false"); field.removeAttribute("aria-activedescendant"); };
  const mark = (index) => {
    const items = [...list.querySelectorAll("[role=option]")];
    active = Math.max(0, Math.min(index, items.length - 1));
    items.forEach((item, position) => item.classList.toggle("is-active", position === active));
    if (!items[active]) return;
    items[active].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", items[active].id);
  };
  // Over everything, since a dock that scrolls would cut it off: below the field, or above where room lacks.
  const place = () => {
    const at = field.getBoundingClientRect();
    list.style.left = `${at.left}px`;
    list.style.width = `${Math.max(at.width, 240)}px`;
    const isAbove = at.bottom + 244 > innerHeight && at.top > innerHeight - at.bottom;
    list.style.top = isAbove ? "auto" : `${at.bottom + 3}px`;
    list.style.bottom = isAbove ? `${innerHeight - at.top + 3}px` : "auto";
  };
  const open = (typed) => {
    const matches = [...select.options].filter((option) => finds(typed, fold(option.textContent)));
    list.replaceChildren(...matches.map((option, position) => {
      const item = document.createElement("li");
      item.id = `${id}-${position}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(option.selected));
      item.dataset.value = option.value;
      item.textContent = option.textContent.trim();
      if (!option.value) item.classList.add("is-none");
      return item;
    }));
    if (matches.length === 0) {
      const none = document.createElement("li");
      none.className = "is-nothing";
      none.textContent = document.body.dataset.wordNothing ?? "–";
      list.append(none);
    }
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    const selected = matches.findIndex((option) => option.selected && option.value);
    mark(typed || selected < 0 ? 0 : selected);
    place();
  };
  const choose = (item) => {
    if (!item || item.dataset.value === undefined) return;
    select.value = item.dataset.value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
    show();
    close();
  };

  field.addEventListener("focus", () => { field.select(); });
  field.addEventListener("click", () => { if (list.hidden) open(""); });
  field.addEventListener("input", () => open(field.value));
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open("");
      else mark(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && !list.hidden) {
      event.preventDefault();
      choose(list.querySelectorAll("[role=option]")[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
      show();
    }
  });
  field.addEventListener("blur", () => { close(); show(); });
  list.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(event.target.closest("[role=option]")); });
  select.addEventListener("change", show);
  // The browser would point at the hidden select; the message belongs to the field one sees.
  select.addEventListener("invalid", (event) => { event.preventDefault(); field.classList.add("is-invalid"); field.focus(); });
  show();
}

export function enhance(root) {
  const found = [...(root.matches?.("select[data-pick]") ? [root] : []), ...root.querySelectorAll("select[data-pick]")];
  for (const select of found) if (!select.dataset.picked) make(select);
}

// <combo-box>: a <select> one can search. It lays a text field and a list of what matches over the plain
// select, which stays the field that is sent, and all there is without JavaScript.
//
// Through a morph of the page, typed words, caret, open list and a choice by hand stay.

import Combobox from "@github/combobox-nav";
import { isChosenByHand } from "../fields.js";
import { finds, fold } from "../fold.js";
import { placeList } from "./placing.js";

let made = 0;

/** @param {string} id */
function makeField(id) {
  const field = document.createElement("input");
  field.id = id;
  field.type = "text";
  field.className = "form-control pick-field";
  field.autocomplete = "off";
  field.spellcheck = false;
  field.dataset.ignore = "1";
  return field;
}

/** @param {string} id */
function makeList(id) {
  const list = document.createElement("ul");
  list.className = "pick-list";
  list.id = id;
  list.hidden = true;
  list.setAttribute("role", "listbox");
  return list;
}

/**
 * @param {HTMLOptionElement} option
 * @param {string} id
 */
function makeItem(option, id) {
  const item = document.createElement("li");
  item.id = id;
  item.setAttribute("role", "option");
  item.dataset.value = option.value;
  item.textContent = option.text;
  item.classList.toggle("is-chosen", option.selected);
  item.classList.toggle("is-none", !option.value);
  return item;
}

function makeNothing() {
  const nothing = document.createElement("li");
  nothing.className = "is-nothing";
  nothing.textContent = document.body.dataset.wordNothing ?? "–";
  return nothing;
}

export class ComboBox extends HTMLElement {
  /** @type {HTMLSelectElement} */
  #select;
  /** @type {HTMLInputElement} */
  #field;
  /** @type {HTMLUListElement} */
  #list;
  /** @type {Combobox} */
  #keys;
  #typed = "";
  #isMade = false;
  #listeners = new AbortController();

  connectedCallback() {
    if (!this.#isMade) this.#make();
    this.#listen();
    if (this.#isOpen) this.#open(this.#typed);
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.#keys.stop();
  }

  // A move within the page that keeps its state (`moveBefore`) needs nothing of us.
  connectedMoveCallback() {}

  /**
   * Takes over what the fresh page says of this box. True: nothing is left to morph.
   * @param {Element} old
   * @param {Element} fresh
   */
  takesOver(old, fresh) {
    const select = fresh.querySelector("select");
    if (old !== this || !select) return true;
    const chosen = isChosenByHand(this.#select) ? this.#select.value : undefined;
    for (const { name, value } of select.attributes)
      if (name !== "class") this.#select.setAttribute(name, value);
    this.#select.replaceChildren(...[...select.children].map((child) => document.importNode(child, true)));
    if (chosen !== undefined && [...this.#select.options].some((option) => option.value === chosen)) {
      this.#select.value = chosen;
    }
    if (this.#isOpen) this.#open(this.#typed, this.#activeValue);
    else this.#show();
    return true;
  }

  get #isOpen() {
    return !this.#list.hidden;
  }

  get #activeValue() {
    return /** @type {HTMLElement | null} */ (this.#list.querySelector("[aria-selected=true]"))?.dataset
      .value;
  }

  #make() {
    const select = this.querySelector("select");
    if (!select) throw new Error("<combo-box> without a <select>");
    // A copy of a page holds the parts of the box it was copied from.
    for (const part of this.querySelectorAll(".pick-field, .pick-list")) part.remove();
    made += 1;
    this.#select = select;
    this.#field = makeField(`${select.id || "pick"}-field-${made}`);
    this.#list = makeList(`pick-${made}`);
    const label = select.labels[0];
    if (label) this.#field.setAttribute("aria-label", label.textContent.trim());
    if (select.required) this.#field.setAttribute("aria-required", "true");
    select.classList.add("pick-native");
    select.tabIndex = -1;
    select.setAttribute("aria-hidden", "true");
    this.prepend(this.#field);
    this.append(this.#list);
    this.#keys = new Combobox(this.#field, this.#list, {
      tabInsertsSuggestions: false,
      firstOptionSelectionMode: "selected",
    });
    this.#isMade = true;
    this.#show();
  }

  #listen() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const field = this.#field;
    field.addEventListener("focus", () => this.#isOpen || field.select(), { signal });
    field.addEventListener("click", () => this.#isOpen || this.#open(""), { signal });
    field.addEventListener("keydown", (event) => this.#onKey(event), { signal });
    field.addEventListener("blur", () => setTimeout(() => this.#leave()), { signal });
    // On the box, since what listens on the field itself clears the mark in the list.
    this.addEventListener("input", ({ target }) => target === field && this.#open(field.value), { signal });
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault(), { signal });
    this.#list.addEventListener("combobox-commit", ({ target }) => this.#choose(target), { signal });
    this.#select.addEventListener("change", () => this.#show(), { signal });
    this.#select.addEventListener("focus", () => field.focus(), { signal });
    // The browser would point at the hidden select; the message belongs to the field one sees.
    const onInvalid = (/** @type {Event} */ event) => {
      event.preventDefault();
      field.classList.add("is-invalid");
      field.focus();
    };
    this.#select.addEventListener("invalid", onInvalid, { signal });
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (!this.#isOpen) {
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      this.#open("");
    } else if (event.key === "Enter") {
      event.preventDefault(); // it chooses, and does not send the form
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.#close();
      this.#show();
    }
  }

  /** The choice, in the field. */
  #show() {
    const { selectedOptions, value, dataset } = this.#select;
    this.#field.value = value ? (selectedOptions[0]?.text ?? "") : "";
    this.#field.placeholder =
      dataset.placeholder ?? this.#select.querySelector('option[value=""]')?.textContent ?? "";
  }

  /**
   * The list of what matches, with one of it marked: the option of the value `active`, else what is chosen.
   * @param {string} typed
   * @param {string} [active]
   */
  #open(typed, active) {
    this.#typed = typed;
    const matches = [...this.#select.options].filter((option) => finds(typed, fold(option.text)));
    const items = matches.map((option, position) => makeItem(option, `${this.#list.id}-${position}`));
    this.#list.replaceChildren(...(items.length > 0 ? items : [makeNothing()]));
    this.#list.hidden = false;
    Object.assign(this.#list.style, placeList(this.#field.getBoundingClientRect(), innerHeight));
    this.#keys.start();
    const wanted = active ?? (typed ? undefined : this.#select.value || undefined);
    this.#mark(items.find((item) => item.dataset.value === wanted));
  }

  /** @param {HTMLElement | undefined} item */
  #mark(item) {
    if (!item) return;
    this.#keys.clearSelection();
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    this.#field.setAttribute("aria-activedescendant", item.id);
  }

  #close() {
    this.#list.hidden = true;
    this.#typed = "";
    this.#keys.stop();
  }

  #leave() {
    if (!this.isConnected || document.activeElement === this.#field) return;
    this.#close();
    this.#show();
  }

  /** @param {EventTarget | null} item */
  #choose(item) {
    if (!(item instanceof HTMLElement) || item.dataset.value === undefined) return;
    this.#select.value = item.dataset.value;
    this.#close();
    this.#select.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

customElements.define("combo-box", ComboBox);

// Forms whose parts follow what is chosen in others.

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Field */

/**
 * Shows and enables each part that says `data-when="field=value|value"` while it is so.
 * @param {HTMLFormElement} form
 */
function follow(form) {
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-when]"))) {
    const [name, values] = (part.dataset.when ?? "").split("=");
    const field = /** @type {Field | RadioNodeList | null} */ (form.elements.namedItem(name));
    const isBox = field instanceof HTMLInputElement && field.type === "checkbox";
    const value = isBox ? String(field.checked) : field?.value;
    const isOn = value !== undefined && values.split("|").includes(value);
    part.hidden = !isOn;
    for (const inner of /** @type {NodeListOf<Field>} */ (part.querySelectorAll("input, select, textarea"))) {
      inner.disabled = !isOn;
      if (inner.dataset.requiredWhen !== undefined) inner.required = isOn;
    }
  }
}

/**
 * A category proposes its unit; what a person chose by hand stays.
 * @param {Field} field
 * @param {HTMLFormElement} form
 */
function proposeUnit(field, form) {
  if (field.name === "unit") field.dataset.byHand = "1";
  const proposed = field instanceof HTMLSelectElement ? field.selectedOptions[0]?.dataset.unit : undefined;
  const unit = form.elements.namedItem("unit");
  if (!proposed || !(unit instanceof HTMLSelectElement) || unit.dataset.byHand) return;
  unit.value = proposed;
  unit.dispatchEvent(new Event("change", { bubbles: true }));
  delete unit.dataset.byHand;
}

/** @param {Event} event */
function onChange({ target }) {
  const field = /** @type {Partial<Field> & EventTarget} */ (target);
  if (!field.form) return;
  if (field.dataset?.sends !== undefined) return void field.form.requestSubmit();
  follow(field.form);
  proposeUnit(/** @type {Field} */ (field), field.form);
}

/** @param {ParentNode} root */
function followAll(root) {
  for (const form of root.querySelectorAll("form")) follow(form);
}

export function install() {
  document.addEventListener("change", onChange);
  followAll(document);
  document.addEventListener("htmx:load", ({ target }) => followAll(/** @type {Element} */ (target)));
  document.addEventListener("cozum:morphed", ({ detail }) => followAll(detail));
}

// Puts fresh HTML in the place of old without losing what the person is doing there.

import { Idiomorph } from "idiomorph";
import { isChosenByHand } from "./fields.js";

const KEPT = "form[data-keep]";
/** Elements that keep parts of themselves: `takesOver(old, fresh)` says which. */
const KEEPERS = "combo-box, reply-composer";

/** @typedef {Element & { takesOver(old: Element, fresh: Element): boolean }} Keeper */

/** @param {Element} field */
function isChanged(field) {
  if (field instanceof HTMLSelectElement) return isChosenByHand(field);
  if (field instanceof HTMLTextAreaElement) return field.value !== field.defaultValue;
  if (!(field instanceof HTMLInputElement) || field.type === "hidden") return false;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  return field.dataset.ignore === undefined && field.value !== field.defaultValue;
}

/** @param {HTMLFormElement} form */
function isBusy(form) {
  return form.contains(document.activeElement) || [...form.elements].some(isChanged);
}

/** @param {Node} node */
function holdsBusyForm(node) {
  if (!(node instanceof Element)) return false;
  const forms = /** @type {HTMLFormElement[]} */ (
    node.matches(KEPT) ? [node] : [...node.querySelectorAll(KEPT)]
  );
  return forms.some(isBusy);
}

/**
 * @param {HTMLFormElement} old
 * @param {Element} fresh
 */
function replaceForm(old, fresh) {
  old.replaceChildren(...fresh.cloneNode(true).childNodes);
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
}

const callbacks = {
  /**
   * @param {Node} old
   * @param {Node} fresh
   */
  beforeNodeMorphed(old, fresh) {
    if (!(old instanceof Element) || !(fresh instanceof Element)) return true;
    if (old instanceof HTMLFormElement && old.matches(KEPT) && fresh instanceof HTMLFormElement) {
      // Same stamp: nothing it speaks of changed. Else the form is renewed whole, unless somebody is typing.
      if (old.dataset.stamp !== fresh.dataset.stamp && !isBusy(old)) replaceForm(old, fresh);
      return false;
    }
    const keeper = /** @type {Keeper | null} */ (old.closest(KEEPERS));
    return !keeper?.takesOver(old, fresh);
  },
  /** @param {Node} node */
  beforeNodeRemoved: (node) => !holdsBusyForm(node),
  /**
   * @param {string} name
   * @param {Element} element
   */
  beforeAttributeUpdated: (name, element) => !(name === "open" && element.matches("details, dialog")),
};

/**
 * @param {Element} part
 * @param {string} html
 */
export function morph(part, html) {
  const talk = part.querySelector("[data-stick]");
  const atEnd = talk && talk.scrollHeight - talk.scrollTop - talk.clientHeight < 60;
  Idiomorph.morph(part, html, { morphStyle: "outerHTML", ignoreActiveValue: true, callbacks });
  const fresh = document.getElementById(part.id);
  if (!fresh) return;
  window.htmx.process(fresh);
  if (atEnd) {
    const now = fresh.querySelector("[data-stick]");
    if (now) now.scrollTop = now.scrollHeight;
  }
  document.dispatchEvent(new CustomEvent("cozum:morphed", { detail: fresh }));
}

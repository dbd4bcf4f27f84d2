// Puts fresh HTML in the place of old without losing what the person is doing there.

import { Idiomorph } from "idiomorph/dist/idiomorph.esm.js";
import { enhance } from "./pick.js";

const KEPT = "form[data-keep]";

function isBusy(form) {
  if (form.contains(document.activeElement)) return true;
  return [...form.elements].some((field) => {
    if (field.type === "hidden" || field.dataset.ignore !== undefined) return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") return [...field.options].some((one) => one.selected !== one.defaultSelected);
    return "defaultValue" in field && field.value !== field.defaultValue;
  });
}

function holdsBusyForm(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return false;
  const forms = node.matches(KEPT) ? [node] : [...node.querySelectorAll(KEPT)];
  return forms.some(isBusy);
}

function replaceForm(old, fresh) {
  old.replaceChildren(...fresh.cloneNode(true).childNodes);
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  enhance(old);
}

const callbacks = {
  beforeNodeMorphed(old, fresh) {
    if (old.nodeType !== Node.ELEMENT_NODE || !old.matches(KEPT)) return true;
    // Same stamp: nothing it speaks of changed. Else the form is renewed whole, unless somebody is typing.
    if (old.dataset.stamp !== fresh.dataset.stamp && !isBusy(old)) replaceForm(old, fresh);
    return false;
  },
  beforeNodeRemoved: (node) => !holdsBusyForm(node),
  beforeAttributeUpdated: (name, node) => !(name === "open" && (node.tagName === "DETAILS" || node.tagName === "DIALOG")),
};

export function morph(part, html) {
  const talk = part.querySelector("[data-stick]");
  const atEnd = talk && talk.scrollHeight - talk.scrollTop - talk.clientHeight < 60;
  Idiomorph.morph(part, html, { morphStyle: "outerHTML", ignoreActiveValue: true, callbacks });
  const fresh = document.getElementById(part.id);
  if (!fresh) return;
  window.htmx.process(fresh);
  enhance(fresh);
  if (atEnd) {
    const now = fresh.querySelector("[data-stick]");
    if (now) now.scrollTop = now.scrollHeight;
  }
  document.dispatchEvent(new CustomEvent("cozum:morphed", { detail: fresh }));
}

// The keyboard. What a key does stands in the markup: `data-hotkey="c"` is clicked, or focused, by c.

import { isPress, reach } from "./hotkeys.js";
import { stepped } from "./rows.js";

const SEQUENCE_MS = 1200;
const TYPED_INTO =
  "input:not([type=checkbox], [type=radio], [type=submit]), textarea, select, [contenteditable]";

/** @type {KeyboardEvent[]} */
let pressed = [];
/** @type {KeyboardEvent | null} */
let held = null;

/** @param {HTMLElement} element */
const isShown = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;

/** @param {HTMLElement} element */
const isOffered = (element) => isShown(element) && !("disabled" in element && element.disabled);

/** @param {KeyboardEvent} event */
const isModified = (event) => event.ctrlKey || event.altKey || event.metaKey;

/**
 * The newest offer first: an open sheet, then "undo" in a toast, then the pane, then the rest.
 * @param {Element} element
 */
function rank(element) {
  if (element.closest("dialog[open]")) return 0;
  if (element.closest(".toasts")) return 1;
  return element.closest("details[open] .dock-panel") ? 2 : 3;
}

/** @param {Element} details */
function focusFirstField(details) {
  const fields = details.querySelectorAll("textarea, .pick-field, input:not([type=hidden]), select, button");
  /** @type {HTMLElement[]} */ ([...fields]).find(isShown)?.focus();
}

/** @param {HTMLElement} element */
function press(element) {
  if (element.matches("input[type=search], input[type=text], textarea")) {
    element.focus();
    /** @type {HTMLInputElement} */ (element).select();
    return;
  }
  element.click();
  const details = element.parentElement;
  if (element.matches("summary") && details instanceof HTMLDetailsElement && details.open)
    focusFirstField(details);
}

function offers() {
  return /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-hotkey]")]).filter(isOffered);
}

function leadsOn() {
  return offers().some((offer) => reach(pressed, offer.dataset.hotkey ?? "") === "begun");
}

/** Does what the keys pressed so far are offered for. False where nothing is, or more keys must come. */
function act() {
  const [best] = offers()
    .filter((offer) => reach(pressed, offer.dataset.hotkey ?? "") === "done")
    .sort((a, b) => rank(a) - rank(b));
  if (best || !leadsOn()) pressed = [];
  if (best) press(best);
  return best !== undefined;
}

/** @param {number} by */
function step(by) {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-row]")]);
  const focused = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement?.closest("[data-row]")));
  const open = rows.findIndex((row) => row.closest(".is-open"));
  const to = rows[stepped({ count: rows.length, focused, open }, by)];
  to?.focus();
  to?.scrollIntoView({ block: "nearest" });
  return to !== undefined;
}

/** @param {Element} target */
function submit(target) {
  const form = "form" in target && target.form instanceof HTMLFormElement ? target.form : null;
  const button = form?.querySelector("[data-submit]") ?? form?.querySelector("button:not([type=button])");
  if (button instanceof HTMLElement) button.click();
  return form !== null;
}

/** @param {HTMLElement} target */
function leave(target) {
  const panel = /** @type {HTMLDetailsElement | undefined} */ (
    [...document.querySelectorAll(".dock details[open]")].pop()
  );
  const back = /** @type {HTMLElement | null} */ (document.querySelector(".conv-back"));
  if (target.matches(TYPED_INTO)) target.blur();
  else if (panel) panel.open = false;
  else if (back && isShown(back)) back.click();
}

/**
 * By how many rows this key steps, if it does. On a button, a fold or an option the arrows are its own.
 * @param {KeyboardEvent} event
 * @param {Element} target
 */
function stepOf(event, target) {
  const hasArrows = target.closest("summary, button, [role=option]");
  if (isPress(event, "j") || (!hasArrows && isPress(event, "ArrowDown"))) return 1;
  if (isPress(event, "k") || (!hasArrows && isPress(event, "ArrowUp"))) return -1;
  return 0;
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return;
  if (isPress(event, "Control+Enter")) {
    if (submit(target)) event.preventDefault();
    return;
  }
  if (isPress(event, "Escape")) return leave(target);
  if (target.matches(TYPED_INTO)) return;
  const last = pressed.at(-1);
  if (last && event.timeStamp - last.timeStamp >= SEQUENCE_MS) pressed = [];
  if (pressed.length === 0) {
    const by = stepOf(event, target);
    if (by !== 0) return step(by) && event.preventDefault();
  }
  pressed.push(event);
  if (isAwaited(event)) {
    event.preventDefault();
    held = event;
    pressed = [];
  } else if (act()) event.preventDefault();
}

/**
 * Whether the conversation that this key is meant for is still on its way.
 * @param {KeyboardEvent} event
 */
function isAwaited(event) {
  if (pressed.length > 1 || isModified(event) || leadsOn()) return false;
  return document.querySelector(".pane.is-loading") !== null;
}

function release() {
  if (!held) return;
  pressed = [held];
  held = null;
  act();
}

/** @param {MouseEvent} event */
function onClick({ target }) {
  if (!(target instanceof Element)) return;
  const opener = /** @type {HTMLElement | null} */ (target.closest("[data-opens]"));
  const sheet = document.getElementById(opener?.dataset.opens ?? "");
  if (sheet instanceof HTMLDialogElement) sheet.showModal();
  if (target.closest("[data-closes]")) target.closest("dialog")?.close();
  if (target instanceof HTMLDialogElement && target.matches("dialog.sheet")) target.close();
}

export function install() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("htmx:afterSettle", release);
  document.addEventListener("click", onClick);
}

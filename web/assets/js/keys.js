// The keyboard. What a key does stands in the markup: `data-key="c"` is clicked by c, `data-go="y"` by g y.

const PREFIX_MS = 1200;
let prefixAt = -Infinity;
let held = null;

const isShown = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
const isTyping = (target) => target.matches?.("input:not([type=checkbox], [type=radio], [type=submit]), textarea, select, [contenteditable]");

function find(attribute, key) {
  // The newest offer first: an open sheet, then "undo" in a toast, then the pane, then the rest.
  const all = [...document.querySelectorAll(`[${attribute}~="${CSS.escape(key)}"]`)].filter((one) => isShown(one) && !one.disabled);
  const rank = (one) => (one.closest("dialog[open]") ? 0 : one.closest(".toasts") ? 1 : one.closest("details[open] .dock-panel") ? 2 : 3);
  return all.sort((a, b) => rank(a) - rank(b))[0];
}

function focusFirstField(details) {
  const field = [...details.querySelectorAll("textarea, .pick-field, input:not([type=hidden]), select, button")].find(isShown);
  field?.focus();
}

function press(element) {
  if (element.matches("input[type=search], input[type=text], textarea")) return void (element.focus(), element.select());
  element.click();
  if (element.matches("summary") && element.parentElement.open) focusFirstField(element.parentElement);
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (rows.length === 0) return;
  const focused = rows.indexOf(document.activeElement?.closest?.("[data-row]"));
  const open = rows.findIndex((row) => row.closest(".is-open"));
  const from = focused >= 0 ? focused : open;
  const to = from < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, from + by));
  rows[to].focus();
  rows[to].scrollIntoView({ block: "nearest" });
}

function onKey(event) {
  if (event.ctrlKey && event.key === "Enter" && event.target.form) {
    event.preventDefault();
    (event.target.form.querySelector("[data-submit]") ?? event.target.form.querySelector("button:not([type=button])"))?.click();
    return;
  }
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") {
    const open = [...document.querySelectorAll(".dock details[open], .menu[open]")].pop();
    if (isTyping(event.target)) event.target.blur();
    else if (open) open.open = false;
    else document.querySelector(".conv-back")?.checkVisibility?.() && document.querySelector(".conv-back").click();
    return;
  }
  if (isTyping(event.target)) return;
  if (event.timeStamp - prefixAt < PREFIX_MS) {
    prefixAt = -Infinity;
    const link = find("data-go", event.key);
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  if (event.key === "g") { prefixAt = event.timeStamp; return; }
  const isOnControl = event.target.closest("summary, button, [role=option]");
  if (event.key === "j" || (event.key === "ArrowDown" && !isOnControl)) { if (document.querySelector("[data-row]")) { event.preventDefault(); step(1); } return; }
  if (event.key === "k" || (event.key === "ArrowUp" && !isOnControl)) { if (document.querySelector("[data-row]")) { event.preventDefault(); step(-1); } return; }
  if (document.querySelector(".pane.is-loading")) {
    // The conversation this key is meant for is on its way.
    event.preventDefault();
    held = event.key;
    return;
  }
  pressKey(event.key, event);
}

function pressKey(key, event) {
  const element = find("data-key", key);
  if (!element) return;
  event?.preventDefault();
  press(element);
}

export function install() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("htmx:afterSettle", () => {
    const key = held;
    held = null;
    if (key) pressKey(key);
  });
  document.addEventListener("click", ({ target }) => {
    const opener = target.closest?.("[data-opens]");
    if (opener) document.getElementById(opener.dataset.opens)?.showModal();
    const closer = target.closest?.("[data-closes]");
    if (closer) closer.closest("dialog")?.close();
    if (target.matches?.("dialog.sheet")) target.close();
    for (const menu of document.querySelectorAll(".menu[open]")) if (!menu.contains(target)) menu.open = false;
  });
}

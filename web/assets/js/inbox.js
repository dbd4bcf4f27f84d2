// The inbox's own behaviour: which row is open, what comes after it, and what an answer of the server means.

import { successor } from "./rows.js";

const pane = () => document.getElementById("pane");
const rows = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".row-item")]);

function markOpen() {
  const conversation = document.getElementById("conversation");
  const group = conversation?.dataset.group;
  document.getElementById("inbox")?.classList.toggle("has-open", Boolean(group));
  for (const row of rows()) {
    const isOpen = row.dataset.group === group;
    row.classList.toggle("is-open", isOpen);
    row.querySelector("[data-row]")?.toggleAttribute("aria-current", isOpen);
  }
}

function scrollToEnd() {
  const talk = document.querySelector("#conversation [data-stick]");
  if (talk) talk.scrollTop = talk.scrollHeight;
}

function rowAfterOpen() {
  const all = rows();
  return successor(
    all,
    all.findIndex((row) => row.classList.contains("is-open")),
  );
}

/** @param {Element | undefined} target */
const isPane = (target) => target?.id === "pane" || target?.id === "conversation";

/** @param {MouseEvent} event */
function goBack(event) {
  const back = event.target instanceof Element && event.target.closest(".conv-back");
  if (!(back instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  pane()?.replaceChildren();
  document.getElementById("inbox")?.classList.remove("has-open");
  history.replaceState(null, "", back.href);
  markOpen();
}

/** @param {typeof import("htmx.org").default} htmx */
export function install(htmx) {
  if (!document.getElementById("inbox")) return;
  markOpen();
  scrollToEnd();

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    // Triage goes on: what is settled leaves the list, and the next one opens in the same answer.
    const next = detail.elt.closest("[data-advance]") && rowAfterOpen();
    if (next) detail.parameters.next = next.dataset.group;
  });
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (isPane(detail.target)) pane()?.classList.add("is-loading");
  });
  document.addEventListener("htmx:afterRequest", () => pane()?.classList.remove("is-loading"));
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (!isPane(detail.target)) return;
    markOpen();
    scrollToEnd();
  });
  document.addEventListener("cozum:morphed", markOpen);
  document.addEventListener("click", goBack);
  // Going back in the browser must not show a conversation as it was an hour ago.
  htmx.config.historyCacheSize = 0;
  htmx.config.refreshOnHistoryMiss = true;
}

// The inbox's own behaviour: which row is open, what comes after it, and what an answer of the server means.

const pane = () => document.getElementById("pane");

function markOpen() {
  const conversation = document.getElementById("conversation");
  const group = conversation?.dataset.group;
  document.getElementById("inbox")?.classList.toggle("has-open", Boolean(group));
  for (const row of document.querySelectorAll(".row-item")) {
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
  const rows = [...document.querySelectorAll(".row-item")];
  const at = rows.findIndex((row) => row.classList.contains("is-open"));
  return at < 0 ? undefined : (rows[at + 1] ?? rows[at - 1]);
}

export function install(htmx) {
  if (!document.getElementById("inbox")) return;
  markOpen();
  scrollToEnd();

  document.body.addEventListener("htmx:configRequest", ({ detail }) => {
    // Triage goes on: what is settled leaves the list, and the next one opens in the same answer.
    const next = detail.elt.closest?.("[data-advance]") && rowAfterOpen();
    if (next) detail.parameters.set?.("next", next.dataset.group) ?? (detail.parameters.next = next.dataset.group);
  });
  document.body.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.target?.id === "pane" || detail.target?.id === "conversation") pane()?.classList.add("is-loading");
  });
  document.body.addEventListener("htmx:afterRequest", () => pane()?.classList.remove("is-loading"));
  document.body.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (detail.target?.id !== "pane" && detail.target?.id !== "conversation") return;
    markOpen();
    scrollToEnd();
  });
  document.addEventListener("cozum:morphed", markOpen);
  document.addEventListener("click", (event) => {
    const back = event.target.closest?.(".conv-back");
    if (!back || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    pane().replaceChildren();
    document.getElementById("inbox").classList.remove("has-open");
    history.replaceState(null, "", back.href);
    markOpen();
  });
  // Going back in the browser must not show a conversation as it was an hour ago.
  htmx.config.historyCacheSize = 0;
  htmx.config.refreshOnHistoryMiss = true;
}

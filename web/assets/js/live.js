// Live without reload: one stream a browser says what changed, and the parts of the page it concerns are
// fetched again and morphed in place, so that scroll, focus and typed words stay.
//
// A part says `data-live="URL"`. With `data-live-ids="m12 r5 new"` it is fetched again only when one of these
// changed; `new` stands for any message that arrived. Without it, any change counts.

import { morph } from "./morph.js";

const LEADER = "cozum-live-leader";
// After a fetch a part is left alone for three times as long as that took, within these bounds: a thousand
// browsers that all fetch the same part must not keep a slow server from everything else.
const LEAST_GAP_MS = 300;
const MOST_GAP_MS = 3000;
const GAP_PER_FETCH = 3;
const POLL_MS = 3000;
const RETRY_STREAM_MS = 60000;

/** @typedef {{ all?: boolean, ids: string[], new?: boolean, cursor?: string }} Change */
/** @typedef {"on" | "off" | "polling"} State */

/** @type {string | null} */
let cursor = null;
/** @type {BroadcastChannel | null} */
let channel = null;
/** @type {Map<string, ReturnType<typeof setTimeout>>} */
const waiting = new Map();
/** @type {Set<string>} */
const fetching = new Set();
/** @type {Set<string>} */
const changedMeanwhile = new Set();
/** @type {Map<string, number>} */
const freeFrom = new Map();

const parts = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-live]")]);
const marks = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-live-mark]")]);

/**
 * @param {HTMLElement} part
 * @param {Change} change
 */
function concerns(part, change) {
  const ids = part.dataset.liveIds;
  if (ids === undefined || change.all) return true;
  return ids.split(" ").some((id) => (id === "new" ? change.new : change.ids.includes(id)));
}

/** @param {HTMLElement} part */
async function refetch(part) {
  if (!part.isConnected) return;
  const answer = await fetch(part.dataset.live ?? "", {
    headers: { "HX-Request": "true", "X-Refresh": "live" },
  });
  if (answer.status === 401) location.reload();
  if (answer.ok && part.isConnected) morph(part, await answer.text());
}

/** @param {HTMLElement} part */
function schedule(part) {
  const key = part.id;
  if (fetching.has(key)) return void changedMeanwhile.add(key);
  if (waiting.has(key)) return;
  const wait = Math.max(60, (freeFrom.get(key) ?? 0) - Date.now());
  waiting.set(
    key,
    setTimeout(() => {
      waiting.delete(key);
      // Rows must not jump from under a pointer on its way to one of them.
      if (part.matches("[data-live-calm]") && part.matches(":hover") && Date.now() - pointerMoved < 700) {
        setTimeout(() => schedule(part), 400);
      } else {
        fetchNow(key);
      }
    }, wait),
  );
}

/** @param {string} key the part's id */
async function fetchNow(key) {
  const part = document.getElementById(key);
  if (!part) return;
  fetching.add(key);
  const began = Date.now();
  await refetch(part).catch(() => {});
  const ended = Date.now();
  fetching.delete(key);
  freeFrom.set(key, ended + Math.min(MOST_GAP_MS, Math.max(LEAST_GAP_MS, GAP_PER_FETCH * (ended - began))));
  if (changedMeanwhile.delete(key)) schedule(document.getElementById(key) ?? part);
}

let pointerMoved = 0;

/** @param {Change} change */
function apply(change) {
  for (const part of parts()) if (concerns(part, change)) schedule(part);
}

export function everythingChanged() {
  apply({ all: true, ids: [], new: true });
}

/** @param {State} state */
function show(state) {
  for (const mark of marks()) {
    mark.dataset.live = state;
    const word = mark.querySelector(".live-word");
    if (word) word.textContent = mark.dataset[`word${state[0].toUpperCase()}${state.slice(1)}`] ?? null;
  }
}

/** @param {Change} change */
function hear(change) {
  cursor = change.cursor ?? cursor;
  apply(change);
}

/** @param {{ hello?: true, state?: State, change?: Change }} message */
function tellOthers(message) {
  channel?.postMessage(message);
}

function listen() {
  const source = new EventSource(`/live?after=${encodeURIComponent(cursor ?? "")}`);
  source.addEventListener("open", () => {
    show("on");
    tellOthers({ state: "on" });
  });
  source.addEventListener("changed", (event) => {
    const change = { ...JSON.parse(event.data), cursor: event.lastEventId };
    hear(change);
    tellOthers({ change });
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) {
      // Refused: too many streams, or the session ended. Asking every few seconds finds out which.
      source.close();
      poll(Date.now() + RETRY_STREAM_MS);
    } else {
      show("off");
      tellOthers({ state: "off" });
    }
  });
}

/** @param {number} until */
async function poll(until) {
  try {
    const answer = await fetch(`/live/changes?after=${encodeURIComponent(cursor ?? "")}`, {
      headers: { "HX-Request": "true" },
    });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    for (const change of await answer.json()) {
      hear(change);
      tellOthers({ change });
    }
    show("polling");
    tellOthers({ state: "polling" });
  } catch {
    show("off");
    tellOthers({ state: "off" });
  }
  setTimeout(() => (Date.now() < until ? poll(until) : listen()), POLL_MS);
}

/** @param {typeof import("htmx.org").default} htmx */
export function install(htmx) {
  cursor = document.body.dataset.cursor ?? null;
  if (cursor === null) return;
  document.addEventListener(
    "pointermove",
    () => {
      pointerMoved = Date.now();
    },
    { passive: true },
  );
  htmx.on("cozum:changed", everythingChanged);
  if (!("BroadcastChannel" in window) || !navigator.locks) return void listen();
  channel = new BroadcastChannel(LEADER);
  channel.addEventListener("message", ({ data }) => {
    if (data.hello)
      tellOthers({ state: /** @type {State | undefined} */ (marks()[0]?.dataset.live) ?? "on" });
    if (data.state) show(data.state);
    if (data.change) hear(data.change);
  });
  tellOthers({ hello: true });
  // Whoever holds the lock listens for all tabs; when that tab closes the next one takes over from its cursor.
  navigator.locks.request(LEADER, () => {
    listen();
    return new Promise(() => {});
  });
}

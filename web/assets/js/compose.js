// Writing a reply: the counter counts as the channel counts (the server knows how), the key that makes a
// double click one reply is renewed with each compose, and other fields follow what is chosen.

const PAUSE_MS = 180;
const timers = new WeakMap();

async function count(area) {
  const counter = document.getElementById(area.dataset.counter);
  const form = area.form;
  if (!counter || !form) return;
  const body = new FormData();
  body.set("text", area.value);
  body.set("channel", form.elements.channel?.value ?? area.dataset.channel ?? "");
  body.set("private", area.dataset.private ?? "");
  const answer = await fetch(area.dataset.lengthUrl, {
    method: "POST",
    body,
    headers: { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]')?.content ?? "" },
  });
  if (!answer.ok) return;
  const { length, max } = await answer.json();
  counter.textContent = `${length} / ${max}`;
  counter.classList.toggle("is-over", length > max);
}

function countSoon(area) {
  clearTimeout(timers.get(area));
  timers.set(area, setTimeout(() => count(area).catch(() => {}), PAUSE_MS));
}

function newKey() {
  // randomUUID is there on secure origins alone; many town halls serve plain http inside.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function follow(form) {
  for (const part of form.querySelectorAll("[data-when]")) {
    const [name, values] = part.dataset.when.split("=");
    const field = form.elements[name];
    const value = field?.type === "checkbox" ? String(field.checked) : field?.value;
    const isOn = values.split("|").includes(value);
    part.hidden = !isOn;
    for (const inner of part.querySelectorAll("input, select, textarea")) {
      inner.disabled = !isOn;
      if (inner.dataset.requiredWhen !== undefined) inner.required = isOn;
    }
  }
}

export function install() {
  document.addEventListener("input", ({ target }) => { if (target.matches?.("textarea[data-counter]")) countSoon(target); });
  document.addEventListener("change", ({ target }) => {
    if (!target.form) return;
    if (target.dataset.sends !== undefined) return void target.form.requestSubmit();
    follow(target.form);
    // A category proposes its unit; what a person chose by hand stays.
    const proposes = target.selectedOptions?.[0]?.dataset.unit;
    const unit = target.form.elements.unit;
    if (target.name === "unit") target.dataset.byHand = "1";
    if (proposes && unit && !unit.dataset.byHand) {
      unit.value = proposes;
      unit.dispatchEvent(new Event("change", { bubbles: true }));
      delete unit.dataset.byHand;
    }
    for (const area of target.name === "channel" ? target.form.querySelectorAll("textarea[data-counter]") : []) countSoon(area);
  });
  const ready = (root) => {
    for (const form of root.querySelectorAll("form")) follow(form);
    for (const area of root.querySelectorAll("textarea[data-counter]")) if (area.value) countSoon(area);
    for (const key of root.querySelectorAll('input[name="compose_key"]')) key.value = newKey();
  };
  ready(document);
  document.addEventListener("htmx:load", ({ target }) => ready(target));
}

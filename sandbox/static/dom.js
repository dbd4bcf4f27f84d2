// Small pieces for building the page: elements, times, avatars. Text always goes in as text, never as markup.

/** An element with attributes (`on…` are listeners, `class`, `data` an object) and children (nodes, text, lists). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "class") element.className = value;
    else if (value === true) element.setAttribute(name, "");
    else element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** One of the page's drawn symbols. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** A round picture with somebody's initials, always in the same colour. */
export function avatar(name, ours = false) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  const initials = name.split(/[\s_.]+/).filter(Boolean).map((word) => [...word][0]).slice(0, 2).join("");
  const hue = ours ? "ours" : `hue-${sum % 8}`;
  return h("span", { class: `avatar ${hue}`, "aria-hidden": "true" }, initials.toLocaleUpperCase("tr"));
}

/** The sign of an account that is the municipality's own. */
export function official() {
  return h("span", { class: "official", title: "Resmî hesap" }, icon("check"));
}

const day = new Intl.DateTimeFormat("tr", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", timeZone: "Europe/Istanbul" });
const clock = new Intl.DateTimeFormat("tr", { hour: "2-digit", minute: "2-digit", timeZone: "Europe/Istanbul" });

/** When something was said, seen from now. */
export function ago(iso) {
  const then = new Date(iso);
  const seconds = (Date.now() - then) / 1000;
  let words = day.format(then);
  if (seconds < 45) words = "şimdi";
  else if (seconds < 3600) words = `${Math.max(1, Math.round(seconds / 60))} dk`;
  else if (seconds < 86400) words = `${Math.round(seconds / 3600)} sa`;
  return h("time", { datetime: iso, title: day.format(then), class: "when" }, words);
}

/** The hour and minute, as chats show it. */
export function hour(iso) {
  return h("time", { datetime: iso, title: day.format(new Date(iso)) }, clock.format(new Date(iso)));
}

/** Text with @names and #tags set off. */
export function marked(text) {
  return text.split(/([@#][\p{L}\p{N}_.]+)/u).map((piece, place) => (place % 2 ? h("span", { class: "tag" }, piece) : piece));
}

let hiding;

/** A short word at the foot of the page. */
export function toast(words, bad = false) {
  const box = document.getElementById("toast");
  box.textContent = words;
  box.classList.toggle("is-bad", bad);
  box.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(() => { box.hidden = true; }, 4500);
}

// The box a citizen writes in. What is typed outlives every redrawing of the page.

import { h, icon, avatar, toast } from "./dom.js";
import { sample, shrunk } from "./talk.js";

const drafts = new Map(); // id of the box -> { text, picture }

/** What is typed in a box so far. */
function draft(id) {
  if (!drafts.has(id)) drafts.set(id, { text: "", picture: null });
  return drafts.get(id);
}

/** Whether somebody has begun to write in a box. */
export function hasDraft(id) {
  return Boolean(drafts.get(id)?.text);
}

/** Puts a beginning into an empty box, such as a name to be mentioned. */
export function begin(id, text) {
  const kept = draft(id);
  if (!kept.text) kept.text = text;
}

/**
 * A box. `say(text, media)` answers a promise; the box empties when it gives something.
 * `small` is the one-line form, `kind` what the dice offers: public or chat.
 */
export function composer({ id, me, placeholder, label, say, small = false, kind = "public", picture = true }) {
  const kept = draft(id);
  const area = h("textarea", {
    rows: small ? 1 : 2, placeholder, "aria-label": placeholder, maxlength: 4000, data: { box: id },
    oninput: () => { kept.text = area.value; grow(); },
    onkeydown: (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); send(); }
    },
  });
  area.value = kept.text;
  const grow = () => {
    area.style.height = "auto";
    if (area.scrollHeight) area.style.height = `${Math.min(area.scrollHeight, 180)}px`;
    button.disabled = !area.value.trim() && !kept.picture;
  };
  const file = h("input", { type: "file", accept: "image/*", class: "file", tabindex: "-1", "aria-hidden": "true",
    onchange: async () => {
      if (!file.files[0]) return;
      try { kept.picture = await shrunk(file.files[0]); show(); } catch { toast("Bu fotoğraf açılamadı.", true); }
    } });
  const preview = h("span", { class: "preview" });
  const show = () => {
    preview.replaceChildren(...(kept.picture
      ? [h("img", { src: kept.picture, alt: "Eklenecek fotoğraf" }),
        h("button", { type: "button", class: "drop", "aria-label": "Fotoğrafı çıkar", onclick: () => { kept.picture = null; file.value = ""; show(); } }, "×")]
      : []));
    grow();
  };
  const button = h("button", { type: "submit", class: "send", title: label, "aria-label": label }, small ? icon("send") : label);
  const send = async () => {
    const text = area.value.trim();
    if (!text && !kept.picture) return;
    button.disabled = true;
    const done = await say(text, kept.picture ? [kept.picture] : []);
    if (done) { drafts.delete(id); area.value = ""; kept.text = ""; kept.picture = null; show(); }
    grow();
  };
  const tools = [
    picture && h("button", { type: "button", class: "tool", title: "Fotoğraf ekle", "aria-label": "Fotoğraf ekle", onclick: () => file.click() }, icon("photo")),
    h("button", { type: "button", class: "tool", title: "Örnek bir cümle yaz", "aria-label": "Örnek bir cümle yaz",
      onclick: async () => {
        const words = await sample(kind);
        const name = /^@\S+\s/.exec(area.value);
        area.value = (name ? name[0] : "") + words;
        kept.text = area.value;
        grow();
        area.focus();
      } }, icon("dice")),
  ];
  const form = h("form", { class: small ? "composer is-small" : "composer", onsubmit: (event) => { event.preventDefault(); send(); } },
    small ? null : avatar(me), h("div", { class: "composer-field" }, area, preview), h("div", { class: "composer-tools" }, tools, button), file);
  show();
  requestAnimationFrame(grow);
  return form;
}

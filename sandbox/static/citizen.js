// The citizen's page: who one is, which account one looks at, and looking again every moment.

import { avatar, h, toast } from "./dom.js";
import { chat } from "./chat.js";
import { feed } from "./feed.js";
import { summary, truth } from "./talk.js";

const EVERY = 1500;
const stage = document.getElementById("stage");
const side = document.getElementById("phone-side");
const nameBox = document.getElementById("my-name");
const wide = window.matchMedia("(min-width: 1180px)");
const buttons = [...document.querySelectorAll(".channel")];
const channels = buttons.map((button) => ({ key: button.dataset.channel, platform: button.dataset.platform, name: button.dataset.name, handle: button.dataset.handle }));
const whatsapp = channels.find((channel) => channel.platform === "whatsapp");
const state = {
  me: localStorage.getItem("citizen-name") || "Deniz Yılmaz",
  channel: channels.find((channel) => channel.key === location.hash.slice(1)) || channels[0],
  pane: "posts", // posts | messages
  drawn: new Map(), // element -> what it shows
  read: new Map(), // channel -> answers already looked at
  away: false,
};

/** Puts `content` into `place` without losing what is being typed or where one has scrolled to. */
function draw(place, content, focus) {
  const active = document.activeElement;
  const box = focus || (place.contains(active) ? active.dataset?.box : null);
  const caret = active?.dataset?.box === box ? [active.selectionStart, active.selectionEnd] : null;
  const old = place.querySelector(".chat-body");
  const top = old ? old.scrollTop : 0;
  const atEnd = !old || old.scrollHeight - old.scrollTop - old.clientHeight < 60;
  place.replaceChildren(content);
  const body = place.querySelector(".chat-body");
  if (body) {
    body.scrollTop = atEnd ? body.scrollHeight : top;
    if (atEnd) for (const picture of body.querySelectorAll("img")) picture.addEventListener("load", () => { body.scrollTop = body.scrollHeight; });
  }
  if (box) {
    const again = place.querySelector(`[data-box="${CSS.escape(box)}"]`);
    again?.focus({ preventScroll: !focus });
    if (again && caret) again.setSelectionRange(...caret);
  }
}

function tabs() {
  if (!["facebook", "instagram"].includes(state.channel.platform)) return null;
  const tab = (pane, words) => h("button", { type: "button", role: "tab", "aria-selected": String(state.pane === pane),
    onclick: () => { state.pane = pane; look({ again: true }); } }, words);
  return h("div", { class: "tabs", role: "tablist" }, tab("posts", "Gönderiler"), tab("messages", "Özel mesaj"));
}

function page(channel) {
  return { channel, me: state.me, redraw: (focus) => look({ again: true, focus }) };
}

async function drawInto(place, channel, content, { again = false, focus } = {}) {
  const found = await truth(channel.key);
  const key = `${channel.key}|${state.me}|${state.pane}`;
  const before = state.drawn.get(place);
  if (!again && before && before.found === found && before.key === key && Date.now() - before.at < 30000) return;
  if (!again && before && before.key === key && place.querySelector("textarea:focus")?.value && before.found === found) return;
  state.drawn.set(place, { found, key, at: Date.now() });
  draw(place, content(found), focus);
}

/** Looks at what is shown and at what is new elsewhere. */
async function look(options = {}) {
  try {
    const { channel } = state;
    await drawInto(stage, channel, (found) => (channel.platform === "whatsapp"
      ? h("div", { class: "phone" }, chat(found, page(channel)))
      : h("div", { class: "column" }, banner(found), tabs(), state.pane === "messages" ? chat(found, page(channel)) : feed(found, page(channel)))), options);
    if (whatsapp && wide.matches && channel.platform !== "whatsapp") {
      await drawInto(side, whatsapp, (found) => h("div", { class: "phone" }, chat(found, page(whatsapp))), options);
    }
    news(await summary(state.me));
    if (state.away) { state.away = false; toast("Bağlantı yeniden kuruldu."); }
  } catch {
    if (!state.away) toast("Sandbox yanıt vermiyor; bekleniyor…", true);
    state.away = true;
  }
}

function banner(found) {
  const { account, platform } = found;
  const counts = { x: "hesap", facebook: "sayfa", instagram: "profil" }[platform];
  return h("header", { class: `banner is-${platform}` }, h("div", { class: "banner-cover", "aria-hidden": "true" }),
    h("div", { class: "banner-who" }, avatar(account.name, true), h("div", {}, h("h2", {}, account.name), h("p", {}, `@${account.handle} · resmî ${counts} · ${found.posts.filter((post) => post.is_ours && !post.deleted).length} gönderi`))));
}

function news(counts) {
  for (const button of buttons) {
    const count = counts[button.dataset.channel]?.answers ?? 0;
    const shown = button.dataset.channel === state.channel.key || (wide.matches && button.dataset.platform === "whatsapp");
    if (shown || !state.read.has(button.dataset.channel)) state.read.set(button.dataset.channel, count);
    const fresh = count - state.read.get(button.dataset.channel);
    const sign = button.querySelector(".channel-news");
    sign.hidden = fresh <= 0;
    sign.textContent = String(Math.max(fresh, 0));
    sign.title = `${fresh} yeni yanıt`;
  }
}

function choose(channel) {
  state.channel = channel;
  state.pane = "posts";
  history.replaceState(null, "", `#${channel.key}`);
  document.body.dataset.platform = channel.platform;
  for (const button of buttons) {
    const current = button.dataset.channel === channel.key;
    button.setAttribute("aria-current", String(current));
    if (current) button.scrollIntoView({ block: "nearest", inline: "center" });
  }
  window.scrollTo({ top: 0 });
  look({ again: true });
}

function iAm(name) {
  state.me = name.trim() || "Deniz Yılmaz";
  localStorage.setItem("citizen-name", state.me);
  nameBox.value = state.me;
  const mark = avatar(state.me);
  mark.id = "my-avatar";
  document.getElementById("my-avatar").replaceWith(mark);
  state.read.clear();
}

function theme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  localStorage.setItem("citizen-theme", dark ? "dark" : "light");
}

if (localStorage.getItem("citizen-theme")) theme(localStorage.getItem("citizen-theme") === "dark");
document.getElementById("theme").addEventListener("click", () => {
  const now = document.documentElement.dataset.theme || (window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  theme(now !== "dark");
});
nameBox.addEventListener("change", () => { iAm(nameBox.value); look({ again: true }); });
for (const button of buttons) button.addEventListener("click", () => choose(channels.find((channel) => channel.key === button.dataset.channel)));
wide.addEventListener("change", () => look({ again: true }));
iAm(state.me);
choose(state.channel);
setInterval(() => { if (!document.hidden) look(); }, EVERY);

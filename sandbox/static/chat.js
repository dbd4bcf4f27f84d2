// Private messages: the WhatsApp chat, and the messages of Facebook and Instagram in the same manner.

import { h, icon, avatar, official, hour } from "./dom.js";
import { begin, composer } from "./composer.js";
import { act } from "./talk.js";

let editing = null;
const opened = new Set(); // messages whose list of choices is unfolded

/** The chat of `me` with an account. `page` is { channel, me, redraw }. */
export function chat(truth, page) {
  const mine = truth.chats.find((one) => one.with === page.me);
  const messages = mine ? mine.messages : [];
  const byId = new Map(messages.map((message) => [message.external_id, message]));
  const chosen = new Set(messages.filter((message) => message.chosen).map((message) => message.parent));
  const body = h("div", { class: "chat-body", tabindex: "0", "aria-label": "Mesajlar" },
    messages.length ? null : h("p", { class: "chat-hint" }, truth.platform === "whatsapp"
      ? "Çözüm Merkezi'ne WhatsApp'tan yazın. Yanıtı burada göreceksiniz."
      : "Bu hesaba özel mesaj yazın. Yanıtı burada göreceksiniz."),
    messages.map((message) => bubble(message, { ...page, byId, chosen, platform: truth.platform })));
  return h("section", { class: `chat is-${truth.platform}` },
    h("header", { class: "chat-head" }, avatar(truth.account.name, true),
      h("div", {}, h("b", {}, truth.account.name, official()), h("small", {}, truth.platform === "whatsapp" ? "işletme hesabı · genelde hemen yanıtlar" : "özel mesajlar"))),
    body,
    composer({ id: `chat:${page.channel.key}`, me: page.me, placeholder: "Mesaj yaz", label: "Gönder", small: true, kind: "chat",
      say: (text, media) => act("say", { channel: page.channel.key, author: page.me, text, media, kind: "dm" }).then((done) => { if (done) page.redraw(); return done; }) }));
}

function bubble(message, context) {
  const { byId, me, platform } = context;
  const quoted = message.parent ? byId.get(message.parent) : null;
  const reactions = Object.values(message.reactions);
  return h("div", { class: `message ${message.is_ours ? "is-theirs" : "is-mine"}`, data: { id: message.external_id } },
    h("div", { class: "message-bubble" },
      quoted && h("blockquote", {}, h("b", {}, quoted.is_ours ? quoted.author : "Siz"), quoted.text || "📷 Fotoğraf"),
      message.deleted ? h("p", { class: "gone" }, "Bu mesaj silindi") : [
        message.media.map((url) => h("img", { src: url, alt: "Fotoğraf" })),
        edited(message, context) || (message.text && h("p", {}, message.text)),
      ],
      h("span", { class: "message-foot" },
        !message.deleted && !message.is_ours && message.author === me && !message.chosen && deeds(message, context),
        message.edited && "düzenlendi ", hour(message.sent_at), !message.is_ours && platform === "whatsapp" && h("span", { class: "ticks", "aria-label": "iletildi" }, "✓✓")),
      reactions.length > 0 && h("span", { class: "message-reactions" }, [...new Set(reactions)].join(""))),
    choices(message, context));
}

function deeds(message, context) {
  return h("span", { class: "message-deeds" },
    h("button", { type: "button", onclick: () => { editing = message.external_id; context.redraw(`edit:${message.external_id}`); } }, "Düzenle"),
    h("button", { type: "button", onclick: () => act("delete", { external_id: message.external_id }).then(() => context.redraw()) }, "Sil"));
}

function edited(message, context) {
  if (editing !== message.external_id) return null;
  const id = `edit:${message.external_id}`;
  begin(id, message.text);
  return composer({ id, me: context.me, placeholder: "Yeni hâli", label: "Kaydet", small: true, picture: false,
    say: async (text) => {
      const done = await act("edit", { external_id: message.external_id, text });
      if (done) { editing = null; context.redraw(); }
      return done;
    } });
}

/** The buttons or rows a message offers; one tap answers with it. */
function choices(message, context) {
  if (!message.choices || message.deleted) return null;
  const done = context.chosen.has(message.external_id);
  const choose = (choice) => act("say", { channel: context.channel.key, author: context.me, text: choice.title, parent: message.external_id, choice: choice.id })
    .then(() => context.redraw());
  const rows = message.choices.map((choice) => h("button", { type: "button", class: "choice", disabled: done, onclick: () => choose(choice) },
    h("b", {}, choice.title), choice.description && h("small", {}, choice.description)));
  if (message.choices.length <= 3) return h("div", { class: "choices" }, rows);
  const unfold = h("details", { class: "choices", ontoggle: () => { if (unfold.open) opened.add(message.external_id); else opened.delete(message.external_id); } },
    h("summary", {}, icon("reply"), done ? "Yanıtınız alındı" : message.choices_label || "Seçenekler"), rows);
  unfold.open = opened.has(message.external_id) && !done;
  return unfold;
}

// The public side of an account: its posts, and all that stands under them, in the manner of each platform.

import { h, icon, avatar, official, ago, marked } from "./dom.js";
import { begin, composer, hasDraft } from "./composer.js";
import { act } from "./talk.js";

const open = { replyTo: null, editing: null };
const seen = new Map(); // channel -> ids once shown

const WORDS = {
  x: { write: "Yanıtını gönder", send: "Yanıtla", own: "Ne oluyor? Belediyeyi etiketle…", ownSend: "Gönder" },
  facebook: { write: "Yorum yaz…", send: "Yorum yap", own: "Sayfaya bir şeyler yaz…", ownSend: "Paylaş" },
  instagram: { write: "Yorum ekle…", send: "Paylaş", own: "Belediyeyi etiketlediğin bir gönderi…", ownSend: "Paylaş" },
};

/** The whole feed of a channel as an element. `page` is { channel, me, redraw }. */
export function feed(truth, page) {
  const fresh = seen.get(page.channel.key);
  const now = new Set();
  const context = { ...page, platform: truth.platform, words: WORDS[truth.platform], fresh, now, truth };
  const posts = truth.posts.filter((post) => !post.deleted).map((post) => card(post, context));
  seen.set(page.channel.key, now);
  return h("div", { class: `feed is-${truth.platform}` }, own(context), posts.length ? posts : h("p", { class: "empty" }, "Henüz gönderi yok."));
}

/** The box for a post of the citizen's own that names the account. */
function own(context) {
  const { channel, me, words } = context;
  const id = `own:${channel.key}`;
  if (context.platform === "x") begin(id, `@${channel.handle} `);
  return h("section", { class: "card own-post" }, composer({
    id, me, placeholder: words.own, label: words.ownSend,
    say: (text, media) => act("say", { channel: channel.key, author: me, text, media, kind: "mention" }).then(after(context)),
  }));
}

function after(context) {
  return (done) => { if (done) context.redraw(); return done; };
}

function card(post, context) {
  const { platform } = context;
  const count = countOf(post.replies);
  const picture = post.media.length > 0 && h("div", { class: "post-picture" }, post.media.map((url) => h("img", { src: url, alt: "", loading: "lazy" })));
  const text = h("div", { class: "post-text" },
    platform === "instagram" && h("b", {}, post.author_handle, " "), marked(post.text));
  const counts = h("div", { class: "post-counts" },
    h("span", {}, icon("heart"), String(Object.keys(post.reactions).length || "")),
    h("span", {}, icon("reply"), platform === "x" ? String(count || "") : count ? `${count} yorum` : "İlk yorumu sen yaz"));
  return h("article", { class: `card post ${novelty(post, context)}`, data: { id: post.external_id } },
    head(post, context),
    platform === "instagram" ? [picture, counts, text] : [text, picture, counts],
    mine(post, context),
    h("div", { class: "replies" }, post.replies.map((reply) => comment(reply, context, 1))),
    composer({ id: `to:${post.external_id}`, me: context.me, placeholder: context.words.write, label: context.words.send, small: true,
      say: (words, media) => answer(post, words, media, context) }));
}

function countOf(replies) {
  return replies.reduce((sum, reply) => sum + (reply.deleted ? 0 : 1) + countOf(reply.replies), 0);
}

function novelty(said, { fresh, now }) {
  now.add(said.external_id);
  return fresh && !fresh.has(said.external_id) ? "is-new" : "";
}

function head(said, context) {
  const { platform } = context;
  const handle = said.author_handle && platform !== "facebook" ? h("span", { class: "handle" }, platform === "x" ? `@${said.author_handle}` : said.author_handle) : null;
  return h("header", { class: "said-head" },
    avatar(said.author, said.is_ours),
    h("div", { class: "said-who" },
      h("b", {}, platform === "instagram" && said.author_handle ? said.author_handle : said.author), said.is_ours && official(),
      platform === "x" && handle,
      h("span", { class: "meta" }, ago(said.sent_at), said.edited && " · düzenlendi", said.hidden && " · gizlendi")));
}

function answer(parent, text, media, context) {
  return act("say", { channel: context.channel.key, author: context.me, text, media, parent: parent.external_id }).then(after(context));
}

function comment(said, context, depth) {
  const { platform, me } = context;
  if (said.deleted && !said.replies.some((reply) => !reply.deleted)) return null;
  const isMine = !said.is_ours && said.author === me;
  const kind = ["comment", said.is_ours ? "is-ours" : "", isMine ? "is-mine" : "", novelty(said, context)].join(" ");
  const words = said.deleted ? h("p", { class: "gone" }, "Bu yorum silindi.") : editing(said, context) || h("div", { class: "said-text" },
    platform === "instagram" && [h("b", {}, said.author_handle || said.author), said.is_ours && official(), " "], marked(said.text));
  const pictures = !said.deleted && said.media.map((url) => h("img", { class: "said-picture", src: url, alt: "Eklenen fotoğraf", loading: "lazy" }));
  const body = platform === "x"
    ? [head(said, context), words, pictures]
    : platform === "facebook"
      ? [avatar(said.author, said.is_ours), h("div", { class: "bubble-side" }, h("div", { class: "bubble" }, h("b", {}, said.author, said.is_ours && official()), words), pictures)]
      : [avatar(said.author, said.is_ours), h("div", { class: "line-side" }, words, pictures)];
  return h("div", { class: `${kind} depth-${Math.min(depth, 3)}`, data: { id: said.external_id } },
    h("div", { class: "comment-body" }, body),
    !said.deleted && actions(said, context),
    rating(said, context),
    open.replyTo === said.external_id || hasDraft(`to:${said.external_id}`)
      ? composer({ id: `to:${said.external_id}`, me, placeholder: `${said.author} kişisine yanıt ver…`, label: "Yanıtla", small: true,
        say: (text, media) => answer(said, text, media, context).then((done) => { if (done) open.replyTo = null; return done; }) })
      : null,
    said.replies.length > 0 && h("div", { class: "replies" }, said.replies.map((reply) => comment(reply, context, depth + 1))));
}

function actions(said, context) {
  const likes = Object.keys(said.reactions).length;
  return h("div", { class: "actions" },
    context.platform !== "x" && h("span", { class: "meta" }, ago(said.sent_at), said.edited && " · düzenlendi", said.hidden && " · gizlendi"),
    h("button", { type: "button", onclick: () => act("react", { external_id: said.external_id, author: context.me, reaction: "❤️" }).then(after(context)) },
      context.platform === "x" ? icon("heart") : "Beğen", likes ? ` ${likes}` : ""),
    h("button", { type: "button", onclick: () => { open.replyTo = open.replyTo === said.external_id ? null : said.external_id; context.redraw(`to:${said.external_id}`); } }, "Yanıtla"),
    !said.is_ours && said.author === context.me && ownDeeds(said, context));
}

function ownDeeds(said, context) {
  return [
    h("button", { type: "button", onclick: () => { open.editing = said.external_id; context.redraw(`edit:${said.external_id}`); } }, "Düzenle"),
    h("button", { type: "button", class: "is-bad", onclick: () => act("delete", { external_id: said.external_id }).then(after(context)) }, "Sil"),
  ];
}

/** What a citizen may do with a post of their own. */
function mine(post, context) {
  if (post.is_ours || post.author !== context.me) return null;
  return h("div", { class: "actions" }, editing(post, context), ownDeeds(post, context));
}

function editing(said, context) {
  if (open.editing !== said.external_id) return null;
  const id = `edit:${said.external_id}`;
  begin(id, said.text);
  return composer({ id, me: context.me, placeholder: "Yeni hâli…", label: "Kaydet", small: true, picture: false,
    say: async (text) => {
      const done = await act("edit", { external_id: said.external_id, text });
      if (done) { open.editing = null; context.redraw(); }
      return done;
    } });
}

/** Five stars under the municipality's latest answer to this citizen. */
function rating(said, context) {
  if (!said.is_ours || said.external_id !== latestAnswer(context)) return null;
  const stars = [1, 2, 3, 4, 5].map((count) => h("button", {
    type: "button", "aria-label": `${count} yıldız`, title: `${count} yıldız`,
    onclick: () => act("rate", { channel: context.channel.key, author: context.me, stars: count }).then(after(context)),
  }, "★"));
  return h("div", { class: "stars" }, h("span", {}, "Yanıtı puanla"), stars.reverse());
}

function latestAnswer(context) {
  if (context.latest === undefined) {
    const byId = new Map();
    const walk = (nodes) => nodes.forEach((node) => { byId.set(node.external_id, node); walk(node.replies); });
    walk(context.truth.posts);
    const answers = [...byId.values()].filter((node) => node.is_ours && !node.deleted && node.answers
      && byId.get(node.answers)?.author === context.me && !byId.get(node.answers).is_ours);
    answers.sort((one, other) => one.sent_at.localeCompare(other.sent_at));
    context.latest = answers.length ? answers.at(-1).external_id : null;
  }
  return context.latest;
}

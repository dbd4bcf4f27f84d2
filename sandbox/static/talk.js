// What the page asks of the sandbox: the public truth, and the citizen's own deeds.

import { toast } from "./dom.js";

const known = new Map(); // channel -> { tag, truth }

/** The truth of a channel; the same object as before while nothing has changed. */
export async function truth(channel) {
  const before = known.get(channel);
  const headers = before ? { "If-None-Match": before.tag } : {};
  const answer = await fetch(`/_control/threads?channel=${encodeURIComponent(channel)}`, { headers, cache: "no-store" });
  if (answer.status === 304) return before.truth;
  if (!answer.ok) throw new Error(String(answer.status));
  const read = await answer.json();
  delete read.revision;
  const text = JSON.stringify(read);
  const same = before && before.text === text;
  known.set(channel, { tag: answer.headers.get("ETag"), truth: same ? before.truth : read, text });
  return known.get(channel).truth;
}

/** How many answers stand on each channel, for the signs beside the accounts. */
export async function summary(author) {
  const answer = await fetch(`/_page/summary?author=${encodeURIComponent(author)}`, { cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).channels;
}

/** A sentence a citizen could say. */
export async function sample(kind) {
  const answer = await fetch(`/_page/sample?kind=${kind}`, { cache: "no-store" });
  return answer.ok ? (await answer.json()).text : "";
}

/** A citizen's deed; null when the sandbox refused it (the reason is shown). */
export async function act(call, body) {
  try {
    const answer = await fetch(`/_control/${call}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const read = await answer.json();
    if (answer.ok) return read;
    toast(read.error || "Olmadı.", true);
  } catch {
    toast("Bağlantı yok; sandbox çalışıyor mu?", true);
  }
  return null;
}

/** A chosen picture as a small data address. */
export function shrunk(file) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onerror = failed;
    reader.onload = () => {
      const picture = new Image();
      picture.onerror = failed;
      picture.onload = () => {
        const scale = Math.min(1, 900 / Math.max(picture.width, picture.height));
        const canvas = document.createElement("canvas");
        canvas.width = Math.round(picture.width * scale);
        canvas.height = Math.round(picture.height * scale);
        canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
        done(canvas.toDataURL("image/jpeg", 0.82));
      };
      picture.src = reader.result;
    };
    reader.readAsDataURL(file);
  });
}

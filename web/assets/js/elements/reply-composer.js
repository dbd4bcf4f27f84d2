// <reply-composer>: a text to a citizen inside its form. Counts as the channel counts (the server knows how),
// and renews the key that makes a double click one reply. Typed words and caret stay through a morph.

const PAUSE_MS = 180;

function newKey() {
  // randomUUID is there on secure origins alone; many town halls serve plain http inside.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class ReplyComposer extends HTMLElement {
  #isMade = false;
  #listeners = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  connectedCallback() {
    const area = this.#area;
    if (!area) throw new Error("<reply-composer> without a <textarea>");
    if (!this.#isMade) {
      const key = this.#key;
      if (key) key.value = newKey();
      this.#isMade = true;
    }
    if (area.value) this.#countSoon();
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    const isOurs = (/** @type {EventTarget | null} */ target) =>
      target === this.#area || target === this.#channel;
    this.addEventListener("input", ({ target }) => isOurs(target) && this.#countSoon(), { signal });
    this.addEventListener("change", ({ target }) => isOurs(target) && this.#countSoon(), { signal });
  }

  disconnectedCallback() {
    this.#listeners.abort();
    clearTimeout(this.#timer);
  }

  // A move within the page that keeps its state (`moveBefore`) needs nothing of us.
  connectedMoveCallback() {}

  /**
   * Whether this part stays as it is whatever the fresh page says: the key always, words once they are typed.
   * @param {Element} old
   */
  takesOver(old) {
    if (old === this.#key) return true;
    const area = this.#area;
    const isTyped = area !== null && (area.value !== area.defaultValue || area === document.activeElement);
    return isTyped && (old === area || old === this.#counter);
  }

  get #area() {
    return this.querySelector("textarea");
  }

  get #key() {
    return /** @type {HTMLInputElement | null} */ (this.querySelector("input[name=compose_key]"));
  }

  get #channel() {
    return /** @type {HTMLSelectElement | null} */ (this.querySelector("select[name=channel]"));
  }

  get #counter() {
    return this.querySelector(".counter");
  }

  #countSoon() {
    clearTimeout(this.#timer);
    // Without an answer the number stays; the server refuses what is too long in any case.
    this.#timer = setTimeout(() => this.#count().catch(() => {}), PAUSE_MS);
  }

  async #count() {
    const area = this.#area;
    const counter = this.#counter;
    if (!area || !counter) return;
    const body = new FormData();
    body.set("text", area.value);
    body.set("channel", this.#channel?.value ?? area.dataset.channel ?? "");
    body.set("private", area.dataset.private ?? "");
    const token = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="csrf-token"]'));
    const answer = await fetch(area.dataset.lengthUrl ?? "", {
      method: "POST",
      body,
      headers: { "X-CSRFToken": token?.content ?? "" },
    });
    if (!answer.ok) return;
    const { length, max } = await answer.json();
    counter.textContent = `${length} / ${max}`;
    counter.classList.toggle("is-over", length > max);
  }
}

customElements.define("reply-composer", ReplyComposer);

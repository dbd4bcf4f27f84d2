// <drop-menu>: a <details> that closes by Escape and by a click outside. Without JavaScript, by its summary.

export class DropMenu extends HTMLElement {
  #listeners = new AbortController();

  connectedCallback() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    document.addEventListener("click", (event) => this.#onClick(event), { signal });
    document.addEventListener("keydown", (event) => this.#onKey(event), { signal, capture: true });
  }

  disconnectedCallback() {
    this.#listeners.abort();
  }

  get #details() {
    return this.querySelector("details");
  }

  #close() {
    if (this.#details) this.#details.open = false;
  }

  /** @param {MouseEvent} event */
  #onClick({ target }) {
    if (target instanceof Node && !this.contains(target)) this.#close();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== "Escape" || !this.#details?.open) return;
    event.stopPropagation(); // else the same key leaves the conversation behind the menu
    this.#close();
  }
}

customElements.define("drop-menu", DropMenu);

// Light or dark, toasts that leave by themselves, and what to say when the server could not be reached.

const TOAST_MS = 10000;

/** @param {string} theme */
function setTheme(theme) {
  const root = document.documentElement;
  if (theme === "auto") root.removeAttribute("data-bs-theme");
  else root.setAttribute("data-bs-theme", theme);
  const year = 365 * 24 * 3600;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is missing on plain http and in older browsers
  document.cookie = `theme=${theme}; Path=/; Max-Age=${year}; SameSite=Lax${secure}`;
  const buttons = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-theme-choice]"));
  for (const button of buttons) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  }
}

/** @param {Element} toast */
function leave(toast) {
  if (!(toast instanceof HTMLElement) || toast.dataset.leaving) return;
  toast.dataset.leaving = "1";
  setTimeout(() => {
    toast.classList.add("is-leaving");
    setTimeout(() => toast.remove(), 300);
  }, TOAST_MS);
}

/** @param {string | undefined} words */
function say(words) {
  const toasts = document.getElementById("toasts");
  if (!toasts || !words) return;
  const line = document.createElement("div");
  line.className = "toast-line is-trouble";
  line.setAttribute("role", "alert");
  line.textContent = words;
  toasts.replaceChildren(line);
  leave(line);
}

export function install() {
  const words = document.body.dataset;
  document.addEventListener("click", ({ target }) => {
    const choice = target instanceof Element && target.closest("[data-theme-choice]");
    if (choice instanceof HTMLElement) setTheme(choice.dataset.themeChoice ?? "auto");
  });
  const toasts = document.getElementById("toasts");
  if (toasts) {
    for (const toast of toasts.children) leave(toast);
    new MutationObserver(() => {
      for (const toast of toasts.children) leave(toast);
    }).observe(toasts, { childList: true });
  }
  document.addEventListener("htmx:sendError", () => say(words.wordUnreachable));
  document.addEventListener("htmx:responseError", ({ detail }) => {
    if (detail.xhr.status !== 401) say(detail.xhr.status === 403 ? words.wordForbidden : words.wordTrouble);
  });
}

// Light or dark, toasts that leave by themselves, and what to say when the server could not be reached.

const TOAST_MS = 10000;

function setTheme(theme) {
  const root = document.documentElement;
  if (theme === "auto") root.removeAttribute("data-bs-theme");
  else root.setAttribute("data-bs-theme", theme);
  const year = 365 * 24 * 3600;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `theme=${theme}; Path=/; Max-Age=${year}; SameSite=Lax${secure}`;
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  }
}

function leave(toast) {
  if (toast.dataset.leaving) return;
  toast.dataset.leaving = "1";
  setTimeout(() => {
    toast.classList.add("is-leaving");
    setTimeout(() => toast.remove(), 300);
  }, TOAST_MS);
}

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
    const choice = target.closest?.("[data-theme-choice]");
    if (choice) setTheme(choice.dataset.themeChoice);
  });
  const toasts = document.getElementById("toasts");
  if (toasts) {
    for (const toast of toasts.children) leave(toast);
    new MutationObserver(() => { for (const toast of toasts.children) leave(toast); }).observe(toasts, { childList: true });
  }
  document.addEventListener("htmx:sendError", () => say(words.wordUnreachable));
  document.addEventListener("htmx:responseError", ({ detail }) => {
    if (detail.xhr.status !== 401) say(detail.xhr.status === 403 ? words.wordForbidden : words.wordTrouble);
  });
}

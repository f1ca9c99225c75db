// Light, dark, or as the system has it: kept in a cookie, so that the server draws the page right at once.

const YEAR_S = 31536000;

export function installTheme(document) {
  const button = document.querySelector("[data-theme-switch]");
  const say = () => button?.setAttribute("aria-label", isDark(document) ? "Switch to light" : "Switch to dark");
  say();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
  button?.addEventListener("click", () => {
    const next = isDark(document) ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    const path = document.querySelector('meta[name="base"]').content || "/";
    document.cookie = `voicewright_theme=${next}; Path=${path}; Max-Age=${YEAR_S}; SameSite=Lax`;
    say();
    document.dispatchEvent(new CustomEvent("theme"));
  });
}

/** Whether the page is dark now. */
export function isDark(document) {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

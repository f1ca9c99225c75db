// Short notes in the corner: what was done, and what was refused. Good news goes by itself; bad news stays.

const GOOD_NEWS_MS = 6000;
const KEPT = "voicewright.note";

/** Make their buttons work, and say what the page before wanted said. */
export function installNotes(document) {
  document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove());
  new MutationObserver((changes) => keepNewest(changes)).observe(document.getElementById("notes"), { childList: true });
  const kept = sessionStorage.getItem(KEPT);
  if (kept) {
    sessionStorage.removeItem(KEPT);
    note(kept);
  }
}

/** What is said again takes the place of what said so before: a page that asks every few seconds fills no screen. */
export function keepNewest(changes) {
  for (const added of changes.flatMap((change) => [...change.addedNodes])) {
    for (const other of [...(added.parentNode?.children ?? [])]) {
      if (other !== added && other.dataset.toast && other.dataset.toast === added.dataset?.toast) other.remove();
    }
  }
}

/** Say something; tone `bad` for what went wrong. */
export function note(text, tone = "good") {
  const toast = document.createElement("div");
  toast.className = `toast ${tone}`;
  toast.dataset.toast = text;
  toast.setAttribute("role", tone === "bad" ? "alert" : "status");
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "icon-button";
  close.dataset.dismiss = "";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "×";
  toast.append(words, close);
  document.getElementById("notes").append(toast);
  if (tone !== "bad") setTimeout(() => toast.remove(), GOOD_NEWS_MS);
}

/** Say something on the page that comes next. */
export function noteAfterLoad(text) {
  sessionStorage.setItem(KEPT, text);
}

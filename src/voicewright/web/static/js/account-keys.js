// API keys: presets of scopes, an expiry in days, and the secret of a new key, shown once.

const DAY_MS = 86_400_000;
const PLACE = "API_KEY";

/** The moment so many days from now as the API wants it; empty for never. */
export function expiryOf(days, now = Date.now()) {
  return days ? new Date(now + Number(days) * DAY_MS).toISOString() : "";
}

/** A snippet with the secret in it. */
export function filled(snippet, secret) {
  return snippet.replaceAll(PLACE, () => secret);
}

/** Tick what a preset names, and nothing else. */
export function choose(boxes, scopes) {
  for (const box of boxes) box.checked = scopes.includes(box.value);
}

function install(document) {
  const form = document.getElementById("make-key");
  const shown = document.getElementById("new-key");
  const snippets = [...shown.querySelectorAll("[data-snippet]")].map((element) => [element, element.textContent]);

  form.addEventListener("click", (event) => {
    const preset = event.target.closest("[data-preset]")?.dataset.preset;
    if (preset) choose(form.querySelectorAll("[name=scopes]"), preset.split(" "));
  });
  form.addEventListener("submit", () => {
    form.elements.expires_at.value = expiryOf(document.getElementById("expiry").value);
  });
  form.addEventListener("called", ({ detail: made }) => {
    document.getElementById("secret").textContent = made.api_key;
    document.getElementById("new-key-title").textContent = `Your new key: ${made.name}`;
    for (const [element, text] of snippets) element.textContent = filled(text, made.api_key);
    form.reset();
    shown.hidden = false;
    shown.focus();
    shown.scrollIntoView({ block: "start" });
  });
  shown.querySelector("[data-done]").addEventListener("click", () => {
    shown.hidden = true;
    document.getElementById("secret").textContent = "";
    for (const [element, text] of snippets) element.textContent = text;
    form.elements.name.focus();
  });
}

if (globalThis.document) install(document);

// The recordings of a dataset: waveforms are drawn when they come into sight, what is said is saved in place.
import { ApiError, url } from "./api.js";
import { isBusy, whileBusy } from "./busy.js";
import { note } from "./notes.js";
import { callHere as call } from "./signed-out.js";
import { isTyping, nextOf } from "./clip-keys.js";
import { waveform } from "./waveform.js";

const AHEAD = "300px";
const players = new Map();
const unsaved = new Map(); // words whose card has left the page, by the ids of their fields: it may come back
let current = null;

const sight = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) draw(target);
}, { rootMargin: AHEAD });

watch();
document.addEventListener("htmx:load", watch);
document.addEventListener("htmx:beforeSwap", (event) => forget(event.detail.target));
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-transcript]");
  if (!form) return;
  event.preventDefault();
  save(form);
});
document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-transcript]");
  if (form) showChanged(form);
});
document.addEventListener("focusin", (event) => {
  current = event.target.closest(".clip") ?? current;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const form = event.target.closest("[data-transcript]");
    if (!form) return;
    event.preventDefault();
    saveAndGoOn(form);
  } else if (event.key === " " && (event.ctrlKey || !isTyping(event.target))) {
    const clip = event.target.closest(".clip") ?? current ?? document.querySelector(".clip");
    const row = clip?.querySelector("[data-wave]");
    if (!row) return;
    event.preventDefault();
    draw(row).toggle();
  }
});
document.addEventListener("called", ({ target }) => {
  target.closest(".clip")?.querySelector("[data-transcript]")?.removeAttribute("data-changed"); // it is removed
});
addEventListener("beforeunload", (event) => {
  if (unsaved.size || document.querySelector("[data-transcript][data-changed]")) event.preventDefault();
});

function watch() {
  for (const row of document.querySelectorAll("[data-wave]")) if (!players.has(row)) sight.observe(row);
  for (const form of document.querySelectorAll("[data-transcript]")) {
    const words = form.elements.transcript;
    form.dataset.saved ??= words.value;
    if (!unsaved.has(words.id)) continue;
    words.value = unsaved.get(words.id);
    unsaved.delete(words.id);
    showChanged(form);
  }
}

/** Let go of what leaves the page with an element, but of no words that are not saved. */
export function forget(place) {
  for (const { elements } of place?.querySelectorAll?.("[data-transcript][data-changed]") ?? []) {
    unsaved.set(elements.transcript.id, elements.transcript.value);
  }
  for (const [row, player] of players) {
    if (!place?.contains?.(row)) continue;
    player.destroy();
    players.delete(row);
  }
}

function draw(row) {
  sight.unobserve(row);
  if (!players.has(row)) players.set(row, waveform(row));
  return players.get(row);
}

function showChanged(form) {
  const changed = form.elements.transcript.value !== form.dataset.saved;
  form.toggleAttribute("data-changed", changed);
  form.querySelector("button").setAttribute("aria-disabled", String(!changed)); // it keeps the focus
  if (changed) tell(form, "Not saved yet");
  else tell(form, form.dataset.saved ? "Saved" : "");
}

/** Save the changed words of a recording, which is judged again; resolves to whether it was done. */
async function save(form) {
  const clip = form.closest(".clip");
  const words = form.elements.transcript;
  const button = form.querySelector("button");
  if (!form.hasAttribute("data-changed") || isBusy(button)) return false;
  const { api, page } = clip.closest("[data-api]").dataset;
  const sent = words.value;
  tell(form, "Saving and listening again …");
  try {
    const sample = await whileBusy(button, () => call("PATCH", `${api}/clips/${clip.dataset.id}`, { json: { transcript: sent } }));
    unsaved.delete(words.id);
    form.dataset.saved = words.value === sent ? (sample.transcript ?? "") : sent;
    if (words.value === sent) words.value = sample.transcript ?? "";
    showChanged(form);
    clip.dispatchEvent(new CustomEvent("clip-saved", { bubbles: true, detail: sample }));
    htmx.ajax("GET", url(`${page}/clips/${clip.dataset.id}`), { target: clip.querySelector(".clip-judgement"), swap: "innerHTML" });
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    tell(form, "Not saved");
    note(error.message, "bad");
    return false;
  }
}

async function saveAndGoOn(form) {
  if (form.hasAttribute("data-changed") && !(await save(form))) return;
  const next = nextOf([...document.querySelectorAll(".clip")], form.closest(".clip"));
  if (!next) {
    note("That was the last one on this page.");
    return;
  }
  next.scrollIntoView({ block: "center" });
  next.querySelector("textarea")?.focus({ preventScroll: true });
  const row = next.querySelector("[data-wave]");
  if (row) draw(row).play();
}

function tell(form, words) {
  form.querySelector("[data-state]").textContent = words;
}

// Long texts while they are spoken: the figures move with each event, and the page is read again when there is
// more to it than figures, but never while somebody listens to a part of it. The page of one follows its stream; the
// list asks now and then for all that it shows, as a browser has no connections for a stream of each.
import { call, url } from "./api.js";
import { duration } from "./figures.js";
import { showFreshness } from "./freshness.js";
import { follow, poll } from "./live.js";

const MOMENT_MS = 700;
const LIST_MS = 3000;
const MOVED = "long-moved"; // by itself; what somebody did is "long-changed"
const OPEN = ["queued", "running", "paused"];
const state = (how) => showFreshness(how !== "away");
let stream = null;

start();
document.addEventListener("htmx:load", start);
document.addEventListener("htmx:beforeSwap", ({ target, detail }) => {
  if (detail.requestConfig.triggeringEvent?.type !== MOVED || !isHeard()) return;
  detail.shouldSwap = false; // somebody began to listen while it was asked for
  target.dataset.stale = "";
});
if (document.querySelector("[data-list]")) poll(askList, LIST_MS, { state });
// what htmx swaps would stop with its element
document.addEventListener("pause", refresh, true);
document.addEventListener("ended", refresh, true);

function start() {
  const one = document.querySelector("#all[data-follow]");
  if (one && !stream) stream = watch(one.dataset.follow);
  const joining = document.querySelector("[data-joining]");
  if (joining) setTimeout(() => again(joining), MOMENT_MS);
}

/** Read the page again, as soon as nobody listens. */
function again(element) {
  element.dataset.stale = "";
  refresh();
}

function watch(id) {
  const told = (view) => {
    changed(view);
    if (OPEN.includes(view.state)) return;
    stream.close();
    stream = null;
  };
  return follow(url(`/api/voice/long/${id}/events`), { status: told, progress: told }, { state });
}

async function askList() {
  const shown = document.querySelectorAll("[data-follow]");
  if (!shown.length) return undefined;
  const { limit, offset } = document.querySelector("[data-list]").dataset;
  const { items } = await call("GET", `/api/voice/long?limit=${limit}&offset=${offset}`);
  items.forEach(changed);
  for (const element of shown) if (!items.some(({ id }) => id === element.dataset.follow)) again(element);
  return items;
}

function changed(view) {
  const element = document.querySelector(`[data-follow="${view.id}"]`);
  if (!element) return;
  show(element, view);
  const before = element.dataset.spoken;
  element.dataset.spoken = view.chunks.spoken;
  if (view.state !== element.dataset.state || Number(before) !== view.chunks.spoken) again(element);
}

/** Write the figures of an event. */
function show(element, { progress, chunks, audio_seconds: sound, seconds_left: left }) {
  const write = (name, text) => {
    const target = element.querySelector(`[data-${name}]`);
    if (target) target.textContent = text;
  };
  const bar = element.querySelector("progress");
  if (bar) bar.value = progress;
  write("percent", `${Math.round(progress)} %`);
  write("pieces", `${chunks.spoken} of ${chunks.of} ${chunks.of === 1 ? "piece" : "pieces"}`);
  write("sound", `${duration(sound)} of sound`);
  write("left", left === null ? "" : `about ${duration(left)} left`);
}

function refresh() {
  if (!isHeard() && document.querySelector("[data-stale]")) document.body.dispatchEvent(new CustomEvent(MOVED));
}

function isHeard() {
  return [...document.querySelectorAll("audio")].some((audio) => !audio.paused);
}

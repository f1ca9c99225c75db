// The first page: what goes on moves by itself, and the active voice says something.
import { ApiError, call, url } from "./api.js";
import { showFreshness } from "./freshness.js";
import { follow, poll } from "./live.js";
import { calmly } from "./training/calmly.js";
import { sightings } from "./training/sightings.js";
import "./speech-player.js";

const PAUSE_MS = 1000;
const TEXTS_MS = 4000;
const TEXTS = 20;
const isNews = sightings();
const refresh = calmly(() => document.body.dispatchEvent(new CustomEvent("now-changed")), PAUSE_MS);

// the mark says what the page shows: the stream tells first of all where that is not how things are
const jobs = () => url(`/panel/jobs/events?mark=${document.getElementById("now").dataset.mark}`);
follow(jobs, { job: ({ id, status, progress, stage }) => show("job", id, status, progress, stage), all: refresh }, { state });
// long texts have no stream for all of them, and one for each would use up the connections of the browser
poll(askTexts, TEXTS_MS, { state });
const form = document.getElementById("say");
if (form) say(form);

// --- what goes on ---

async function askTexts() {
  const shown = [...document.querySelectorAll("[data-text]")].map(({ dataset }) => dataset.text);
  if (!shown.length) return undefined;
  const { items } = await call("GET", `/api/voice/long?limit=${TEXTS}`);
  if (shown.some((id) => !items.some((text) => text.id === id))) refresh(); // deleted
  for (const { id, state: now, progress } of items) if (shown.includes(id)) show("text", id, now, progress, now);
  return items;
}

/** A stream that breaks for a moment is nothing to tell of; one that was away catches up by its mark. */
function state(how) {
  showFreshness(how !== "away");
}

/** Write what is new of one; one that begins or ends changes the list. */
function show(kind, id, state, progress, told) {
  const row = document.querySelector(`[data-${kind}="${id}"]`);
  if (!row || row.dataset.state !== state) {
    if (row || isNews(id, state)) refresh();
    return;
  }
  row.querySelector("progress").value = progress;
  row.querySelector("[data-percent]").textContent = `${Math.round(progress)} %`;
  if (told) row.querySelector("[data-told]").textContent = told;
}

// --- the active voice ---

function say(form) {
  const player = form.querySelector("speech-player");
  const stop = document.getElementById("say-stop");
  const fault = document.getElementById("say-fault");
  stop.addEventListener("click", () => player.stop());
  form.addEventListener("keydown", (event) => event.key === "Escape" && player.stop());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    fault.hidden = true;
    player.hidden = false;
    stop.hidden = false;
    const body = { model: "tts-1", input: document.getElementById("say-text").value, voice: form.dataset.voice, response_format: "mp3" };
    try {
      const { outcome } = await player.speak(body);
      if (outcome === "broken") tell("It was broken off. The history says why; try again.");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      player.hidden = true;
      tell(error.message);
    } finally {
      stop.hidden = !player.isBusy;
    }
  });

  function tell(text) {
    fault.textContent = text;
    fault.hidden = false;
  }
}

// What was spoken: its words as they are heard, what was found out about it, and its files.
import { ApiError, call, send, url } from "../api.js";
import { duration } from "../figures.js";
import { unlessBusy } from "../busy.js";
import { findings, marksOf, verification } from "../speech-findings.js";
import { placed, wordAt, wordBeside, writeWords } from "../speech-words.js";
import { $ } from "./elements.js";

const SILENT_MS = 2500; // then it is told why nothing is heard yet
const LOOK_AGAIN_MS = 1500;

/** What the page shows of the last speech; `run` is which one, and whoever waits for another leaves it alone. */
export function watchResult(player, languages) {
  const result = { player, languages, run: null, words: [], marks: [], said: -1, spoken: null };
  player.addEventListener("sound", ({ detail }) => {
    $("first-sound").textContent = `First sound after ${duration(Math.max(detail.after, 0))}`;
  });
  player.addEventListener("position", ({ detail }) => {
    follow(result, detail.at);
    $("stop").disabled = !player.isBusy && player.audio.paused;
  });
  watchWords(result);
  $("verify").addEventListener("click", ({ currentTarget: button }) => unlessBusy(button, () => verify(result)));
  return result;
}

/** While it is made. */
export function show(result, run) {
  $("result").hidden = false;
  $("result-title").textContent = "Speaking";
  $("first-sound").textContent = "";
  setTimeout(() => {
    if (result.run !== run || $("first-sound").textContent || $("stop").disabled) return;
    $("first-sound").textContent = "Getting the voice ready. Where a training runs meanwhile, it takes longer.";
  }, SILENT_MS);
  $("stop").disabled = false;
  $("after").hidden = true;
  $("proof").hidden = true;
  $("proof").open = false;
  $("verified").replaceChildren();
  $("verdict").replaceChildren();
  $("words").textContent = run.isSsml ? "" : run.text;
  $("words").lang = $("language").value;
  Object.assign(result, { run, words: [], marks: [], said: -1, spoken: null });
  if ($("result").getBoundingClientRect().top > innerHeight - 80) $("result").scrollIntoView({ block: "nearest" });
}

/** How it ended. */
export function finished(outcome) {
  const titles = { whole: "Ready", stopped: "Stopped", broken: "Broken off" };
  $("result-title").textContent = titles[outcome];
}

/** What the history knows of it: words, findings, files. */
export async function learn(result, run, outcome) {
  let entry = await call("GET", `/api/voice/history/${run.id}`);
  if (result.run !== run) return;
  result.spoken = entry;
  tell(result, entry, outcome);
  if (entry.text !== null) await learnWords(result, run);
  if (result.run !== run || entry.checks.length || outcome !== "whole") return;
  await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS)); // it is listened to afterwards
  entry = await call("GET", `/api/voice/history/${run.id}`);
  if (result.run === run) tell(result, entry, outcome);
}

async function learnWords(result, run) {
  let timings;
  try {
    timings = await call("GET", `/api/voice/history/${run.id}/timings`);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return;
    throw error;
  }
  if (result.run !== run) return;
  const text = run.isSsml ? timings.words.map((word) => word.text).join(" ") : run.text;
  result.words = placed(text, timings.words);
  result.marks = writeWords($("words"), text, result.words);
  result.marks.forEach((mark, index) => mark.addEventListener("click", () => goTo(result, index)));
  $("words").classList.add("timed");
  follow(result, result.player.stream?.position ?? 0);
}

/** Go on from a word. */
function goTo(result, index) {
  const { start } = result.words[index];
  result.player.stream.goTo(start);
  follow(result, start);
}

function watchWords(result) {
  $("words").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = wordBeside(result.marks.length, result.said, event.key);
    if (to === null) return;
    event.preventDefault();
    goTo(result, to);
    result.marks[to].scrollIntoView({ block: "nearest" });
  });
}

function follow(result, at) {
  if (!result.marks.length) return;
  const now = at > 0 ? wordAt(result.words, at) : -1;
  if (now === result.said) return;
  result.marks[result.said]?.classList.remove("said");
  result.marks[now]?.classList.add("said");
  result.said = now;
}

function tell(result, entry, outcome) {
  $("verdict").replaceChildren(...findings(entry, outcome).map(([tone, text]) => told(tone, text)));
  const facts = [entry.duration && duration(entry.duration), entry.voice_name, named(result.languages, entry.language)].filter(Boolean);
  $("badges").replaceChildren(...facts.map((text) => badge(text)));
  $("after").hidden = false;
  const kept = entry.audio_url !== null;
  const { stream } = result.player;
  for (const link of $("downloads").querySelectorAll("[data-format]")) {
    const isOwn = link.dataset.format === stream.format;
    link.hidden = !kept && !isOwn;
    if (kept) link.href = url(`${entry.audio_url}?download=true&format=${link.dataset.format}`);
    else if (isOwn) {
      link.href = URL.createObjectURL(stream.blob());
      link.download = `speech.${stream.format}`;
    }
  }
  for (const link of $("downloads").querySelectorAll("[data-timings]")) {
    link.hidden = entry.text === null;
    link.href = url(`/api/voice/history/${entry.id}/timings?format=${link.dataset.timings}`);
  }
  $("marks").textContent = marksOf(entry.watermark);
  $("proof").hidden = false;
}

async function verify(result) {
  $("verified").textContent = "Looking for the marks…";
  try {
    const { stream } = result.player;
    const kept = result.spoken?.audio_url ? await (await send("GET", result.spoken.audio_url)).blob() : stream.blob();
    const body = new FormData();
    body.append("file", kept, `speech.${stream.format}`);
    const answer = await call("POST", "/provenance/verify", { body });
    $("verified").replaceChildren(...verification(answer).map(([tone, text]) => told(tone, text)));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    $("verified").replaceChildren(told("bad", error.message));
  }
}

function named(languages, wanted) {
  return languages.find(([code]) => code === wanted)?.[1] ?? wanted;
}

function told(tone, text) {
  const line = document.createElement("p");
  line.className = `finding ${tone}`;
  line.textContent = text;
  return line;
}

function badge(text) {
  const mark = document.createElement("span");
  mark.className = "badge";
  mark.textContent = text;
  return mark;
}

// The page that speaks a text.
import { ApiError, base, call, send, url } from "./api.js";
import { note } from "./notes.js";
import { allowance, characters, estimatedSeconds, length, speechBody } from "./speech-figures.js";
import { curlOf, pythonOf } from "./speech-snippets.js";
import "./speech-player.js";
import { findings, marksOf, verification } from "./speech-findings.js";
import { placed, wordAt, wordBeside, writeWords } from "./speech-words.js";

const DRAFT = "voicewright.draft";
const FORMAT = "voicewright.speech-format";
const SILENT_MS = 2500; // then it is told why nothing is heard yet
const LOOK_AGAIN_MS = 1500;
const LARGEST_FILE = 4 << 20;

const form = document.getElementById("speak");
const $ = (id) => document.getElementById(id);

if (form) start();

function start() {
  const page = {
    most: Number(form.dataset.most),
    mostLong: Number(form.dataset.mostLong),
    player: form.querySelector("speech-player"),
    languages: JSON.parse(form.dataset.languageTitles),
    words: [],
    marks: [],
    said: -1,
    spoken: null,
  };
  if (!$("text").value) $("text").value = sessionStorage.getItem(DRAFT) ?? "";
  const format = localStorage.getItem(FORMAT);
  if (format && [...$("f-format").options].some((one) => one.value === format)) $("f-format").value = format;
  $("speed").value = Math.log2(Number($("speed").dataset.value) || 1);
  watchVoice(page);
  watchManner(page);
  watchText(page);
  watchKeys(page);
  watchPlayer(page);
  watchWords(page);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    speak(page);
  });
  $("stop").addEventListener("click", () => stop(page));
  $("verify").addEventListener("click", () => verify(page));
}

// --- what is asked for ---

function speed() {
  return Math.round(2 ** Number($("speed").value) * 100) / 100;
}

function voice() {
  return $("voice").selectedOptions[0] ?? null;
}

function wanted() {
  const chosen = voice();
  return speechBody({
    text: $("text").value,
    voice: chosen?.value,
    language: $("language").value,
    ownLanguage: chosen?.dataset.languages.split(" ")[0],
    speed: speed(),
    pitch: chosen?.dataset.pitch ? Number($("pitch").value) : 0,
    seed: Number($("seed").value) || 0,
    normalise: $("normalise").checked,
    ssml: $("ssml").checked,
    format: $("f-format").value,
  });
}

function watchVoice(page) {
  const show = () => {
    const chosen = voice();
    if (!chosen) return;
    const { engine, version, languages, pitch, score, fault } = chosen.dataset;
    const codes = languages.split(" ");
    const before = $("language").value;
    const spoken = page.languages.filter(([code]) => codes.includes(code));
    $("language").replaceChildren(...spoken.map(([code, title]) => new Option(title, code)));
    $("language").value = codes.includes(before) ? before : codes[0];
    $("voice-about").textContent = [`Version ${version}`, engine, score && `quality ${score}`].filter(Boolean).join(" · ");
    $("voice-fault").textContent = fault;
    $("voice-fault").hidden = !fault;
    $("pitch-field").hidden = !pitch;
  };
  $("voice").addEventListener("change", show);
  $("voice-search")?.addEventListener("input", () => {
    search($("voice"), $("voice-search").value);
    show();
  });
  show();
}

/** Leave the options that have all words in their name or engine; the chosen one changes where it is gone. */
function search(select, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const option of select.options) {
    const about = `${option.dataset.name} ${option.dataset.engine}`.toLowerCase();
    option.hidden = !words.every((word) => about.includes(word));
    option.disabled = option.hidden;
  }
  if (select.selectedOptions[0]?.disabled) select.selectedIndex = [...select.options].findIndex((one) => !one.disabled);
}

function named(page, wanted) {
  return page.languages.find(([code]) => code === wanted)?.[1] ?? wanted;
}

function watchManner(page) {
  const show = () => {
    const now = speed();
    $("speed-told").textContent = `${now}×`;
    $("speed").setAttribute("aria-valuetext", `${now} times`);
    for (const button of form.querySelectorAll("[data-speed]")) button.setAttribute("aria-pressed", Number(button.dataset.speed) === now);
    const pitch = Number($("pitch").value);
    $("pitch-told").textContent = pitch > 0 ? `+${pitch}` : `${pitch}`;
    count(page);
  };
  form.addEventListener("input", show);
  form.addEventListener("input", snippets);
  form.addEventListener("change", snippets);
  for (const button of form.querySelectorAll("[data-speed]")) {
    button.addEventListener("click", () => {
      $("speed").value = Math.log2(Number(button.dataset.speed));
      show();
      snippets();
    });
  }
  $("another").addEventListener("click", () => {
    $("seed").value = crypto.getRandomValues(new Uint32Array(1))[0] % 10_000;
    snippets();
  });
  $("f-format").addEventListener("change", () => localStorage.setItem(FORMAT, $("f-format").value));
  $("snippets").addEventListener("toggle", snippets);
  show();
}

function snippets() {
  if (!$("snippets").open) return;
  const api = `${location.origin}${base()}/v1`;
  $("curl").textContent = curlOf(`${api}/audio/speech`, wanted());
  $("python").textContent = pythonOf(api, wanted());
}

// --- the text ---

function watchText(page) {
  const text = $("text");
  text.addEventListener("input", () => {
    sessionStorage.setItem(DRAFT, text.value);
    count(page);
  });
  $("ssml").addEventListener("change", () => {
    $("ssml-help").hidden = !$("ssml").checked;
    $("ssml-help").open = $("ssml").checked;
    if ($("ssml").checked && text.value && !/^\s*</.test(text.value)) replace(`<speak>${escaped(text.value)}</speak>`);
    count(page);
  });
  for (const button of form.querySelectorAll("[data-tag]")) button.addEventListener("click", () => wrap(button.dataset.tag));
  $("file").addEventListener("change", () => open(page, $("file").files[0]));
  const composer = form.querySelector(".composer");
  composer.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.items].some((item) => item.kind === "file")) return;
    event.preventDefault();
    composer.classList.add("dropping");
  });
  composer.addEventListener("dragleave", () => composer.classList.remove("dropping"));
  composer.addEventListener("drop", (event) => {
    composer.classList.remove("dropping");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    open(page, event.dataTransfer.files[0]);
  });
  count(page);
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function replace(value) {
  $("text").value = value;
  $("text").dispatchEvent(new Event("input", { bubbles: true }));
}

/** Put the marked words into a tag; `|` stands for them. */
function wrap(tag) {
  const text = $("text");
  const { selectionStart: from, selectionEnd: to, value } = text;
  const [before, after = ""] = tag.split("|");
  text.setRangeText(tag.includes("|") ? before + value.slice(from, to) + after : value.slice(from, to) + tag, from, to, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
}

async function open(page, file) {
  if (!file) return;
  $("file").value = "";
  if (file.size > LARGEST_FILE) {
    note(`${file.name} is too large: a text may have ${page.mostLong.toLocaleString("en")} characters.`, "bad");
    return;
  }
  const text = await file.text();
  if (text.includes("\0") || text.includes("\uFFFD")) {
    note(`${file.name} is no plain text. Save it as text (UTF-8) and try again.`, "bad");
    return;
  }
  replace(text);
  if ($("f-title")) $("f-title").value = file.name.replace(/\.\w+$/, "");
  if (/<speak[\s>]/.test(text.slice(0, 500))) {
    $("ssml").checked = true;
    $("ssml").dispatchEvent(new Event("change"));
  }
  note(`${file.name} is in.`);
}

function count(page) {
  const text = $("text").value;
  const now = characters(text);
  const isLong = now > page.most;
  const seconds = estimatedSeconds(text, speed(), $("ssml").checked);
  form.querySelector("[data-count]").textContent = `${now.toLocaleString("en")} of ${(isLong ? page.mostLong : page.most).toLocaleString("en")}`;
  form.querySelector("[data-estimate]").textContent = seconds ? ` · about ${length(seconds)}` : "";
  $("figures").classList.toggle("over", now > page.mostLong);
  $("long").hidden = !isLong;
  $("go").querySelector("span").textContent = isLong ? "Speak as a long text" : "Speak";
}

// --- speaking ---

function watchKeys(page) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Escape" && !document.querySelector("dialog[open], details.menu[open]")) stop(page);
  });
}

function watchPlayer(page) {
  page.player.addEventListener("sound", ({ detail }) => {
    $("first-sound").textContent = `First sound after ${length(Math.max(detail.after, 0))}`;
  });
  page.player.addEventListener("answered", ({ detail }) => {
    $("allowance").textContent = allowance(detail);
  });
  page.player.addEventListener("position", ({ detail }) => {
    follow(page, detail.at);
    $("stop").disabled = !page.player.isBusy && page.player.audio.paused;
  });
}

async function speak(page) {
  fault("");
  const text = $("text").value;
  if (!text.trim()) {
    fault("There is nothing to say yet. Write something first.");
    $("text").focus();
    return;
  }
  if (characters(text) > page.mostLong) {
    fault(`The text is too long: ${page.mostLong.toLocaleString("en")} characters are the most. Divide it into chapters.`);
    return;
  }
  if (characters(text) > page.most) await speakLong();
  else await speakNow(page, text);
}

async function speakLong() {
  const { input: text, response_format: output_format, voice: model_id, language, speed, pitch, seed, normalise, ssml } = wanted();
  const json = { text, output_format, model_id, language, speed, pitch, seed, normalise, ssml, title: $("f-title").value, paragraphs: $("paragraphs").checked };
  try {
    const made = await call("POST", "/api/voice/long", { json });
    sessionStorage.removeItem(DRAFT);
    location.assign(url(`/panel/speak/long/${made.id}`));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fault(error.message);
  }
}

async function speakNow(page, text) {
  const request = wanted();
  const run = { text, isSsml: $("ssml").checked, id: null };
  page.run = run;
  show(page, run);
  try {
    const { id, outcome } = await page.player.speak(request);
    if (page.run !== run) return;
    run.id = id;
    finished(outcome);
    if (id) await learn(page, run, outcome);
  } catch (error) {
    if (page.run !== run) return;
    if (!(error instanceof ApiError)) throw error;
    $("result").hidden = true;
    fault(error.message);
  }
}

function stop(page) {
  page.player.stop();
}

/** While it is made. */
function show(page, run) {
  $("result").hidden = false;
  $("result-title").textContent = "Speaking";
  $("first-sound").textContent = "";
  setTimeout(() => {
    if (page.run !== run || $("first-sound").textContent || $("stop").disabled) return;
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
  Object.assign(page, { words: [], marks: [], said: -1, spoken: null });
  if ($("result").getBoundingClientRect().top > innerHeight - 80) $("result").scrollIntoView({ block: "nearest" });
}

function finished(outcome) {
  const titles = { whole: "Ready", stopped: "Stopped", broken: "Broken off" };
  $("result-title").textContent = titles[outcome];
}

/** What the history knows of it: words, findings, files. */
async function learn(page, run, outcome) {
  let entry = await call("GET", `/api/voice/history/${run.id}`);
  if (page.run !== run) return;
  page.spoken = entry;
  tell(page, entry, outcome);
  if (entry.text !== null) await learnWords(page, run);
  if (page.run !== run || entry.checks.length || outcome !== "whole") return;
  await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS)); // it is listened to afterwards
  entry = await call("GET", `/api/voice/history/${run.id}`);
  if (page.run === run) tell(page, entry, outcome);
}

async function learnWords(page, run) {
  let timings;
  try {
    timings = await call("GET", `/api/voice/history/${run.id}/timings`);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return;
    throw error;
  }
  if (page.run !== run) return;
  const text = run.isSsml ? timings.words.map((word) => word.text).join(" ") : run.text;
  page.words = placed(text, timings.words);
  page.marks = writeWords($("words"), text, page.words);
  page.marks.forEach((mark, index) => mark.addEventListener("click", () => goTo(page, index)));
  $("words").classList.add("timed");
  follow(page, page.player.stream?.position ?? 0);
}

/** Go on from a word. */
function goTo(page, index) {
  const { start } = page.words[index];
  page.player.audio.currentTime = start;
  follow(page, start);
}

function watchWords(page) {
  $("words").addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = wordBeside(page.marks.length, page.said, event.key);
    if (to === null) return;
    event.preventDefault();
    goTo(page, to);
    page.marks[to].scrollIntoView({ block: "nearest" });
  });
}

function follow(page, at) {
  if (!page.marks.length) return;
  const now = at > 0 ? wordAt(page.words, at) : -1;
  if (now === page.said) return;
  page.marks[page.said]?.classList.remove("said");
  page.marks[now]?.classList.add("said");
  page.said = now;
}

function tell(page, entry, outcome) {
  $("verdict").replaceChildren(...findings(entry, outcome).map(([tone, text]) => told(tone, text)));
  const facts = [entry.duration && length(entry.duration), entry.voice_name, named(page, entry.language)].filter(Boolean);
  $("badges").replaceChildren(...facts.map((text) => badge(text)));
  $("after").hidden = false;
  const kept = entry.audio_url !== null;
  const { stream } = page.player;
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

async function verify(page) {
  const button = $("verify");
  button.disabled = true;
  $("verified").textContent = "Looking for the marks…";
  try {
    const { stream } = page.player;
    const kept = page.spoken?.audio_url ? await (await send("GET", page.spoken.audio_url)).blob() : stream.blob();
    const body = new FormData();
    body.append("file", kept, `speech.${stream.format}`);
    const answer = await call("POST", "/provenance/verify", { body });
    $("verified").replaceChildren(...verification(answer).map(([tone, text]) => told(tone, text)));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    $("verified").replaceChildren(told("bad", error.message));
  } finally {
    button.disabled = false;
  }
}

// --- words on the page ---

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

function fault(text) {
  $("fault").textContent = text;
  $("fault").hidden = !text;
}

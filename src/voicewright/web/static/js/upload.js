// The page that uploads recordings: files are chosen, their words found, then all are sent and judged.
import { ApiError, url } from "./api.js";
import { icon } from "./audio-player.js";
import { unlessBusy } from "./busy.js";
import { duration, roughly, size } from "./figures.js";
import { note } from "./notes.js";
import { signedOutNote } from "./signed-out.js";
import { agreed, clearAbout, described, proposeName, watchAbout } from "./upload/about.js";
import { filesOf, filesOfTransfer, hasFiles } from "./upload/choosing.js";
import { closeCards, openCards } from "./upload/clip-cards.js";
import { counted } from "./upload/metadata.js";
import { planOf } from "./upload/plan.js";
import { Queue } from "./upload/queue.js";
import { Rows, needsLook } from "./upload/rows.js";
import { known, sendItem } from "./upload/sending.js";
import { Pace, speechWith, totals } from "./upload/totals.js";

const AT_ONCE = 3;
const TICK_MS = 500;

const at = (id) => document.getElementById(id);
const root = at("upload");
const about = at("about");
const extensions = new Set(root.dataset.extensions.split(" "));
const mostBytes = Number(root.dataset.mostBytes);
const leastSpeechS = Number(root.dataset.leastSpeech);
const chosen = new Map(); // by path: what was dropped until now
let items = [];
let into = null;
let folder = "";
const pace = new Pace();
const queue = new Queue((item, signal) => sendItem(item, into, signal, (share) => {
  item.progress = share;
  changed(item);
}), { atOnce: AT_ONCE, changed });
const rows = new Rows(at("rows"), at("show-more"), {
  retry: (item) => queue.retry(item),
  open: (item, place) => openCards(place, into.name, item.result.samples),
  close: closeCards,
});

const signedOut = signedOutNote(root.querySelector("[data-signed-out]"), root.dataset.account, () => queue.start());

watchFiles();
watchAbout();
watchQueue();

// --- choosing ---

function watchFiles() {
  for (const input of [at("folder"), at("files")]) {
    const chosen = () => {
      take(filesOf(input.files));
      input.value = ""; // the same folder can be chosen again
    };
    input.addEventListener("change", chosen);
    if (input.files.length) queueMicrotask(chosen); // by somebody who was faster than this script
  }
  const drop = at("drop");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", async (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    drop.classList.remove("over");
    const { found, unreadable } = await filesOfTransfer(event.dataTransfer);
    take(found, unreadable);
  });
  document.addEventListener("paste", async (event) => {
    if (!event.clipboardData?.files.length) return;
    const { found, unreadable } = await filesOfTransfer(event.clipboardData);
    take(found, unreadable);
  });
}

async function take(files, unreadable = []) {
  if (queue.isBusy) {
    note("Let this upload end, or start over, before you choose others.", "bad");
    return;
  }
  if (queue.state === "done" && !startOver()) return;
  for (const one of files) chosen.set(one.path, one);
  folder ||= files[0]?.path.includes("/") ? files[0].path.split("/")[0] : "";
  const plan = await planOf([...chosen.values()], unreadable, { extensions, mostBytes });
  items = plan.items;
  showChosen(plan.notes);
}

function showChosen(notes) {
  const sent = items.filter((item) => !item.left);
  at("drop").classList.toggle("small", items.length > 0);
  at("drop-title").textContent = items.length ? "Drop more, or choose others" : "Drop a folder here";
  about.hidden = sent.length === 0;
  at("list").hidden = false;
  if (at("teaching")) at("teaching").hidden = items.length > 0;
  at("told").replaceChildren(...notes.map(([tone, words]) => toldNote(tone, words)));
  const bytes = sent.reduce((sum, item) => sum + item.size, 0);
  const recordings = sent.filter((item) => !item.isArchive);
  const withWords = recordings.filter((item) => item.words).length;
  at("list-words").textContent = sent.length ? `${counted(sent.length, "file", "files")}, ${size(bytes)}${recordings.length ? `; ${withWords === recordings.length ? "all" : withWords.toLocaleString("en")} with what is said` : ""}` : "";
  at("start").lastElementChild.textContent = `Upload ${counted(sent.length, "file", "files")}`;
  if (sent.length) proposeName(folder);
  filter();
}

function toldNote(tone, words) {
  const told = document.createElement("li");
  told.className = `note ${tone}`;
  const text = document.createElement("div");
  text.textContent = words;
  told.append(icon({ info: "info", warn: "triangle-alert", bad: "circle-alert" }[tone]), text);
  return told;
}

function filter() {
  const wanted = document.querySelector('input[name="filter"]:checked').value;
  const groups = { all: items, look: items.filter(needsLook), wordless: items.filter((item) => !item.words && !item.isArchive && !item.left), left: items.filter((item) => item.left) };
  for (const chip of document.querySelectorAll("[data-filter]")) {
    const count = groups[chip.dataset.filter].length;
    chip.querySelector(".choice-count").textContent = count.toLocaleString("en");
    chip.hidden = chip.dataset.filter !== "all" && count === 0 && wanted !== chip.dataset.filter;
  }
  rows.set(groups[wanted]);
}

// --- sending ---

async function begin() {
  at("problem").hidden = true;
  try {
    const dataset = described();
    into = { ...dataset, there: await known(dataset.name) };
    if (!(await agreed(dataset.speaker))) return;
    queue.items = [];
    queue.add(items.filter((item) => !item.left));
    pace.clear();
    about.hidden = true;
    at("drop").hidden = true;
    at("going").hidden = false;
    queue.start();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    at("problem").hidden = false;
    at("problem").lastElementChild.textContent = error.message;
  }
}

function watchQueue() {
  about.addEventListener("submit", (event) => {
    event.preventDefault();
    unlessBusy(at("start"), begin);
  });
  at("clear").addEventListener("click", startOver);
  at("more").addEventListener("click", startOver);
  at("filters").addEventListener("change", filter);
  at("pause").addEventListener("click", () => {
    if (queue.state === "running" || queue.state === "away") queue.pause();
    else queue.start();
  });
  at("again").addEventListener("click", () => queue.retry());
  addEventListener("online", () => queue.state === "away" && queue.start());
  addEventListener("beforeunload", (event) => {
    if (queue.isBusy) event.preventDefault();
  });
  at("rows").addEventListener("clip-saved", ({ detail }) => mended(detail));
  setInterval(() => queue.state === "running" && showTotals(), TICK_MS);
}

/** The words of a recording were changed in its row, and it was judged again. */
function mended(sample) {
  for (const item of items.filter((one) => one.result?.samples.some(({ id }) => id === sample.id))) {
    item.result = { ...item.result, samples: item.result.samples.map((one) => (one.id === sample.id ? sample : one)) };
    if (!item.isArchive) item.words = sample.transcript || null;
    changed(item);
  }
  into.there.set(sample.sha256, sample);
  if (queue.state === "done") showNext();
}

let state = "idle";
let waiting = false;

function changed(item) {
  if (item) rows.update(item);
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    showTotals();
    if (queue.state !== state) showState(queue.state);
  });
}

const TITLES = { running: "Uploading", paused: "Paused", away: "The service does not answer", halted: "Stopped", done: "Uploaded" };

function showState(now) {
  state = now;
  pace.clear();
  if (now === "idle") return;
  at("going-title").textContent = queue.signedOut ? "Waiting for you" : TITLES[now];
  const why = { away: "It goes on by itself as soon as the service answers again. Nothing is lost.", paused: "What was sent is safe. Go on whenever you like.", halted: queue.reason }[now];
  at("why").textContent = why ?? "";
  at("going-state").textContent = [TITLES[now], why].filter(Boolean).join(". ");
  at("why").hidden = !why || queue.signedOut;
  signedOut.show(queue.signedOut);
  const isGoing = now === "running" || now === "away";
  at("pause").hidden = now === "done" || queue.signedOut;
  at("pause").replaceChildren(icon(isGoing ? "pause" : "play"), span(isGoing ? "Pause" : "Go on"));
  at("next").hidden = now !== "done";
  if (now !== "done") return;
  showNext();
  at("next-title").focus({ preventScroll: true });
}

function showTotals() {
  if (queue.state === "idle") return;
  const sum = totals(queue.items);
  if (queue.state === "running") pace.note(sum.sentBytes, performance.now());
  const look = items.filter(needsLook).length;
  at("bar").value = sum.share * 1000;
  at("sent").textContent = `${size(Math.round(sum.sentBytes))} of ${size(sum.bytes)}`;
  const seconds = queue.state === "running" ? pace.secondsFor(sum.bytes - sum.sentBytes) : null;
  at("left").textContent = seconds === null ? "" : `${roughly(seconds)} left`;
  const figures = { files: `${(sum.done + sum.failed).toLocaleString("en")} of ${sum.files.toLocaleString("en")}`, speech: duration(sum.speechS), good: sum.goodShare === null ? "–" : `${Math.floor(sum.goodShare * 100)} %`, look: look.toLocaleString("en") };
  for (const [name, value] of Object.entries(figures)) document.querySelector(`[data-figure="${name}"]`).textContent = value;
  at("again").hidden = sum.failed === 0 || sum.failed !== queue.items.filter((item) => item.state === "failed").length;
  showNow(queue.items.filter((item) => item.state === "sending"));
  showLook(look);
}

function showNow(sending) {
  const place = at("now");
  place.hidden = queue.state === "done";
  while (place.children.length > sending.length) place.lastElementChild.remove();
  sending.forEach((item, number) => {
    let line = place.children[number];
    if (!line) {
      line = document.createElement("li");
      line.append(span(""), document.createElement("progress"));
      place.append(line);
    }
    const share = item.progress ?? 0;
    line.firstChild.textContent = share >= 1 ? `${item.name}, listening` : item.name;
    if (share >= 1) line.lastChild.removeAttribute("value");
    else line.lastChild.value = share;
  });
}

/** The numbers of the filters follow, and the list where it shows those that need a look. */
let looked = 0;
function showLook(look) {
  if (look === looked) return;
  looked = look;
  const chip = document.querySelector('[data-filter="look"]');
  chip.querySelector(".choice-count").textContent = look.toLocaleString("en");
  chip.hidden = look === 0 && !chip.querySelector("input").checked;
  if (chip.querySelector("input").checked) filter();
}

function showNext() {
  const sum = totals(queue.items);
  const path = encodeURIComponent(into.name);
  at("to-dataset").href = url(`/panel/datasets/${path}`);
  at("to-train").href = url(`/panel/train?dataset=${path}`);
  const nothing = sum.recordings === 0;
  at("to-train").hidden = nothing;
  at("to-dataset").hidden = nothing;
  at("next-title").textContent = nothing ? "Nothing of it can be used" : sum.failed || sum.refused ? "Nearly all there" : "All there";
  at("next").classList.toggle("partly", sum.failed > 0 || nothing);
  const bad = sum.failed + sum.refused;
  const isShort = speechWith(into.there, queue.items) < leastSpeechS;
  at("to-train").classList.toggle("primary", !isShort);
  at("more").classList.toggle("primary", isShort);
  at("more").classList.toggle("plain", !isShort);
  at("next-words").textContent = [
    `${counted(sum.recordings, "recording", "recordings")} with ${duration(sum.speechS)} of usable speech: ${sum.good} good, ${sum.usable} usable, ${sum.rejected} rejected.`,
    sum.wordless ? `${counted(sum.wordless, "recording has", "recordings have")} no transcript: their words are recognised, with some mistakes.` : "",
    isShort ? `A voice needs ${leastSpeechS} seconds of usable speech: upload others, under the same name.` : "",
    bad ? `${counted(bad, "file", "files")} could not be used; the list says why.` : "",
  ].filter(Boolean).join(" ");
}

/** Forget all of it; returns whether it was done: words that are not saved come first. */
function startOver() {
  if (!rows.close()) {
    note("Save the words that you have written, or put them back, before you start over.", "bad");
    return false;
  }
  if (queue.isBusy) queue.pause();
  queue.items = [];
  queue.state = "idle";
  state = "idle";
  chosen.clear();
  items = [];
  folder = "";
  looked = 0;
  document.querySelector('input[name="filter"][value="all"]').checked = true;
  for (const id of ["going", "next", "list", "about"]) at(id).hidden = true;
  at("drop").hidden = false;
  clearAbout();
  showChosen([]);
  at("list").hidden = true;
  return true;
}

function span(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

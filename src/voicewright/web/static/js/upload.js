// The page that uploads recordings: files are chosen, their words found, then all are sent and judged.
import { ApiError, url } from "./api.js";
import { icon } from "./audio-player.js";
import { note } from "./notes.js";
import { signedOutNote } from "./signed-out.js";
import { filesOf, filesOfTransfer, sorted } from "./upload/choosing.js";
import { closeCards, openCards } from "./upload/clip-cards.js";
import { consentOf, recordConsent, statementOf } from "./upload/consent.js";
import { besideKey, cleanText, counted, decodeText, few, matchWords, readMetadata } from "./upload/metadata.js";
import { Queue } from "./upload/queue.js";
import { Rows, needsLook } from "./upload/rows.js";
import { findDataset, known, sendItem } from "./upload/sending.js";
import { Pace, duration, roughly, size, totals } from "./upload/totals.js";

const AT_ONCE = 3;
const TICK_MS = 500;
const TYPED_MS = 250;
const NAME = /[^\p{L}\p{N}\p{M} ._-]+/gu;

const at = (id) => document.getElementById(id);
const root = at("upload");
const about = at("about");
const extensions = new Set(root.dataset.extensions.split(" "));
const mostBytes = Number(root.dataset.mostBytes);
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
watchForm();
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
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", async (event) => {
    if (!hasFiles(event)) return;
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
  await lookInto(unreadable);
}

/** Find the words of what was chosen, and show what will be sent. */
async function lookInto(unreadable) {
  const kinds = sorted([...chosen.values()], extensions);
  const notes = [];
  const [list, ...otherLists] = [...kinds.metadata].sort((one, other) => one.path.split("/").length - other.path.split("/").length);
  if (otherLists.length) notes.push(["warn", `Only ${list.path} is read; there are other lists of words.`]);
  const metadata = list ? readMetadata(decodeText(new Uint8Array(await list.file.arrayBuffer())), extensions) : { texts: new Map(), notes: [] };
  const beside = new Map();
  for (const one of kinds.texts) beside.set(besideKey(one.path, extensions), cleanText(decodeText(new Uint8Array(await one.file.arrayBuffer()))));
  const { words, left, missing } = matchWords(kinds.recordings, metadata, beside, extensions);
  items = [...kinds.recordings, ...kinds.archives].map(({ file, path }) => ({
    file,
    path,
    name: file.name,
    size: file.size,
    words: words.get(path) || null,
    isArchive: kinds.archives.some((one) => one.path === path),
    left: left.get(path) ?? (file.size > mostBytes ? `It has ${size(file.size)}; a file here has at most ${size(mostBytes)}.` : file.size === 0 ? "It is empty." : null),
    state: "waiting",
  }));
  items.sort((one, other) => one.path.localeCompare(other.path, "en", { numeric: true }));
  for (const told of metadata.notes) notes.push(["warn", told]);
  if (missing.length) notes.push(["warn", `${counted(missing.length, "line of metadata.csv names a recording that is", "lines of metadata.csv name recordings that are")} not here: ${few(missing)}.`]);
  if (kinds.others.length) notes.push(["info", `${counted(kinds.others.length, "file is", "files are")} no recording and ${kinds.others.length === 1 ? "is" : "are"} passed over: ${few(kinds.others.map((one) => one.file.name))}.`]);
  if (unreadable.length) notes.push(["warn", `${counted(unreadable.length, "file or folder", "files or folders")} could not be read: ${few(unreadable)}. Were they moved, or are they locked?`]);
  if (!items.length) notes.push(["bad", "There are no recordings among these. Choose WAV, MP3, FLAC, M4A, OGG or WebM files, or a zip of them."]);
  showChosen(notes);
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
  if (!about.elements.name.value && folder) about.elements.name.value = cleanName(folder);
  if (sent.length && about.elements.name.value) lookAtDataset();
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

function cleanName(name) {
  return name.normalize("NFC").replace(NAME, " ").replace(/\s+/g, " ").replace(/^[^\p{L}\p{N}]+/u, "").replace(/\.+$/, "").trim().slice(0, 100);
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

// --- whose voice it is ---

function watchForm() {
  const { name, speaker } = about.elements;
  let typed = null;
  name.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(lookAtDataset, TYPED_MS);
  });
  speaker.addEventListener("input", () => {
    about.elements.agrees.checked = false; // somebody else has not been asked
    showConsent(null);
    clearTimeout(typed);
    typed = setTimeout(lookAtConsent, TYPED_MS);
  });
  about.addEventListener("submit", (event) => {
    event.preventDefault();
    begin();
  });
  at("clear").addEventListener("click", startOver);
  at("more").addEventListener("click", startOver);
  at("filters").addEventListener("change", filter);
}

/** Where the dataset is there already, its speaker and language hold. */
async function lookAtDataset() {
  const { name, speaker, language } = about.elements;
  const wanted = cleanName(name.value);
  const found = wanted ? await findDataset(wanted).catch(() => null) : null;
  if (name.readOnly || wanted !== cleanName(name.value)) {
    lookAtConsent();
    return;
  }
  if (found) {
    speaker.value = found.speaker;
    if (![...language.options].some((option) => option.value === found.language)) language.add(new Option(found.language, found.language));
    language.value = found.language;
  }
  speaker.readOnly = Boolean(found);
  language.disabled = Boolean(found);
  const renamed = wanted === name.value.trim() || !wanted ? "" : `It will be called “${wanted}”. `;
  at("name-hint").textContent = found ? `There is one with ${counted(found.file_count, "recording", "recordings")}: these are added to it.` : renamed || "Letters and digits, say “Ann reading”.";
  lookAtConsent();
}

async function lookAtConsent() {
  const speaker = about.elements.speaker.value.trim();
  const consent = speaker ? await consentOf(speaker).catch(() => null) : null;
  if (speaker === about.elements.speaker.value.trim()) showConsent(consent);
}

/** Ask for the speaker's agreement, or say when it was recorded. */
function showConsent(consent) {
  document.querySelector("[data-statement]").textContent = statementOf(about.elements.speaker.value.trim());
  at("agree").hidden = Boolean(consent);
  about.elements.agrees.required = !consent;
  at("agreed").hidden = !consent;
  if (!consent) return;
  const when = new Intl.DateTimeFormat(undefined, { dateStyle: "long" }).format(new Date(consent.asserted_at));
  at("agreed").lastElementChild.textContent = `That ${consent.speaker} agrees to a voice being made was recorded on ${when}.`;
}

async function begin() {
  const { name, speaker, language, agrees } = about.elements;
  const button = at("start");
  at("problem").hidden = true;
  button.disabled = true;
  try {
    const who = speaker.value.trim();
    into = { name: cleanName(name.value), speaker: who, language: language.value, there: await known(cleanName(name.value)) };
    if (!(await consentOf(who))) {
      if (!agrees.checked) {
        showConsent(null); // it was taken back meanwhile
        agrees.reportValidity();
        return;
      }
      await recordConsent(who);
    }
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
  } finally {
    button.disabled = false;
  }
}

// --- sending ---

function watchQueue() {
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
  at("left").textContent = seconds === null ? "" : `about ${roughly(seconds)} left`;
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
  at("next-words").textContent = [
    `${counted(sum.recordings, "recording", "recordings")} with ${duration(sum.speechS)} of usable speech: ${sum.good} good, ${sum.usable} usable, ${sum.rejected} rejected.`,
    bad ? `${counted(bad, "file", "files")} could not be used; the list says why.` : "",
  ].join(" ");
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
  if (!about.elements.name.readOnly) {
    about.reset();
    lookAtDataset(); // what was found for the last one holds no longer
  }
  showChosen([]);
  at("list").hidden = true;
  return true;
}

function span(text) {
  const element = document.createElement("span");
  element.textContent = text;
  return element;
}

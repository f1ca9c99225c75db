// The page on which a training is chosen: an estimate for every engine as the choice changes, then the start.
import { ApiError, call, url } from "../api.js";
import { leaveFor, whileBusy } from "../busy.js";
import { duration, money, spent } from "../figures.js";
import { noteAfterLoad } from "../notes.js";
import { fit } from "./fit.js";
import { againOf, estimateOf, missing, startOf } from "./request.js";
import { Gate, StartKey, oneByOne } from "./starting.js";
import { cautions, inOneSentence, needs, quality, speech, starts } from "./words.js";

const PAUSE_MS = 350;
const place = document.getElementById("train");

function all(selector, root = place) {
  return [...root.querySelectorAll(selector)];
}

/** What is chosen now, see `Choice` in request.js. */
function chosen() {
  const value = (name) => place.querySelector(`[name="${name}"]`)?.value.trim() || undefined;
  const number = (name) => (value(name) === undefined ? undefined : Number(value(name)));
  const engines = all('[name="engine"]:checked').map((box) => box.value);
  return {
    from: from(), engines, method: value("method"), name: value("name"), language: value("language"),
    when: value("when"), startAfter: value("startAfter"), threshold: number("threshold"), limit: number("limit"),
    priority: number("priority"), options: Object.fromEntries(engines.map((engine) => [engine, optionsOf(engine)])),
  };
}

function from() {
  const again = JSON.parse(place.dataset.again);
  if (again) return { again };
  const dataset = place.querySelector('[name="dataset"]:checked');
  if (dataset && !("singles" in dataset.dataset)) return { dataset: dataset.value };
  return { samples: all('[name="sample"]:checked').map((box) => box.value) };
}

/** The options of an engine that were changed. */
function optionsOf(engine) {
  const changed = {};
  for (const field of all(`[data-options="${CSS.escape(engine)}"] [data-option]`)) {
    const usual = JSON.parse(field.dataset.default);
    const value = { tick: () => field.checked, number: () => (field.value === "" ? null : Number(field.value)), text: () => field.value }[field.dataset.kind]();
    if (value !== usual && !(value === null) && !(value === "" && usual === null)) changed[field.dataset.option] = value;
  }
  return changed;
}

/** What the recordings are: how much, whose, in which language. */
function material() {
  const fixed = place.querySelector("[data-material]");
  const dataset = place.querySelector('[name="dataset"]:checked');
  const one = fixed ?? (dataset && !("singles" in dataset.dataset) ? dataset : null);
  const boxes = one ? [one] : all('[name="sample"]:checked');
  return {
    speechS: boxes.reduce((sum, box) => sum + Number(box.dataset.speech), 0),
    speaker: boxes[0]?.dataset.speaker ?? "",
    language: place.querySelector('[name="language"]')?.value || (one?.dataset.language ?? ""),
    dataset: one === dataset ? (one?.value ?? "") : "",
    some: boxes.length > 0,
  };
}

function showChoice() {
  const { speechS, language, some } = material();
  const dataset = place.querySelector('[name="dataset"]:checked');
  const singles = place.querySelector(".singles");
  if (singles) singles.hidden = !(dataset && "singles" in dataset.dataset);
  const later = place.querySelector('[name="startAfter"]');
  if (later) later.hidden = place.querySelector('[name="when"]').value !== "later";
  for (const card of all("[data-engine]")) {
    const { minimum, trainMinimum, ideal, languages, clones, trains } = card.dataset;
    const told = fit({ speechS, language }, {
      minimumS: Number(minimum), trainMinimumS: trainMinimum === "" ? null : Number(trainMinimum), idealS: Number(ideal),
      languages: languages.split(" "), clones: clones === "true", trains: trains === "true",
    });
    const words = card.querySelector("[data-fit]");
    words.hidden = !some;
    words.className = `fit ${told.tone}-text`;
    words.textContent = told.text;
    const picked = card.querySelector("input").checked;
    card.classList.toggle("picked", picked);
    const options = place.querySelector(`[data-options="${CSS.escape(card.dataset.engine)}"]`);
    if (options) options.hidden = !picked;
  }
}

// --- estimates ---

const estimates = place?.querySelector("[data-estimates]");
const start = place?.querySelector("[data-start]");
const gate = new Gate();
const startKey = new StartKey();
let asking = null;
let timer = null;

function allow(allowed) {
  gate.allow(allowed);
  start.disabled = !gate.isOpen;
}

function changed() {
  clearTimeout(timer);
  showChoice();
  allow(false);
  timer = setTimeout(estimate, PAUSE_MS);
}

/** Say how it stands to those who can't see the cards. */
function say(text) {
  const told = place.querySelector("[data-sentence]");
  if (told.textContent !== text) told.textContent = text;
}

async function estimate() {
  asking?.abort();
  clearFaults();
  askConsent();
  const choice = chosen();
  const lack = missing(choice);
  if (lack) {
    const words = document.createElement("p");
    words.className = "dim";
    words.textContent = lack;
    estimates.replaceChildren(words);
    say(lack);
    return;
  }
  const mine = new AbortController();
  asking = mine;
  const busy = place.querySelector("[data-busy]");
  busy.hidden = false;
  try {
    const found = await Promise.all(choice.engines.map((engine) => ask(choice, engine, mine.signal)));
    if (mine.signal.aborted) return;
    estimates.replaceChildren(...found.map(drawn), ...total(found));
    allow(found.every(({ told }) => told?.canStart));
    say(inOneSentence(found.map(({ engine, told, error }) => ({ title: titleOf(engine), told, error }))));
    const left = found.find(({ told }) => told)?.told.budget.left;
    if (left !== undefined) place.querySelector("[data-left]").textContent = spent(left);
    start.querySelector("span").textContent = found.length > 1 ? `Start ${found.length} trainings` : "Start the training";
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  } finally {
    if (asking === mine) busy.hidden = true;
  }
}

async function ask(choice, engine, signal) {
  try {
    return { engine, told: await call("POST", "/training/estimate", { json: estimateOf(choice, engine), signal }) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { engine, error };
  }
}

function drawn({ engine, told, error }) {
  const card = document.getElementById("estimate").content.cloneNode(true);
  const write = (name, text) => {
    card.querySelector(`[data-${name}]`).textContent = text;
  };
  write("title", titleOf(engine));
  if (error) {
    const fault = card.querySelector("[data-fault]");
    fault.hidden = false;
    fault.textContent = showFaults(error, engine) ? "It can't be told yet: see what is marked." : error.message;
    card.querySelector("[data-known]").remove();
    return card;
  }
  write("cost", money(told.estimatedCost));
  write("time", `about ${duration(told.estimatedTimeMs / 1000)}`);
  write("starts", starts(told));
  write("quality", quality(told.quality));
  write("speech", speech(told.speech));
  write("memory", needs(told.memory));
  card.querySelector("[data-warnings]").append(...cautions(told).map(({ tone, text }) => {
    const line = document.createElement("li");
    line.className = `${tone}-text`;
    line.textContent = text;
    return line;
  }));
  return card;
}

/** What several cost together. */
function total(found) {
  if (found.length < 2 || found.some(({ told }) => !told)) return [];
  const words = document.createElement("p");
  words.className = "strong";
  const cost = found.reduce((sum, { told }) => sum + told.estimatedCost, 0);
  words.textContent = `Together ${money(cost)}`;
  return [words];
}

function titleOf(engine) {
  return place.querySelector(`[data-engine="${CSS.escape(engine)}"]`).dataset.title;
}

// --- consent ---

let consentFor = null;

function askConsent(again = false) {
  const { speaker, language, dataset } = material();
  const query = new URLSearchParams({ speaker, language, dataset });
  for (const box of all('[name="engine"]:checked')) query.append("engine", box.value);
  const path = `/panel/train/consent?${query}`;
  if (path === consentFor && !again) return;
  consentFor = path;
  globalThis.htmx.ajax("GET", url(path), { target: place.querySelector("[data-consent]"), swap: "innerHTML" });
}

// --- what is wrong ---

function clearFaults() {
  for (const told of all(".field > .field-error, fieldset > .field-error")) told.remove();
  for (const field of all("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

function clearRefusal() {
  place.querySelector("[data-refused]").hidden = true;
}

/** Write beside each field what is wrong with it; false where no field here is to blame. */
function showFaults(error, engine) {
  let shown = false;
  for (const { field, message } of error.fields) {
    const name = field.replace(/\[\d+\]$/, "");
    const own = engine && place.querySelector(`[data-options="${CSS.escape(engine)}"] [data-field="${CSS.escape(name)}"]`);
    const box = own ?? place.querySelector(`[data-field="${CSS.escape(name)}"]:not([data-options] *)`);
    if (!box) continue;
    const told = document.createElement("p");
    told.className = "field-error";
    told.textContent = message;
    box.append(told);
    box.closest("details")?.setAttribute("open", "");
    box.querySelector("input, select")?.setAttribute("aria-invalid", "true");
    shown = true;
  }
  return shown;
}

// --- the start ---

async function begin() {
  const choice = chosen();
  gate.begin();
  clearFaults();
  clearRefusal();
  try {
    const jobs = choice.from.again ? await beginAgain(choice) : await beginTogether(choice);
    const queued = all("[data-begun-jobs] li").length + jobs.length;
    noteAfterLoad(queued > 1 ? `${queued} trainings are queued.` : "The training is queued.");
    await leaveFor(url(queued > 1 ? "/panel/jobs?state=open" : `/panel/jobs/${jobs[0].jobId}`));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    refuse(error, choice);
    askConsent(true);
  } finally {
    gate.end(); // whoever comes back to this page may start another one
    start.disabled = !gate.isOpen; // what was chosen meanwhile is estimated first
  }
}

async function beginTogether(choice) {
  const json = startOf(choice);
  const { jobs } = await call("POST", "/training/start", { json, headers: { "Idempotency-Key": startKey.for(json) } });
  startKey.done();
  return jobs;
}

async function beginAgain(choice) {
  const path = `/training/${choice.from.again.jobId}/again`;
  const { begun, refused } = await oneByOne(choice.engines, async (engine) => {
    const { jobs } = await call("POST", path, { json: againOf(choice, engine) });
    return jobs[0];
  });
  if (!refused) return [...begun.values()];
  if (begun.size) {
    for (const [engine, job] of begun) {
      place.querySelector(`[data-engine="${CSS.escape(engine)}"] input`).checked = false;
      tellBegun(engine, job);
    }
    changed();
  }
  throw Object.assign(refused.error, { engine: refused.engine, isLeft: begun.size > 0 });
}

/** What was started although the whole was not: it stays told until the page is left. */
function tellBegun(engine, job) {
  const line = document.createElement("li");
  const link = document.createElement("a");
  link.href = url(`/panel/jobs/${job.jobId}`);
  link.textContent = "Look at its job";
  line.append(`${titleOf(engine)} is queued. `, link);
  place.querySelector("[data-begun-jobs]").append(line);
  place.querySelector("[data-begun]").hidden = false;
}

function refuse(error, choice) {
  const engine = error.engine ?? (choice.engines.length === 1 ? choice.engines[0] : null);
  showFaults(error, engine);
  const refused = place.querySelector("[data-refused]");
  const words = error.isLeft ? `${titleOf(error.engine)} was not started: ${error.message}` : error.message;
  const unsure = error.status === 0 && choice.from.again; // these starts have no key
  refused.textContent = unsure ? `${words} It may have begun all the same: look under Jobs before you try again.` : words;
  refused.hidden = false;
}

// --- many datasets ---

/** Leave those whose words have all that is written; the chosen one stays. */
function searchDatasets(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const card of all(".choice")) {
    const fits = words.every((word) => card.textContent.toLowerCase().includes(word));
    if (fits) found += 1;
    card.hidden = !fits && !card.querySelector("input").checked;
  }
  place.querySelector("[data-none-found]").hidden = found > 0;
}

if (place) {
  place.addEventListener("input", (event) => {
    if ("datasetSearch" in event.target.dataset) searchDatasets(event.target.value);
    else if (!event.target.closest("[data-consent]")) {
      clearRefusal();
      changed();
    }
  });
  start.addEventListener("click", () => gate.isOpen && whileBusy(start, begin));
  document.body.addEventListener("consent-changed", () => {
    askConsent(true);
    changed();
  });
  showChoice();
  estimate();
}

// One training: drawn by the server as it is, and from there on followed event by event.
import { icon } from "../audio-player.js";
import { chart } from "../charts.js";
import { url } from "../api.js";
import { roughly } from "../figures.js";
import { showFreshness } from "../freshness.js";
import { follow } from "../live.js";
import { calmly } from "./calmly.js";
import { mergeWhereSwapped } from "./heard.js";
import { after, called, chartsOf, figure, inWords, isOpen, isTriedAgain, milestone, risesAgain, running, standing, timeLeft } from "./job-state.js";
import { tail } from "./log-tail.js";

const SIGNS = { done: "circle-check", running: "activity", failed: "circle-alert", stopped: "ban", waits: "circle-dot" };
const STANDS = { done: "done", running: "under way", failed: "failed here", stopped: "stopped here", waits: "to come" };
const FIGURES_MS = 5000;
const DRAW_MS = 500;

const place = document.getElementById("job");
const part = (name) => place.querySelector(`[data-${name}]`);
let state = JSON.parse(place.dataset.job);
let stream = null;
let lastEvent = state.after;
let clock = { spentMs: state.spentMs, attemptMs: state.attemptMs, at: performance.now() };
const log = tail(part("log"), part("log-end"));
const charts = new Map();
const tell = (name) => document.body.dispatchEvent(new CustomEvent(name));
const askFigures = calmly(() => tell("job-moved"), FIGURES_MS);
const draw = calmly(drawCurves, DRAW_MS);

function listen() {
  if (stream || !isOpen(state.status)) return;
  stream = follow(url(`/training/${state.id}/events?after=${lastEvent}`), { log: hear, progress: hear, metric: hear, status: hear }, {
    state: (how) => {
      part("away").hidden = how !== "away";
      if (how === "open") showFreshness(true); // parts that were asked for while it was away
    },
  });
}

function hear(event) {
  if (event.id <= lastEvent) return;
  lastEvent = event.id;
  if (event.kind === "log") {
    log.add([event]);
    if (event.data?.audio) {
      tell("job-heard");
      part("milestone").textContent = `A new sample can be heard: after epoch ${event.data.epoch}.`;
    }
    return;
  }
  const before = state;
  state = after(state, event);
  const told = milestone(before, state);
  if (told) part("milestone").textContent = told;
  if (event.kind === "metric") {
    draw();
    return;
  }
  if (event.kind === "progress") askFigures();
  else changed(before);
  show();
}

function changed(before) {
  const now = performance.now();
  const ran = before.status === "running" ? now - clock.at : 0;
  clock = { spentMs: clock.spentMs + ran, attemptMs: state.status === "running" ? 0 : clock.attemptMs + ran, at: now };
  tell("job-changed");
  tell("job-heard");
  if (isOpen(state.status)) return;
  stream?.close();
  stream = null;
  draw();
}

function show() {
  part("progress").value = state.progress;
  part("percent").textContent = `${Math.round(state.progress)} %`;
  for (const stage of standing(state.stages, state.progress, state.status)) {
    const line = place.querySelector(`[data-stage="${stage.name}"]`);
    const detail = stage.stands === "running" && state.stage ? state.stage : "";
    line.querySelector(".step-detail").textContent = detail;
    if (line.dataset.stands === stage.stands) continue;
    line.dataset.stands = stage.stands;
    if (stage.stands === "running") line.setAttribute("aria-current", "step");
    else line.removeAttribute("aria-current");
    const words = document.createElement("span");
    words.className = "visually-hidden";
    words.textContent = `${STANDS[stage.stands]}: `;
    line.querySelector(".step-sign").replaceChildren(icon(SIGNS[stage.stands]), words);
  }
  showTime();
}

function showTime() {
  const ran = state.status === "running" ? performance.now() - clock.at : 0;
  const spent = clock.spentMs + ran;
  const left = state.status === "running" ? timeLeft(state.progress, clock.attemptMs + ran, state.estimatedMs) : null;
  const words = [];
  if (spent >= 1000) words.push(running(spent));
  if (left !== null) words.push(`${roughly(left / 1000)} left`);
  part("left").textContent = words.join(" · ");
}

function drawCurves() {
  const drawn = chartsOf(state.curves);
  part("no-curves").hidden = drawn.length > 0;
  part("rises").hidden = drawn.length === 0 || !risesAgain(state.curves.validation_loss ?? []);
  part("curves").hidden = drawn.length === 0 && !isOpen(state.status);
  for (const one of drawn) {
    const key = `${one.title}: ${one.names}`;
    for (const [known, { box, chart: old }] of charts) {
      if (known.startsWith(`${one.title}: `) && known !== key) {
        old.destroy();
        box.remove();
        charts.delete(known);
      }
    }
    if (!charts.has(key)) charts.set(key, made(one));
    const { chart: line, words } = charts.get(key);
    line.set(one.data);
    words.replaceChildren(...one.names.map((name) => {
      const item = document.createElement("li");
      item.textContent = inWords(name, state.curves[name]);
      return item;
    }));
  }
}

function made({ title, names, share }) {
  const box = document.createElement("figure");
  const heading = document.createElement("h3");
  heading.textContent = title;
  const canvas = document.createElement("div");
  canvas.className = "chart";
  canvas.setAttribute("aria-hidden", "true");
  const words = document.createElement("ul");
  words.className = "fine";
  box.append(heading, canvas, words);
  part("charts").append(box);
  const series = names.map((name) => ({ name: called(name), format: figure }));
  return { box, words, chart: chart(canvas, series, { xName: "Epoch", ...(share ? { range: [0, 1] } : {}) }) };
}

part("technical").addEventListener("change", (event) => {
  part("log").classList.toggle("technical", event.target.checked);
  log.settle();
});
document.addEventListener("htmx:afterSettle", () => {
  // somebody tried it again: here, or on another page
  const { status, after: seen } = document.getElementById("standing").dataset;
  if (stream || !isTriedAgain({ status, after: Number(seen) }, { status: state.status, after: lastEvent })) return;
  const before = state;
  state = after(state, { kind: "status", message: status });
  changed(before);
  show();
  listen();
});
mergeWhereSwapped();
setInterval(showTime, 1000);
log.add(state.logs);
show();
drawCurves();
listen();

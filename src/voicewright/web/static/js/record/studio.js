// The studio: microphone, agreement, sentences, finish. What each step knows stands in a module of its own.
import { isSignedOut, signedOutNote } from "../signed-out.js";
import { Agreement } from "./agreement.js";
import { coverageOf } from "./coverage.js";
import { Meters } from "./meter.js";
import { Microphone } from "./microphone.js";
import { Session, sentencesKept } from "./session.js";
import { Setup } from "./setup.js";
import { Stage } from "./stage.js";
import { keepTake } from "./store.js";
import { drawCoverage, drawEnd, drawTakes } from "./takes.js";
import { Uploads } from "./uploads.js";

const studio = document.querySelector("[data-studio]");
const plan = JSON.parse(studio.dataset.plan);
const session = new Session(plan);
const own = sentencesKept(studio.dataset.account, plan.dataset);
session.add(own.read());
const meters = new Meters(studio);
const steps = new Map([...studio.querySelectorAll("[data-step]")].map((section) => [section.dataset.step, section]));
const microphone = new Microphone({
  level: (rmsDb, peakDb, piece) => {
    meters.show(rmsDb, peakDb);
    stage.hear(piece);
  },
  ended: () => {
    stage.drop();
    go("microphone");
    setup.lost();
  },
});
const uploads = new Uploads((job) => keepTake(plan, job), {
  changed: settle,
  away: (away) => {
    studio.querySelector("[data-away]").hidden = !away;
  },
  held: (why) => {
    signedOut.show(isSignedOut(why));
    studio.querySelector("[data-held]").hidden = !why || isSignedOut(why);
    studio.querySelector("[data-held-text]").textContent = why?.message ?? "";
  },
});
const signedOut = signedOutNote(studio.querySelector("[data-signed-out]"), studio.dataset.account, () => uploads.goOn());
const setup = new Setup(steps.get("microphone"), microphone, {
  ready: () => reach("agreement"),
  next: () => go(agreement.agreed ? "sentences" : "agreement"),
});
const agreement = new Agreement(steps.get("agreement"), microphone, plan, studio.dataset.agreed === "yes", {
  noise: () => setup.noiseDb,
  done: () => go("sentences"),
});
const stage = new Stage(steps.get("sentences"), microphone, session, {
  noise: () => setup.noiseDb,
  kept: (take, sound) => {
    uploads.add({ take, wav: sound.wav, text: take.prompt.text, name: sound.name, replaces: take.replaces });
    draw();
  },
  moved: draw,
  own: own.keep,
});

function settle(job, state, outcome) {
  const { take } = job;
  if (state === "kept") {
    session.settle(take, { state, ...outcome });
    document.querySelector("[data-to-dataset]").hidden = false; // the first take makes the dataset
    job.wav = null;
    if (outcome.verdict !== "rejected") own.forget(take.prompt.text);
    // a newer take of this sentence waits behind this one: what it replaces is known only now
    for (const later of uploads.jobs) if (later.take !== take && later.take.prompt === take.prompt) later.replaces = outcome.id;
    const newest = session.takes.get(take.prompt.text);
    if (newest !== take) newest.replaces = outcome.id;
  } else if (state === "failed") {
    session.settle(take, { state, reasons: reasonsOf(outcome), id: take.replaces });
  } else session.settle(take, { state });
  stage.draw();
  draw();
}

function reasonsOf(error) {
  return error.fields?.length ? error.fields.map(({ message }) => message.replace(/^take-\S+: /, "").replace(/ \([A-Z_]+\)$/, "")) : [error.message];
}

function draw() {
  const coverage = coverageOf(session.all, session.usable.map(({ prompt }) => prompt), session.seconds, plan.good_seconds);
  drawCoverage(studio, coverage);
  drawTakes(studio, session, (prompt) => stage.again(prompt));
  drawEnd(studio, session, coverage, agreement.agreed);
}

function reach(step) {
  studio.querySelector(`.steps [data-to="${step}"]`).disabled = false;
}

/** Show a step; where the microphone is not open yet, that comes first. */
function go(step) {
  const wanted = ["agreement", "sentences"].includes(step) && !microphone.isOpen ? "microphone" : step;
  stage.drop();
  agreement.drop();
  for (const [name, section] of steps) section.hidden = name !== wanted;
  for (const button of studio.querySelectorAll(".steps [data-to]")) {
    if (button.dataset.to === wanted) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
  }
  for (const name of wanted === "sentences" ? ["agreement", "sentences", "finish"] : [wanted]) reach(name);
  draw();
  if (wanted === "sentences") stage.enter();
  else steps.get(wanted).querySelector("h2").focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

studio.addEventListener("click", (event) => {
  const to = event.target.closest("[data-to]");
  if (to && !to.disabled) go(to.dataset.to);
});
studio.querySelector("[data-done]").addEventListener("click", () => go("finish"));
studio.querySelector("[data-held-go-on]").addEventListener("click", () => uploads.goOn());
addEventListener("online", () => uploads.hurry());
addEventListener("beforeunload", (event) => {
  if (session.unsent || stage.isBusy) event.preventDefault();
});
addEventListener("pagehide", () => microphone.close());

if (session.takes.size) reach("finish");
draw();
setup.begin();

// What is known of a running training, and what follows from it; no page in here.

/** Before this much time and work a guess from the progress would only jump about. */
const TELLING_MS = 3000;
const TELLING_PERCENT = 3;
const QUARTER = 25;
/** Fewer values are told elsewhere, and are no curve. */
const CURVE_FROM = 2;

/** Whether a job in this state may still change by itself. */
export function isOpen(status) {
  return status === "queued" || status === "delayed" || status === "running";
}

/**
 * Whether a part of the page tells that a job goes on again. One that was written before the last event that the
 * page has heard does not: that of a job that has just ended still says that it runs.
 * @param {{status: string, after: number}} part what it says, and the last event when it was written
 * @param {{status: string, after: number}} known what the page knows, and the last event that it has heard
 */
export function isTriedAgain(part, known) {
  return part.after >= known.after && part.status !== known.status && isOpen(part.status);
}

/**
 * The steps of a job, each as it stands.
 * @param {{name: string, title: string, until: number}[]} stages each with the per cent at which it ends
 * @param {number} progress per cent
 * @param {string} status of the job
 * @returns {{name: string, title: string, until: number, stands: "done"|"running"|"failed"|"stopped"|"waits"}[]}
 */
export function standing(stages, progress, status) {
  const done = (stage) => status === "completed" || progress >= stage.until;
  const current = stages.find((stage) => !done(stage));
  const now = { running: "running", failed: "failed", cancelled: progress > 0 ? "stopped" : "waits" }[status] ?? "waits";
  return stages.map((stage) => ({ ...stage, stands: done(stage) ? "done" : stage === current ? now : "waits" }));
}

/**
 * Milliseconds that are left; null where that can't be told.
 * @param {number} progress per cent
 * @param {number} elapsedMs of this attempt
 * @param {number} estimatedMs of the whole, as it was estimated
 */
export function timeLeft(progress, elapsedMs, estimatedMs) {
  if (progress >= 100) return null;
  if (elapsedMs < TELLING_MS || progress < TELLING_PERCENT) {
    const left = estimatedMs - elapsedMs;
    return left > 0 ? left : null;
  }
  return (elapsedMs * (100 - progress)) / progress;
}

/** `1:05`, `2:03:40`: a time that runs. */
export function running(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number) => String(number).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/**
 * Take an event in: the state after it.
 * @param {{status: string, progress: number, stage: string|null, curves: Record<string, [number, number|null][]>}} state
 * @param {{kind: string, message: string, data: any}} event
 */
export function after(state, { kind, message, data }) {
  if (kind === "progress") return { ...state, progress: data.progress, stage: data.stage };
  if (kind === "metric") return { ...state, curves: withPoint(state.curves, data) };
  if (kind !== "status") return state;
  const begun = { queued: { progress: 0, stage: null }, delayed: { progress: 0, stage: null } }[message] ?? {};
  const goesOn = state.status === "running"; // it was given back, and the next worker goes on with what is there
  return { ...state, ...(goesOn ? {} : begun), ...(message === "completed" ? { progress: 100 } : {}), status: message };
}

/** Curves with a point more; the same epoch again, as in the next attempt, takes the place of the earlier one. */
export function withPoint(curves, { name, step, value }) {
  const points = (curves[name] ?? []).filter(([there]) => there !== step);
  return { ...curves, [name]: [...points, [step, value]].sort(([one], [other]) => one - other) };
}

/**
 * What is drawn together: losses in one chart, scores of 0 to 1 in another, each other curve by itself; nothing that
 * has no two values yet.
 * @param {Record<string, [number, number|null][]>} curves
 * @returns {{title: string, share: boolean, names: string[], data: (number|null)[][]}[]} data: steps, then each curve
 */
export function chartsOf(curves) {
  const groups = new Map();
  for (const name of Object.keys(curves).filter((one) => !one.startsWith("provider_")).sort()) {
    const title = /loss/.test(name) ? "Loss" : /quality|similarity|naturalness|clarity|consistency/.test(name) ? "Quality" : called(name);
    groups.set(title, [...(groups.get(title) ?? []), name]);
  }
  const order = (title) => ["Loss", "Quality"].indexOf(title) + 1 || 3;
  return [...groups]
    .filter(([, names]) => names.some((name) => known(curves[name]).length >= CURVE_FROM))
    .sort(([one], [other]) => order(one) - order(other))
    .map(([title, names]) => {
      const steps = [...new Set(names.flatMap((name) => curves[name].map(([step]) => step)))].sort((a, b) => a - b);
      const rows = names.map((name) => {
        const values = new Map(curves[name]);
        return steps.map((step) => values.get(step) ?? null);
      });
      return { title, share: title === "Quality", names, data: [steps, ...rows] };
    });
}

/** `training_loss` as people say it: `Training loss`. */
export function called(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A curve in a sentence, for who does not look at the picture. */
export function inWords(name, points) {
  const values = known(points);
  if (values.length === 0) return `${called(name)}: no value yet`;
  const [step, value] = values.at(-1);
  const now = `${called(name)}: ${figure(value)} at epoch ${step}`;
  if (values.length === 1) return now;
  const rises = /quality|similarity|naturalness|clarity|consistency/.test(name);
  const [bestStep, best] = values.reduce((one, other) => ((rises ? other[1] > one[1] : other[1] < one[1]) ? other : one));
  return `${now}, ${rises ? "highest" : "lowest"} ${figure(best)} at epoch ${bestStep}`;
}

/** Whether a curve ends above its lowest value. */
export function risesAgain(points) {
  const values = known(points).map(([, value]) => value);
  return values.some((value) => value < values.at(-1));
}

/** The points of a curve that have a value. */
function known(points) {
  return points.filter(([, value]) => value !== null);
}

/** Three figures that count. */
export function figure(value) {
  return value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

/**
 * What somebody should hear who can't see the bar: new steps, every quarter, and the end; null for all else.
 * @returns {string|null}
 */
export function milestone(before, now) {
  if (before.status !== now.status) {
    return {
      completed: "The training has completed. The voice is ready.",
      failed: "The training has failed. What went wrong is at the top of the page.",
      cancelled: "The training was cancelled.",
      running: "The training has started.",
      queued: "The training waits for a worker.",
    }[now.status] ?? null;
  }
  if (now.status !== "running") return null;
  const at = (state) => standing(state.stages, state.progress, state.status).find((stage) => stage.stands === "running");
  const [was, is] = [at(before), at(now)];
  if (is && was?.name !== is.name) return `Now: ${is.title}.`;
  const quarter = Math.floor(now.progress / QUARTER);
  return quarter > Math.floor(before.progress / QUARTER) ? `${quarter * QUARTER} % done.` : null;
}

// A note from the system when a training of one's own ends, in browsers where somebody has turned that on.
//
// One tab looks for all of them, now and then: a stream for each tab would use up the few connections that a
// browser opens to a host. It goes on in a tab that nobody sees, and leaves no page when the session has ended.
import { call, url } from "./api.js";

const KEPT = "voicewright.jobNotices";
const EVERY_MS = 15_000;
const LOCK = "voicewright-job-notices";
const NEWEST = 20;
const OVER = new Set(["completed", "failed"]);

/** Whether this browser can show notes of the system at all: it does so on encrypted pages only. */
export function canTell(scope = globalThis) {
  return "Notification" in scope && scope.isSecureContext === true;
}

export function isOn(scope = globalThis) {
  return canTell(scope) && scope.Notification.permission === "granted" && scope.localStorage.getItem(KEPT) === "on";
}

/** Turn it on, after the browser has asked; answers whether it is. */
export async function turnOn(scope = globalThis) {
  if (!canTell(scope) || (await scope.Notification.requestPermission()) !== "granted") return false;
  scope.localStorage.setItem(KEPT, "on");
  return true;
}

export function turnOff(scope = globalThis) {
  scope.localStorage.removeItem(KEPT);
}

/**
 * The jobs that have ended since the last look, and what is known for the next one.
 * @param {Map<string, string> | null} before states by id; null at the first look, which tells of nothing
 * @param {{id: string, status: string}[]} jobs
 */
export function ended(before, jobs) {
  const now = new Map(jobs.map((job) => [job.id, job.status]));
  const news = before === null ? [] : jobs.filter((job) => OVER.has(job.status) && !OVER.has(before.get(job.id) ?? "new"));
  return { news, now };
}

/** What is said of one. */
export function words(job) {
  return job.status === "completed"
    ? { title: `${job.name} is trained`, body: "Listen to it in the panel." }
    : { title: `The training of ${job.name} failed`, body: "The panel says why, and what to do." };
}

/** Look now and then, in one tab of all; does nothing where it is off. */
export function watchJobs(scope = globalThis) {
  if (!isOn(scope) || !scope.navigator.locks || !scope.document.body.classList.contains("signed-in")) return;
  scope.navigator.locks.request(LOCK, () => look(scope)).catch(() => {});
}

async function look(scope) {
  let before = null;
  const me = await call("GET", "/auth/me", { stay: true });
  while (isOn(scope)) {
    try {
      const { jobs } = await call("GET", `/training/user/${me.id}?limit=${NEWEST}`, { stay: true });
      const found = ended(before, jobs);
      before = found.now;
      for (const job of found.news) show(job, scope);
    } catch (error) {
      if (error.status === 401) return; // signed out
    }
    await new Promise((resolve) => scope.setTimeout(resolve, EVERY_MS));
  }
}

function show(job, scope) {
  const { title, body } = words(job);
  const shown = new scope.Notification(title, { body, tag: job.id });
  shown.onclick = () => {
    scope.focus();
    scope.location.assign(url(`/panel/jobs/${job.id}`));
  };
}

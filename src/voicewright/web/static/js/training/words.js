// What is told of trainings that could be started.
import { duration, money } from "../figures.js";

/** `2.0 GB`, of mebibytes. */
export function memory(megabytes) {
  return megabytes >= 1024 ? `${(megabytes / 1024).toFixed(1)} GB` : `${Math.round(megabytes)} MB`;
}

/**
 * How the choice stands, for those who hear it: short, as it is said again at each change.
 * @param {{title: string, told?: any, error?: Error}[]} found an estimate, or what was wrong, of each engine
 */
export function inOneSentence(found) {
  const wrong = found.find(({ error }) => error);
  if (wrong) return `${wrong.title}: it can't be told yet.`;
  const refused = found.find(({ told }) => !told.canStart);
  if (refused) return `${refused.title} can't start: ${cautions(refused.told)[0]?.text ?? "see what is written there."}`;
  const cost = money(found.reduce((sum, { told }) => sum + told.estimatedCost, 0));
  if (found.length > 1) return `${found.length} trainings, together ${cost}.`;
  return `${found[0].title}: ${cost}, about ${duration(found[0].told.estimatedTimeMs / 1000)}.`;
}

/** When an estimated training would start. */
export function starts({ time, nodes }, format = local) {
  if (time.startAfter) return `${format(new Date(time.startAfter))}${nodes.length ? "" : ", once a worker can run it"}`;
  if (nodes.length === 0) return "once a worker is there that can run it: there is none now";
  const names = nodes.map((node) => node.name);
  return `as soon as ${names.length === 1 ? `${names[0]} is` : `${names.slice(0, -1).join(", ")} or ${names.at(-1)} is`} free`;
}

/** What it would be good for. */
export function quality({ predicted, threshold }) {
  return `about ${predicted.toFixed(2)}${predicted < threshold ? `, under the threshold of ${threshold.toFixed(2)}` : ""}`;
}

/** What it would learn from. */
export function speech({ samples, rejected, speechSeconds, withoutTranscript }) {
  const used = samples - rejected;
  const parts = [`${duration(speechSeconds)} of speech in ${used} ${used === 1 ? "recording" : "recordings"}`];
  if (rejected) parts.push(`${rejected} left out`);
  if (withoutTranscript) parts.push(`${withoutTranscript} without transcript`);
  return parts.join(", ");
}

/** What a node needs of memory. */
export function needs({ memoryMb, gpuMemoryMb }) {
  return `${memory(memoryMb)}${gpuMemoryMb ? `, and ${memory(gpuMemoryMb)} on a GPU` : ", no GPU"}`;
}

/** What somebody should know before they start, the weightiest first. */
export function cautions({ warnings, refusals, quality: { improvements } }) {
  const consent = /CONSENT/;
  return [
    ...refusals.filter(({ code }) => !consent.test(code)).map(({ error }) => ({ tone: "bad", text: error })),
    ...(refusals.some(({ code }) => consent.test(code)) ? [{ tone: "bad", text: "The speaker's consent is missing: see below." }] : []),
    ...warnings.map((text) => ({ tone: "warn", text: inMinutes(text) })),
    ...improvements.slice(0, 2).map(({ action, gain }) => ({ tone: "quiet", text: `${action} (+${gain.toFixed(2)})` })),
  ];
}

/** Long milliseconds in a sentence of the server's as people say them. */
export function inMinutes(text) {
  return text.replace(/\b(\d{4,}) ms\b/g, (_, milliseconds) => duration(Number(milliseconds) / 1000));
}

function local(when) {
  return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(when);
}

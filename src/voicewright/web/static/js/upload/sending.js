// Sends one recording or archive into a dataset, unless the same bytes are there already.
import { post } from "../sent-file.js";
import { callHere as call } from "../signed-out.js";
import { SendFailed } from "./queue.js";

const PAGE = 500;
const HASHED_BYTES = 64 << 20; // larger files are sent without a look whether they are there: they would fill the memory
const AWAY = new Set([0, 408, 429, 502, 503, 504]);
const HALTING = new Set(["NOT_AUTHENTICATED", "NOT_ALLOWED", "STORAGE_FULL", "STORAGE_READ_ONLY", "DATASET_MISMATCH", "DATASET_NAME_INVALID", "SPEAKER_INVALID", "LANGUAGE_INVALID"]);

/** A dataset of one's own by any spelling of its name; null where there is none. */
export async function findDataset(name, get = call) {
  const { datasets } = await get("GET", `/datasets?limit=${PAGE}&search=${encodeURIComponent(name)}`);
  return datasets.find((one) => keyOf(one.name) === keyOf(name)) ?? null;
}

function keyOf(name) {
  return name.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

/** What is in a dataset already, by the digests of the files; empty where there is no such dataset. */
export async function known(name, get = call) {
  const found = new Map();
  if (!(await findDataset(name, get))) return found;
  for (let offset = 0; ; offset += PAGE) {
    const page = await get("GET", `/datasets/${encodeURIComponent(name)}?limit=${PAGE}&offset=${offset}`);
    for (const sample of page.samples) found.set(sample.sha256, sample);
    if (offset + PAGE >= page.total) return found;
  }
}

/** SHA-256 of a file; null where it is too large, or the page is not served safely enough for the browser to do it. */
export async function digestOf(file) {
  if (!globalThis.crypto?.subtle || file.size > HASHED_BYTES) return null;
  let bytes;
  try {
    bytes = await file.arrayBuffer();
  } catch {
    throw new SendFailed("failed", "The file can't be read any more. Was it moved or changed? Choose it again.");
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Send an item, or find it there.
 * @param {{file: File, name: string, words: string | null, isArchive: boolean}} item
 * @param {{name: string, speaker: string, language: string, there: Map<string, any>}} into
 * @returns {Promise<{outcome: string, samples: any[], refused: any[], notes: string[]}>}
 */
export async function sendItem(item, into, signal, progressed) {
  const digest = item.isArchive ? null : await digestOf(item.file);
  const sample = digest ? into.there.get(digest) : null;
  if (sample) return keep(sample, item, into, signal);
  const form = new FormData();
  form.append("dataset_name", into.name);
  form.append("speaker", into.speaker);
  form.append("language", into.language);
  if (item.words) form.append("transcript", item.words);
  form.append("audio", item.file, item.name);
  const { status, body: answer, retryAfter } = await post("/datasets/upload", form, { signal, progressed });
  if (status < 200 || status >= 300 || !answer) throw failure(status, answer, retryAfter);
  for (const one of answer.files) if (one.sample) into.there.set(one.sample.sha256, one.sample);
  return {
    outcome: answer.files.some((one) => one.outcome !== "unchanged") ? "sent" : "there",
    samples: answer.files.filter((one) => one.sample).map((one) => one.sample),
    refused: answer.files.filter((one) => !one.sample),
    notes: answer.notes,
  };
}

/** What is there is not sent again; words that it lacks are told, and those that it has are kept. */
async function keep(sample, item, into, signal) {
  const there = { outcome: "there", samples: [sample], refused: [], notes: [] };
  if (!item.words || item.words === sample.transcript) return there;
  if (sample.transcript) return { ...there, notes: ["It has other words there, which are kept."] };
  const path = `/datasets/${encodeURIComponent(into.name)}/clips/${sample.id}`;
  try {
    const changed = await call("PATCH", path, { json: { transcript: item.words }, signal });
    into.there.set(changed.sha256, changed);
    return { ...there, outcome: "told", samples: [changed] };
  } catch (error) {
    throw failure(error.status ?? 0, { code: error.code, error: error.message });
  }
}

/** What an answer means for the queue. */
export function failure(status, body, retryAfter = null) {
  const message = body?.error ?? "The service did not answer.";
  if (status === 401) return new SendFailed("halted", "Nothing is lost.", { signedOut: true });
  if (AWAY.has(status)) return new SendFailed("away", message, { afterMs: 1000 * (Number(retryAfter) || 0) });
  if (status === 403 || status === 507 || HALTING.has(body?.code)) return new SendFailed("halted", message);
  if (status >= 500) return new SendFailed("failed", message);
  const told = body?.fields?.find((fault) => fault.field?.startsWith("audio"))?.message ?? message;
  return new SendFailed("refused", told);
}

/** The reason of a refusal without the name of the file before it and the code behind it. */
export function plainReason(message, name) {
  const words = (name ? message.replace(`${name}: `, "") : message).replace(/ \([A-Z_]+\)$/, "");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// What will be sent of all that was chosen, with the words that belong to each recording.
import { size } from "../figures.js";
import { sorted } from "./choosing.js";
import { besideKey, cleanText, counted, decodeText, few, matchWords, readMetadata } from "./metadata.js";

/**
 * Find the words of what was chosen, and what is left out.
 * @param {{file: File, path: string}[]} chosen
 * @param {string[]} unreadable names of what the browser could not read
 * @param {{extensions: Set<string>, mostBytes: number}} accepted
 * @returns {Promise<{items: object[], notes: [tone: string, text: string][]}>} `left` of an item: why it is not sent
 */
export async function planOf(chosen, unreadable, { extensions, mostBytes }) {
  const kinds = sorted(chosen, extensions);
  const notes = [];
  const [list, ...otherLists] = [...kinds.metadata].sort((one, other) => one.path.split("/").length - other.path.split("/").length);
  if (otherLists.length) notes.push(["warn", `Only ${list.path} is read; there are other lists of words.`]);
  const metadata = list ? readMetadata(decodeText(new Uint8Array(await list.file.arrayBuffer())), extensions) : { texts: new Map(), notes: [] };
  const beside = new Map();
  for (const one of kinds.texts) beside.set(besideKey(one.path, extensions), cleanText(decodeText(new Uint8Array(await one.file.arrayBuffer()))));
  const { words, left, missing } = matchWords(kinds.recordings, metadata, beside, extensions);
  const items = [...kinds.recordings, ...kinds.archives].map(({ file, path }) => ({
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
  return { items, notes };
}

// What was dropped, chosen or pasted, as a flat list of files with their paths: folders are entered.

const METADATA = new Set(["metadata.csv", "metadata.txt"]);
const ARCHIVES = [".zip", ".tar", ".tar.gz", ".tgz"];
const TEXTS = [".txt", ".lab"];

/** Whether it has files, also while it is dragged: Safari shows the items only once they are dropped. */
export function hasFiles(transfer) {
  return transfer?.types.includes("Files") ?? false;
}

/** The files of an `<input>`; of a folder with their paths in it. */
export function filesOf(list) {
  return [...list].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/**
 * The files of something that was dropped or pasted, those in folders too, and the paths of what can't be read.
 * @returns {Promise<{found: {file: File, path: string}[], unreadable: string[]}>}
 */
export async function filesOfTransfer(transfer) {
  // entries are only there until the event ends, so all are taken before anything is waited for
  const entries = [...transfer.items].filter((item) => item.kind === "file").map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile());
  const into = { found: [], unreadable: [] };
  for (const entry of entries) if (entry) await enter(entry, into);
  return into;
}

async function enter(entry, into) {
  if (entry instanceof globalThis.File) {
    into.found.push({ file: entry, path: entry.name });
    return;
  }
  const path = entry.fullPath.replace(/^\//, "");
  try {
    if (entry.isFile) {
      into.found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path });
      return;
    }
    const reader = entry.createReader();
    for (;;) { // a reader gives a hundred at a time, and at the end none
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) return;
      for (const inner of some) await enter(inner, into);
    }
  } catch {
    into.unreadable.push(path); // the others are taken all the same
  }
}

/**
 * Tell recordings, archives, lists of words and the rest apart; hidden files are passed over.
 * @param {{file: File, path: string}[]} files
 * @param {Set<string>} extensions of recordings
 */
export function sorted(files, extensions) {
  const kinds = { recordings: [], archives: [], metadata: [], texts: [], others: [] };
  for (const one of files) {
    const name = one.path.slice(one.path.lastIndexOf("/") + 1).toLowerCase();
    if (one.path.split("/").some((part) => part.startsWith(".")) || one.path.includes("__MACOSX/")) continue;
    if (METADATA.has(name) || (name.endsWith(".csv") && !METADATA.has(name))) kinds.metadata.push(one);
    else if (extensions.has(name.slice(name.lastIndexOf(".")))) kinds.recordings.push(one);
    else if (ARCHIVES.some((end) => name.endsWith(end))) kinds.archives.push(one);
    else if (TEXTS.some((end) => name.endsWith(end))) kinds.texts.push(one);
    else kinds.others.push(one);
  }
  return kinds;
}

// What is dropped: files and folders within folders, as a flat list with their paths.
import assert from "node:assert/strict";
import { test } from "node:test";
import { filesOf, filesOfTransfer, hasFiles, sorted } from "../../src/voicewright/web/static/js/upload/choosing.js";

const A_TIME = 100; // so many entries a browser gives at once

function file(fullPath, { locked = false } = {}) {
  const made = new File(["x"], fullPath.split("/").at(-1));
  return { isFile: true, fullPath, file: (resolve, reject) => (locked ? reject(new DOMException("", "NotReadableError")) : resolve(made)) };
}

function folder(fullPath, entries, { locked = false } = {}) {
  const createReader = () => {
    let at = 0;
    return {
      readEntries(resolve, reject) {
        if (locked) reject(new DOMException("", "NotReadableError"));
        else resolve(entries.slice(at, (at += A_TIME)));
      },
    };
  };
  return { isFile: false, fullPath, createReader };
}

const dropped = (...entries) => ({ items: entries.map((entry) => ({ kind: "file", webkitGetAsEntry: () => entry })) });
const paths = ({ found }) => found.map(({ path }) => path);

test("files are seen while they are dragged, also where the browser shows what they are only once they are dropped", () => {
  assert.ok(hasFiles({ types: ["Files"], items: [] }));
  assert.ok(!hasFiles({ types: ["text/plain"], items: [{ kind: "string" }] }));
  assert.ok(!hasFiles(null));
});

test("folders within folders are entered", async () => {
  const transfer = dropped(folder("/Ann", [file("/Ann/metadata.csv"), folder("/Ann/wavs", [file("/Ann/wavs/1.wav"), folder("/Ann/wavs/old", [])])]), file("/2.wav"));
  transfer.items.unshift({ kind: "string" });
  const all = await filesOfTransfer(transfer);
  assert.deepEqual(paths(all), ["Ann/metadata.csv", "Ann/wavs/1.wav", "2.wav"]);
  assert.ok(all.found.every((one) => one.file instanceof File));
  assert.deepEqual(all.unreadable, []);
});

test("of a folder with hundreds none is forgotten", async () => {
  const many = Array.from({ length: 250 }, (_, number) => file(`/Ann/${number}.wav`));
  assert.equal(paths(await filesOfTransfer(dropped(folder("/Ann", many)))).length, 250);
});

test("what can't be read is told, and keeps nothing else from coming", async () => {
  const inside = [file("/Ann/1.wav"), file("/Ann/2.wav", { locked: true }), folder("/Ann/secret", [], { locked: true }), file("/Ann/3.wav")];
  const all = await filesOfTransfer(dropped(folder("/Ann", inside)));
  assert.deepEqual(paths(all), ["Ann/1.wav", "Ann/3.wav"]);
  assert.deepEqual(all.unreadable, ["Ann/2.wav", "Ann/secret"]);
});

test("what is no entry is a file by itself, or nothing", async () => {
  const pasted = new File(["x"], "pasted.wav");
  const items = [{ kind: "file", getAsFile: () => pasted }, { kind: "file", webkitGetAsEntry: () => null, getAsFile: () => null }];
  assert.deepEqual(await filesOfTransfer({ items }), { found: [{ file: pasted, path: "pasted.wav" }], unreadable: [] });
});

test("files are told apart by their names, hidden ones passed over", () => {
  const names = ["a.WAV", "b.zip", "b.tar.gz", "metadata.csv", "a.txt", "notes.pdf", ".hidden.wav", "__MACOSX/a.wav"];
  const kinds = sorted(filesOf(names.map((name) => ({ name }))), new Set([".wav"]));
  const told = Object.fromEntries(Object.entries(kinds).map(([kind, files]) => [kind, files.map(({ path }) => path)]));
  assert.deepEqual(told, { recordings: ["a.WAV"], archives: ["b.zip", "b.tar.gz"], metadata: ["metadata.csv"], texts: ["a.txt"], others: ["notes.pdf"] });
});

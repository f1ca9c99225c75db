// What will be sent of a folder that was dropped, and what is said of the rest.
import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../../src/voicewright/web/static/js/upload/plan.js";

const ACCEPTED = { extensions: new Set([".wav", ".mp3"]), mostBytes: 8 };
const file = (path, ...parts) => ({ path, file: new File(parts, path.split("/").at(-1)) });

test("recordings get their words, and what is left out says why", async () => {
  const { items, notes } = await planOf(
    [
      file("ann/metadata.csv", "a10|Ten of them.\ngone|Nobody is here.\n"),
      file("ann/wavs/a10.wav", "1234"), file("ann/wavs/a2.mp3", "12"), file("ann/wavs/a2.txt", "Two of them."),
      file("ann/wavs/long.wav", "123456789"), file("ann/wavs/none.wav"), file("ann/cover.jpg", "1"),
    ],
    ["ann/locked"],
    ACCEPTED,
  );
  assert.deepEqual(items.map(({ name, words }) => [name, words]), [
    ["a2.mp3", "Two of them."], ["a10.wav", "Ten of them."], ["long.wav", null], ["none.wav", null],
  ]);
  assert.deepEqual(items.map(({ left }) => left), [null, null, "It has 9 bytes; a file here has at most 8 bytes.", "It is empty."]);
  const told = notes.map(([tone, text]) => `${tone}: ${text}`).join("\n");
  assert.match(told, /warn: 1 line of metadata\.csv names a recording that is not here: gone/);
  assert.match(told, /info: 1 file is no recording and is passed over: cover\.jpg/);
  assert.match(told, /warn: 1 file or folder could not be read: ann\/locked/);
});

test("a folder without recordings says what to choose", async () => {
  const { items, notes } = await planOf([file("notes.pdf", "1")], [], ACCEPTED);
  assert.deepEqual(items, []);
  assert.deepEqual(notes.map(([tone]) => tone), ["info", "bad"]);
});

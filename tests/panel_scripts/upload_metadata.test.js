// How words find their recordings before anything is sent.
import assert from "node:assert/strict";
import { test } from "node:test";
import { besideKey, cleanText, decodeText, keyOf, matchWords, readMetadata } from "../../src/voicewright/web/static/js/upload/metadata.js";

const KINDS = new Set([".wav", ".mp3", ".flac"]);
const at = (...paths) => paths.map((path) => ({ path }));
const read = (content) => readMetadata(content, KINDS);
const match = (paths, metadata, beside = new Map()) => matchWords(at(...paths), metadata, beside, KINDS);

test("LJ Speech: the text as it is spoken wins, quotes of spreadsheets go, odd lines are told", () => {
  const { texts, notes } = read('\ufeffa|In 1999|In nineteen ninety-nine\r\nb.wav|"Say ""yes"""\n\nodd\n|lost\nc|');
  assert.deepEqual([...texts], [["a", "In nineteen ninety-nine"], ["b", 'Say "yes"']]);
  assert.equal(notes.length, 2);
  assert.match(notes[0], /2 lines are not/);
  assert.match(notes[1], /no words for c/);
});

test("a header names the columns, whatever stands between them", () => {
  assert.deepEqual([...read("audio_file|text\nwavs/a.wav|Hello").texts], [["wavs/a", "Hello"]]);
  assert.deepEqual([...read('File Name,Transcript\na.wav,"One, two"\nb.wav,"A ""word"""').texts], [["a", "One, two"], ["b", 'A "word"']]);
  assert.deepEqual([...read("id\tsentence\na\tHello").texts], [["a", "Hello"]]);
});

test("of several speakers the one with the most lines is sent", () => {
  const metadata = read("file|text|speaker\na|One|ann\nb|Two|bob\nc|Three|ann");
  const { words, left } = match(["a.wav", "b.wav", "c.wav"], metadata);
  assert.deepEqual([...words.keys()], ["a.wav", "c.wav"]);
  assert.match(left.get("b.wav"), /bob, another speaker/);
  assert.match(metadata.notes[0], /several speakers/);
});

test("a line finds its file by the whole path, by a part of it, or by the name alone", () => {
  const metadata = read("wavs/a|One\nb|Two\nx/c|Three\ny/c|Four\nlost|Five");
  const { words, missing } = match(["Ann/wavs/a.mp3", "Ann/deep/B.MP3", "Ann/y/c.wav", "Ann/z/c.wav", "Ann/d.wav"], metadata);
  assert.deepEqual(Object.fromEntries(words), { "Ann/wavs/a.mp3": "One", "Ann/deep/B.MP3": "Two", "Ann/y/c.wav": "Four" });
  assert.deepEqual(missing, ["x/c", "lost"]);
});

test("of two copies of a recording the better one is sent", () => {
  const { words, left } = match(["m/mp3/a.mp3", "m/wavs/a.wav"], read("a|One"));
  assert.deepEqual([...words], [["m/wavs/a.wav", "One"]]);
  assert.match(left.get("m/mp3/a.mp3"), /Another copy of m\/wavs\/a\.wav/);
});

test("a text file beside a recording says what metadata.csv does not", () => {
  const beside = new Map([[besideKey("m/b.txt", KINDS), "Two"], [besideKey("m/c.wav.txt", KINDS), "Three"]]);
  const { words } = match(["m/a.wav", "m/b.wav", "m/c.wav"], read("a|One"), beside);
  assert.deepEqual([...words.values()], ["One", "Two", "Three"]);
});

test("text is read as what it is, and cleaned", () => {
  assert.equal(decodeText(new TextEncoder().encode("Mühle")), "Mühle");
  assert.equal(decodeText(new Uint8Array([0xff, 0xfe, 0x4d, 0, 0xfc, 0])), "Mü");
  assert.equal(decodeText(new Uint8Array([0x4d, 0xfc])), "Mü");
  assert.equal(cleanText(" u\u0308ber\ta \n b\u0007 "), "über a b");
});

test("a key has no extension of a sound and no way out", () => {
  assert.deepEqual(["a.WAV", "/x\\a.mp3", "v1.2", "a.txt"].map((name) => keyOf(name, KINDS)), ["a", "x/a", "v1.2", "a.txt"]);
});

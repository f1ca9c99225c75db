// Speech that is heard while it is made: its bytes, its moments, its words, and what is told of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Feeder } from "../../src/voicewright/web/static/js/speech-feeder.js";
import { allowance, characters, estimatedSeconds, speechBody } from "../../src/voicewright/web/static/js/speech-figures.js";
import { findings, heard, marksOf, verification } from "../../src/voicewright/web/static/js/speech-findings.js";
import { Schedule, WavReader, joined, sealedWav } from "../../src/voicewright/web/static/js/speech-samples.js";
import { curlOf, literal, pythonOf } from "../../src/voicewright/web/static/js/speech-snippets.js";
import { streamFormat } from "../../src/voicewright/web/static/js/speech-stream.js";
import { outline, peaksOf } from "../../src/voicewright/web/static/js/speech-wave.js";
import { placed, wordAt, wordBeside } from "../../src/voicewright/web/static/js/speech-words.js";

class Buffer extends EventTarget {
  updating = false;
  taken = [];
  room = Infinity;
  appendBuffer(bytes) {
    if (this.taken.length >= this.room) throw Object.assign(new Error("full"), { name: "QuotaExceededError" });
    this.taken.push(bytes);
    this.updating = true;
  }
  ready() {
    this.updating = false;
    this.dispatchEvent(new Event("updateend"));
  }
}

test("a buffer gets one piece after another, in order, and the end only after the last", async () => {
  const buffer = new Buffer();
  const feeder = new Feeder(buffer);
  feeder.push("a");
  feeder.push("b");
  let ended = false;
  const end = feeder.finish().then(() => { ended = true; });
  assert.deepEqual(buffer.taken, ["a"]);
  buffer.ready();
  await Promise.resolve();
  assert.deepEqual([buffer.taken, ended], [["a", "b"], false]);
  buffer.ready();
  await end;
  assert.equal(feeder.full, false);
});

test("a buffer that is full ends it, and says so", async () => {
  const buffer = Object.assign(new Buffer(), { room: 1 });
  const feeder = new Feeder(buffer);
  feeder.push("a");
  feeder.push("b");
  buffer.ready();
  await feeder.finish();
  assert.deepEqual([buffer.taken, feeder.full], [["a"], true]);
});

test("the browser decides what is streamed", () => {
  assert.equal(streamFormat("mp3", () => true), "mp3");
  assert.equal(streamFormat("mp3", () => false), "wav");
  assert.equal(streamFormat("flac", () => true), "wav");
});

function wav(samples) {
  const bytes = new Uint8Array(44 + samples.length * 2).fill(0xff, 0, 44);
  const view = new DataView(bytes.buffer);
  view.setUint32(24, 22050, true);
  samples.forEach((sample, index) => view.setInt16(44 + index * 2, sample, true));
  return bytes;
}

test("a WAV is read wherever its blocks end, and sealed with its lengths", () => {
  const bytes = wav([0, 16384, -32768, 8192]);
  for (const cut of [1, 20, 44, 45, 47, 50]) {
    const reader = new WavReader();
    const read = [...reader.take(bytes.subarray(0, cut)), ...reader.take(bytes.subarray(cut))];
    assert.deepEqual(read, [0, 0.5, -1, 0.25], `cut at ${cut}`);
    assert.equal(reader.rate, 22050);
  }
  const file = sealedWav([bytes.subarray(0, 30), bytes.subarray(30)]);
  const view = new DataView(file.buffer);
  assert.deepEqual([view.getUint32(4, true), view.getUint32(40, true)], [44, 8]);
  assert.equal(joined([new Uint8Array(2), new Uint8Array(3)]).length, 5);
});

test("blocks follow each other without a gap; after one that came late there is a pause, in which nothing is heard", () => {
  const schedule = new Schedule(0.1);
  assert.equal(schedule.place(1, 10), 10.1);
  assert.equal(schedule.place(1, 10.2), 11.1);
  assert.equal(schedule.place(2, 15), 15.1);
  assert.equal(schedule.length, 4);
  const near = (now, heard) => assert.ok(Math.abs(schedule.position(now) - heard) < 1e-9, `${now}`);
  near(9, 0);
  near(10.6, 0.5);
  near(13, 2);
  near(15.6, 2.5);
  near(99, 4);
});

test("words are found where they stand, each after the one before, and what is said otherwise is left out", () => {
  const text = "He said: he came at 5. <b>";
  const said = ["He", "said:", "he", "came", "at", "five", "<b>"].map((word, index) => ({ text: word, start: index, end: index + 1 }));
  const words = placed(text, said);
  assert.deepEqual(words.map(({ from, to }) => text.slice(from, to)), ["He", "said:", "he", "came", "at", "<b>"]);
  assert.equal(words[2].from, 9);
  assert.deepEqual([-0.1, 0, 0.5, 4.5, 5.5, 6, 90].map((at) => wordAt(words, at)), [-1, 0, 0, 4, 4, 5, 5]);
  assert.equal(wordAt([], 1), -1);
});

test("a request is written for a terminal and for Python, whatever the text has in it", () => {
  const body = speechBody({ text: `It's "x"\n$HOME`, voice: "7", language: "de", ownLanguage: "en-us", speed: 1.5, pitch: 0, seed: 3, normalise: false, ssml: false, format: "mp3" });
  assert.deepEqual(body, { model: "tts-1", input: `It's "x"\n$HOME`, response_format: "mp3", voice: "7", language: "de", speed: 1.5, seed: 3, normalise: false });
  const curl = curlOf("http://127.0.0.1/v1/audio/speech", body);
  assert.ok(curl.includes(`"input": "It'\\''s \\"x\\"\\n$HOME"`), curl);
  const python = pythonOf("http://127.0.0.1/v1", body);
  assert.ok(python.includes(`    input="It's \\"x\\"\\n$HOME",`), python);
  assert.ok(python.includes(`extra_body={"language": "de", "seed": 3, "normalise": False},`), python);
  assert.deepEqual([literal(true), literal(null)], ["True", "None"]);
});

test("figures", () => {
  assert.equal(characters("a😀"), 2);
  assert.equal(estimatedSeconds("x".repeat(150), 2), 5);
  assert.equal(estimatedSeconds("<speak>123456789012345</speak>", 1, true), 1);
  const left = (number) => allowance(new Headers({ "x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": `${number}` }));
  assert.deepEqual([left(499), left(101), left(0)], ["", "", "0 of 500 requests left in this minute"]);
  assert.equal(left(100), "100 of 500 requests left in this minute");
  assert.equal(allowance(new Headers()), "");
});

test("the shape of a sound", () => {
  assert.deepEqual(peaksOf(Float32Array.of(0, 0.5, -0.25, 0), 2), [1, 0.5]);
  assert.deepEqual(peaksOf(new Float32Array(4), 2), [0, 0]);
  assert.equal(outline([1, 0]).match(/M/g).length, 2);
});

test("findings in words", () => {
  const check = (verdict, reason = "") => ({ piece: 0, verdict, attempts: 1, reason });
  assert.deepEqual(heard([]), []);
  assert.deepEqual(heard([check("skipped")]), []);
  assert.match(heard([check("good"), check("repaired")])[0][1], /every word of 2 sentences/);
  assert.match(heard([check("good"), check("skipped")])[0][1], /in 1 of 2/);
  assert.deepEqual(heard([check("poor", "2 words are missing")]).map(([tone]) => tone), ["warn"]);
  const entry = { status: "failed", error: { message: "It died." }, fallback: { reason: "No." }, voice_name: "Ann", checks: [] };
  assert.deepEqual(findings(entry, "broken").map(([tone]) => tone), ["bad", "warn"]);
  assert.match(marksOf("perth"), /inaudible watermark/);
  assert.match(marksOf(null), /not known/);
  assert.deepEqual(verification({ made_here: true, conclusion: "Ours.", manifest: { state: "trusted" } }).map(([tone]) => tone), ["good", "good"]);
});

test("arrow keys walk from word to word", () => {
  assert.equal(wordBeside(3, -1, "ArrowRight"), 0);
  assert.equal(wordBeside(3, 2, "ArrowRight"), 2);
  assert.equal(wordBeside(3, 2, "ArrowLeft"), 1);
  assert.equal(wordBeside(3, -1, "ArrowLeft"), 0);
  assert.deepEqual(["Home", "End"].map((key) => wordBeside(3, 1, key)), [0, 2]);
  assert.equal(wordBeside(3, 1, "Tab"), null);
  assert.equal(wordBeside(0, -1, "End"), null);
});

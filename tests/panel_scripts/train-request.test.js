// What is chosen for a training: as the API wants it, and in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { calmly } from "../../src/voicewright/web/static/js/training/calmly.js";
import { fit, speaks } from "../../src/voicewright/web/static/js/training/fit.js";
import { againOf, estimateOf, missing, startOf } from "../../src/voicewright/web/static/js/training/request.js";
import { cautions, inMinutes, memory, needs, quality, speech, starts } from "../../src/voicewright/web/static/js/training/words.js";

const CHOICE = { from: { dataset: "readings" }, engines: ["builtin"], method: "auto", options: {} };

test("one engine is named by itself, several together with the options of each", () => {
  assert.deepEqual(startOf(CHOICE), { datasetName: "readings", method: "auto", provider: "builtin", options: {} });
  const more = { ...CHOICE, engines: ["builtin", "xtts-v2"], threshold: 0, limit: 90, name: "Ann", options: { builtin: { seed: 1 }, "xtts-v2": {} } };
  assert.deepEqual(startOf(more), {
    datasetName: "readings", method: "auto", name: "Ann", providers: ["builtin", "xtts-v2"],
    options: { qualityThreshold: 0, maxTrainingTimeMs: 5_400_000, engine: { builtin: { seed: 1 } } },
  });
  assert.deepEqual(estimateOf(more, "builtin").options, { qualityThreshold: 0, maxTrainingTimeMs: 5_400_000, engine: { seed: 1 } });
  assert.equal(estimateOf(more, "xtts-v2").provider, "xtts-v2");
});

test("when it starts, from single recordings", () => {
  const night = { ...CHOICE, from: { samples: ["a", "b"] }, when: "off-peak", startAfter: "2026-01-01T10:00", priority: 80 };
  assert.deepEqual(startOf(night), { voiceSampleIds: ["a", "b"], method: "auto", schedule: "off-peak", priority: 80, provider: "builtin", options: {} });
  assert.match(startOf({ ...night, when: "later" }).startAfter, /^20\d\d-.*Z$/);
  assert.equal(startOf({ ...night, when: "now" }).startAfter, undefined);
});

test("the same again says only with what", () => {
  const again = { ...CHOICE, from: { again: { jobId: "7", samples: ["a"], name: "Ann", language: "de" } }, name: "other", options: { tone: { epochs: 2 } } };
  assert.deepEqual(againOf(again, "tone"), { provider: "tone", method: "auto", options: { engine: { epochs: 2 } } });
  assert.deepEqual(estimateOf(again, "tone").name, "Ann");
  assert.equal(estimateOf(again, "tone").language, "de");
});

test("nothing is asked before there is something to ask", () => {
  assert.equal(missing(CHOICE), null);
  assert.match(missing({ ...CHOICE, engines: [] }), /an engine/);
  assert.match(missing({ ...CHOICE, from: { samples: [] } }), /what to learn from/);
});

test("a training that may not start before some moment waits for the choice of that moment", () => {
  assert.match(missing({ ...CHOICE, when: "later" }), /when it may start/);
  assert.equal(missing({ ...CHOICE, when: "later", startAfter: "2026-01-01T10:00" }), null);
  assert.equal(missing({ ...CHOICE, when: "now" }), null);
});

const ENGINE = { minimumS: 5, trainMinimumS: 60, clones: true, trains: true, idealS: 600, languages: ["en-us", "de"] };

test("a card says whether there is speech enough", () => {
  const told = (speechS, language = "en-us") => fit({ speechS, language }, ENGINE);
  const cloned = fit({ speechS: 40, language: "en" }, { ...ENGINE, trains: false });
  assert.match(cloned.text, /^Enough\. With .* more the voice would be better\.$/);
  assert.deepEqual(told(3), { tone: "bad", text: "Too short: there are 3.0 s of speech, and it needs 5.0 s." });
  assert.match(told(30).text, /Enough to clone\. To train, it needs 30 s more/);
  assert.match(told(120).text, /8:00 min more/);
  assert.equal(told(700).tone, "good");
  assert.equal(told(700, "fr").text, "It does not speak French.");
  assert.equal(told(700, "fr_CA").text, "It does not speak Canadian French.");
  assert.equal(told(700, "?").text, "It does not speak ?.");
  assert.equal(speaks(["de"], "de_AT"), true);
  assert.equal(speaks(["en-us"], "en"), true);
});

test("memory and limits are told as people say them", () => {
  assert.deepEqual([700, 2048].map(memory), ["700 MB", "2.0 GB"]);
  assert.equal(inMinutes("It is stopped after 7200000 ms."), "It is stopped after 2:00 h.");
});

test("an estimate is told in words", () => {
  assert.match(starts({ time: { startAfter: null }, nodes: [] }), /there is none now/);
  assert.equal(starts({ time: { startAfter: null }, nodes: [{ name: "a" }, { name: "b" }] }), "as soon as a or b is free");
  assert.equal(starts({ time: { startAfter: "2026-01-01T10:00:00Z" }, nodes: [] }, () => "then"), "then, once a worker can run it");
  assert.equal(quality({ predicted: 0.5, threshold: 0.7 }), "about 0.50, under the threshold of 0.70");
  assert.equal(speech({ samples: 3, rejected: 1, speechSeconds: 60, withoutTranscript: 1 }), "1:00 min of speech in 2 recordings, 1 left out, 1 without transcript");
  assert.equal(needs({ memoryMb: 2048, gpuMemoryMb: 4096 }), "2.0 GB, and 4.0 GB on a GPU");
  assert.deepEqual(cautions({
    warnings: ["w"], refusals: [{ code: "TOO_LITTLE_SPEECH", error: "Add more." }, { code: "CONSENT_REQUIRED", error: "POST /consents" }],
    quality: { improvements: [{ action: "More.", gain: 0.1 }] },
  }).map(({ tone, text }) => `${tone} ${text}`), ["bad Add more.", "bad The speaker's consent is missing: see below.", "warn w", "quiet More. (+0.10)"]);
});

test("what is asked for many times in a moment is done once, and once more at the end", () => {
  const done = [];
  const waits = [];
  const ask = calmly(() => done.push(1), 10, (next) => waits.push(next));
  ask();
  ask();
  ask();
  assert.equal(done.length, 1);
  waits.shift()();
  assert.equal(done.length, 2);
  waits.shift()();
  assert.equal(done.length, 2);
  ask();
  assert.equal(done.length, 3);
});

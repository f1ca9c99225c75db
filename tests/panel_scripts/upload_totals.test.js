// The figures of an upload, what an answer means for it, and whose consent stands.
import assert from "node:assert/strict";
import { test } from "node:test";
import { statementOf, standing } from "../../src/voicewright/web/static/js/upload/consent.js";
import { sorted } from "../../src/voicewright/web/static/js/upload/choosing.js";
import { failure, findDataset, known, plainReason } from "../../src/voicewright/web/static/js/upload/sending.js";
import { needsLook, told } from "../../src/voicewright/web/static/js/upload/rows.js";
import { Pace, speechWith, totals } from "../../src/voicewright/web/static/js/upload/totals.js";

const sample = (verdict, speech_seconds = 5) => ({ verdict, speech_seconds, reasons: [], notes: [] });
const done = (...samples) => ({ size: 100, state: "done", result: { outcome: "sent", samples, refused: [], notes: [] } });

test("files, bytes, speech and the good share are summed, an archive counts all that is in it", () => {
  const sum = totals([
    done(sample("good"), sample("good"), sample("usable")), done(sample("rejected", 0)),
    { size: 100, state: "failed", error: new Error() }, { size: 100, state: "sending", progress: 0.5 }, { size: 100, state: "waiting" },
  ]);
  assert.deepEqual([sum.files, sum.done, sum.failed, sum.recordings], [5, 2, 1, 4]);
  assert.deepEqual([sum.sentBytes, sum.bytes, sum.share], [350, 500, 0.7]);
  assert.deepEqual([sum.speechS, sum.good, sum.usable, sum.rejected, sum.goodShare], [15, 2, 1, 1, 0.5]);
  assert.equal(sum.wordless, 3);
  assert.deepEqual([totals([]).share, totals([]).goodShare], [0, null]);
});

test("the speech of a dataset is what was there and what came, each once", () => {
  const there = new Map([["a", { speech_seconds: 4 }], ["b", { speech_seconds: 3 }]]);
  const came = done({ ...sample("good", 5), sha256: "b" }, { ...sample("good", 2), sha256: "c" });
  assert.equal(speechWith(there, [came, { state: "failed" }]), 11);
});

test("the time that is left follows from the last seconds", () => {
  const pace = new Pace();
  assert.equal(pace.secondsFor(100), null);
  pace.note(0, 0);
  pace.note(500, 5000);
  assert.equal(pace.secondsFor(1000), 10);
  pace.note(500, 30_000);
  pace.note(2500, 40_000);
  assert.equal(pace.secondsFor(1000), 5);
  pace.clear();
  assert.equal(pace.secondsFor(1), null);
});

test("an answer says whether to wait, to stop, or that this one file is wrong", () => {
  assert.equal(failure(0, null).kind, "away");
  assert.deepEqual([failure(503, { error: "away" }, "7").kind, failure(503, {}, "7").afterMs], ["away", 7000]);
  assert.equal(failure(401, { error: "x" }).kind, "halted");
  assert.equal(failure(507, { code: "STORAGE_FULL", error: "full" }).kind, "halted");
  assert.equal(failure(409, { code: "DATASET_MISMATCH", error: "another" }).kind, "halted");
  assert.equal(failure(500, { error: "a bug" }).kind, "failed");
  const refused = failure(422, { code: "SAMPLE_REFUSED", error: "x", fields: [{ field: "audio", message: "a.mp3: the content is not audio (NOT_AUDIO)" }] });
  assert.equal(refused.kind, "refused");
  assert.equal(plainReason(refused.message, "a.mp3"), "The content is not audio");
  assert.equal(plainReason("heavily distorted: lower the level", ""), "Heavily distorted: lower the level");
});

test("a dataset is found by any spelling, with all that is in it", async () => {
  const asked = [];
  const get = async (_, path) => {
    asked.push(path);
    if (path.startsWith("/datasets?")) return { datasets: [{ name: "My voice 2" }, { name: "My Voice" }] };
    return { total: 501, samples: [{ sha256: path.includes("offset=0") ? "a" : "b" }] };
  };
  assert.equal((await findDataset("my  voice", get)).name, "My Voice");
  assert.equal(await findDataset("voice", get), null);
  assert.deepEqual([...(await known("my voice", get)).keys()], ["a", "b"]);
  assert.equal((await known("other", get)).size, 0);
  assert.ok(asked.includes("/datasets/my%20voice?limit=500&offset=500"));
});

test("of the consents that stand for a voice the one that lasts longest is told", () => {
  const consent = (expires_at, stands_for = ["voice-cloning"]) => ({ scope: ["provider-upload", "voice-cloning"], expires_at, stands_for });
  const [short, long, open] = ["2026-02-01T00:00:00Z", "2026-02-01T01:00:00+02:00", null].map((end) => consent(end));
  assert.equal(standing([short]), short);
  assert.equal(standing([long, short]), short);
  assert.equal(standing([short, open, long]), open);
  assert.equal(standing([open, consent(null)]), open); // the newer one, as they come
  assert.equal(standing([consent(null, []), consent(null, ["provider-upload"])]), null);
  assert.equal(standing([]), null);
  assert.match(statementOf("Ann"), /^Ann agrees/);
});

test("hidden files are passed over, and every kind has its place", () => {
  const files = ["m/a.wav", "m/._a.wav", ".git/b.wav", "__MACOSX/a.wav", "m/metadata.csv", "m/a.txt", "all.ZIP", "x.tar.gz", "notes.pdf"].map((path) => ({ path, file: {} }));
  const kinds = sorted(files, new Set([".wav"]));
  const paths = Object.fromEntries(Object.entries(kinds).map(([kind, list]) => [kind, list.map((one) => one.path)]));
  assert.deepEqual(paths, { recordings: ["m/a.wav"], archives: ["all.ZIP", "x.tar.gz"], metadata: ["m/metadata.csv"], texts: ["m/a.txt"], others: ["notes.pdf"] });
});

test("each state has its word, and what is wrong needs a look", () => {
  assert.equal(told({ state: "waiting" }).label, "Waiting");
  assert.equal(told({ state: "sending", progress: 1 }).label, "Listening");
  assert.equal(told({ left: "It is empty.", state: "waiting" }).label, "Left out");
  assert.equal(told(done(sample("good"))).label, "good");
  assert.equal(told(done(sample("good"), sample("rejected"))).why, "1 good, 1 rejected.");
  assert.deepEqual([done(sample("good")), done(sample("rejected")), { state: "failed" }, { state: "waiting", left: "x" }].map(needsLook), [false, true, true, false]);
});

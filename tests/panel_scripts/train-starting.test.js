// The start of trainings: none twice, and none while another start is under way.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Gate, StartKey, oneByOne } from "../../src/voicewright/web/static/js/training/starting.js";
import { inOneSentence } from "../../src/voicewright/web/static/js/training/words.js";

test("what was started before a refusal is known, and nothing after it is asked for", async () => {
  const asked = [];
  const start = async (engine) => {
    asked.push(engine);
    if (engine === "heavy") throw new Error("The budget is used up.");
    return { jobId: `job of ${engine}` };
  };
  const { begun, refused } = await oneByOne(["tone", "heavy", "builtin"], start);
  assert.deepEqual(asked, ["tone", "heavy"]);
  assert.deepEqual([...begun], [["tone", { jobId: "job of tone" }]]);
  assert.equal(refused.engine, "heavy");
  assert.match(refused.error.message, /budget/);
  assert.equal((await oneByOne(["tone"], start)).refused, null);
});

test("the same asked for again has the same key until it is done", () => {
  const key = new StartKey();
  const first = key.for({ provider: "tone" });
  assert.match(first, /^[0-9a-f]{32}$/);
  assert.equal(key.for({ provider: "tone" }), first); // its answer was lost
  const other = key.for({ provider: "heavy" });
  assert.notEqual(other, first);
  key.done();
  assert.notEqual(key.for({ provider: "heavy" }), other);
});

test("an estimate that comes while a start is under way does not open it", () => {
  const gate = new Gate();
  assert.equal(gate.isOpen, false);
  gate.allow(true);
  assert.equal(gate.isOpen, true);
  gate.begin();
  gate.allow(true);
  assert.equal(gate.isOpen, false);
  gate.end();
  assert.equal(gate.isOpen, true);
});

test("a choice is told in one sentence", () => {
  const told = { canStart: true, estimatedCost: 0.04, estimatedTimeMs: 125_000, warnings: [], refusals: [], quality: { improvements: [] } };
  assert.equal(inOneSentence([{ title: "Hum", told }]), "Hum: $0.04, about 2:05 min.");
  assert.equal(inOneSentence([{ title: "Hum", told }, { title: "Heavy", told }]), "2 trainings, together $0.08.");
  const refusals = [{ code: "TOO_LITTLE_SPEECH", error: "There is too little speech." }];
  assert.equal(inOneSentence([{ title: "Hum", told }, { title: "Heavy", told: { ...told, canStart: false, refusals } }]), "Heavy can't start: There is too little speech.");
  assert.equal(inOneSentence([{ title: "Hum", error: new Error("no") }]), "Hum: it can't be told yet.");
});

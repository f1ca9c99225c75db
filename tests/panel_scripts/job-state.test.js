// What a page of a training makes of its events.
import assert from "node:assert/strict";
import { test } from "node:test";
import { after, chartsOf, figure, inWords, isTriedAgain, milestone, risesAgain, running, standing, timeLeft, withPoint } from "../../src/voicewright/web/static/js/training/job-state.js";

const STAGES = [{ name: "listening", title: "Listen", until: 11 }, { name: "training", title: "Train", until: 85 }, { name: "registering", title: "Register", until: 100 }];
const stands = (progress, status) => standing(STAGES, progress, status).map((stage) => stage.stands);

test("every stage is done, under way, or to come, and one is where it ended badly", () => {
  assert.deepEqual(stands(40, "running"), ["done", "running", "waits"]);
  assert.deepEqual(stands(11, "running"), ["done", "running", "waits"]);
  assert.deepEqual(stands(40, "failed"), ["done", "failed", "waits"]);
  assert.deepEqual(stands(40, "cancelled"), ["done", "stopped", "waits"]);
  assert.deepEqual(stands(0, "cancelled"), ["waits", "waits", "waits"]);
  assert.deepEqual(stands(0, "queued"), ["waits", "waits", "waits"]);
  assert.deepEqual(stands(99, "completed"), ["done", "done", "done"]);
});

test("the time that is left is that of the estimate at first, and then follows from the progress", () => {
  assert.equal(timeLeft(0, 1000, 60_000), 59_000);
  assert.equal(timeLeft(1, 70_000, 60_000), null);
  assert.equal(timeLeft(25, 60_000, 10_000), 180_000);
  assert.equal(timeLeft(100, 60_000, 10_000), null);
});

test("times are told as exactly as they are known", () => {
  assert.deepEqual([65_400, 7_420_000].map(running), ["1:05", "2:03:40"]);
});

test("events move what is known of a job", () => {
  const state = { status: "running", progress: 10, stage: "listening", curves: {}, stages: STAGES };
  const moved = after(state, { kind: "progress", message: "learning", data: { progress: 30, stage: "learning" } });
  assert.deepEqual([moved.progress, moved.stage], [30, "learning"]);
  assert.deepEqual(after(moved, { kind: "log", message: "x", data: {} }), moved);
  const done = after(moved, { kind: "status", message: "completed", data: {} });
  assert.deepEqual([done.status, done.progress], ["completed", 100]);
  const failed = after(moved, { kind: "status", message: "failed", data: {} });
  assert.deepEqual([failed.status, failed.progress], ["failed", 30]);
  const again = after(failed, { kind: "status", message: "queued", data: {} });
  assert.deepEqual([again.status, again.progress, again.stage], ["queued", 0, null]);
  const given = after(moved, { kind: "status", message: "queued", data: {} }); // its worker was stopped
  assert.deepEqual([given.status, given.progress], ["queued", 30]);
});

test("a part of the page that is older than the end of a job does not begin it again", () => {
  const ended = { status: "completed", after: 40 };
  assert.equal(isTriedAgain({ status: "running", after: 39 }, ended), false);
  assert.equal(isTriedAgain({ status: "completed", after: 40 }, ended), false);
  const failed = { status: "failed", after: 40 };
  assert.equal(isTriedAgain({ status: "queued", after: 41 }, failed), true);
  assert.equal(isTriedAgain({ status: "queued", after: 40 }, failed), true);
  assert.equal(isTriedAgain({ status: "cancelled", after: 41 }, failed), false);
});

test("a point of the next attempt takes the place of the earlier one", () => {
  let curves = {};
  for (const [step, value] of [[2, 0.5], [1, 0.9], [2, 0.4]]) curves = withPoint(curves, { name: "training_loss", step, value });
  assert.deepEqual(curves, { training_loss: [[1, 0.9], [2, 0.4]] });
});

test("losses are drawn together, scores together, and what a provider counted not at all", () => {
  const drawn = chartsOf({
    similarity: [[1, 0.6], [2, 0.7]], validation_loss: [[2, 0.6]], training_loss: [[1, 0.9], [2, 0.5]], pitch_hz: [[1, 150], [2, 160]], provider_credits: [[1, 5], [2, 6]],
  });
  assert.deepEqual(drawn.map(({ title }) => title), ["Loss", "Quality", "Pitch hz"]);
  assert.deepEqual(drawn[0].names, ["training_loss", "validation_loss"]);
  assert.deepEqual(drawn[0].data, [[1, 2], [0.9, 0.5], [null, 0.6]]);
  assert.equal(drawn[1].share, true);
  assert.deepEqual(chartsOf({}), []);
});

test("what has no two values is no curve", () => {
  assert.deepEqual(chartsOf({ quality: [[9, 0.7]], similarity: [[9, 0.8]], training_loss: [[1, 0.9], [2, null]] }), []);
  assert.deepEqual(chartsOf({ quality: [[9, 0.7]], similarity: [[1, 0.5], [9, 0.8]] })[0].names, ["quality", "similarity"]);
});

test("a curve rises again that ends above its lowest value", () => {
  assert.ok(risesAgain([[1, 0.9], [2, 0.5], [3, 0.6], [4, null]]));
  assert.ok(![[], [[1, 0.5]], [[1, null]], [[1, 0.9], [2, 0.5]], [[1, 0.5], [2, 0.5]]].some(risesAgain));
});

test("a curve is told in words", () => {
  assert.equal(inWords("training_loss", [[1, 0.9], [2, 0.41234], [3, 0.5]]), "Training loss: 0.5 at epoch 3, lowest 0.412 at epoch 2");
  assert.equal(inWords("similarity", [[1, 0.9], [2, 0.8]]), "Similarity: 0.8 at epoch 2, highest 0.9 at epoch 1");
  assert.equal(inWords("quality", [[0, null]]), "Quality: no value yet");
  assert.equal(figure(0.00001234), "1.2e-5");
});

test("a screen reader hears of steps, quarters and ends, and of nothing between", () => {
  const state = { status: "running", progress: 20, stages: STAGES };
  const told = (progress, status = "running") => milestone(state, { ...state, progress, status });
  assert.equal(told(21), null);
  assert.equal(told(26), "25 % done.");
  assert.equal(told(86), "Now: Register.");
  assert.match(told(20, "failed"), /has failed/);
  assert.match(told(100, "completed"), /is ready/);
  assert.equal(milestone({ ...state, status: "queued" }, { ...state, status: "queued", progress: 30 }), null);
});

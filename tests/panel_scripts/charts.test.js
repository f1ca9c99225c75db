// What a chart shows of few values and of whole steps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { axisWidth, isSparse, WHOLE_STEPS } from "../../src/voicewright/web/static/js/charts.js";

test("one or two values are points, however many places there are; more are a line", () => {
  assert.deepEqual([[], [0.5], [null, 0.5, null, 0.4], [undefined, 0]].map(isSparse), [true, true, true, true]);
  assert.equal(isSparse([0.5, null, 0.4, 0.3]), false);
});

test("there is nothing between one epoch and the next", () => {
  assert.deepEqual(WHOLE_STEPS.slice(0, 7), [1, 2, 5, 10, 20, 50, 100]);
  assert.ok(WHOLE_STEPS.every(Number.isSafeInteger));
});

test("the longest label of an axis has room, and short ones leave the chart where it is", () => {
  assert.deepEqual([null, [], ["0", "1.5"]].map(axisWidth), [56, 56, 56]);
  assert.ok(axisWidth(["$0", "$0.0015"]) > axisWidth(["$0", "$0.001"]));
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { dataOf, day, money, topOf } from "../../src/voicewright/web/static/js/admin-charts.js";

const bars = { x: [3, 4], series: [{ values: [1, 2] }, { values: [0, null] }], bars: true };

test("bars have an empty place at each end, so that none is cut in half", () => {
  assert.deepEqual(dataOf(bars), [[2, 3, 4, 5], [null, 1, 2, null], [null, 0, null, null]]);
  assert.deepEqual(dataOf({ ...bars, x: [3], series: [{ values: [1] }] }), [[2, 3, 4], [null, 1, null]]);
});

test("lines begin and end where their values do", () => {
  assert.deepEqual(dataOf({ ...bars, bars: false }), [[3, 4], [1, 2], [0, null]]);
  assert.deepEqual(dataOf({ x: [], series: [{ values: [] }], bars: true }), [[], []]);
});

test("the axis ends above the largest value, and never at nothing", () => {
  assert.equal(topOf({ ...bars, top: null }), 2 * 1.08);
  assert.equal(topOf({ series: [{ values: [0, 0] }], top: null }), 1);
  assert.equal(topOf({ ...bars, top: 1 }), 1);
});

test("days are the same in every time zone", () => {
  assert.equal(day(0), "1 Jan");
  assert.equal(day(20_779), "22 Nov");
});

test("money has as many figures as it needs", () => {
  assert.deepEqual([0, 0.00005, 0.0005, 0.005, 0.015, 0.04, 2.5, 1204.5].map(money), [
    "$0", "$0.00005", "$0.0005", "$0.0050", "$0.015", "$0.04", "$2.50", "$1,204.5",
  ]);
});

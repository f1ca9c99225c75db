// Figures are written by scripts as they are by the pages: one table holds both to it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as figures from "../../src/voicewright/web/static/js/figures.js";

const TABLE = JSON.parse(readFileSync(new URL("../figures.json", import.meta.url), "utf8"));

for (const [kind, examples] of Object.entries(TABLE)) {
  test(`${kind} as the pages write it`, () => {
    for (const [figure, written] of examples) assert.equal(figures[kind](figure), written);
  });
}

test("a forecast is told roughly", () => {
  assert.deepEqual([20, 60, 250, 3599, 3700, 7300, 4900, 7190].map(figures.roughly), [
    "less than a minute", "about a minute", "about 4 minutes", "about 1 hour", "about 1 hour", "about 2 hours", "about 1 hour 20 minutes", "about 2 hours",
  ]);
});

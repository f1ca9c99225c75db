// Whether a row of the list of jobs can be moved in its place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { onlyMoved } from "../../src/voicewright/web/static/js/training/jobs-page.js";

test("only the bar of a job that runs, and ran, is moved; anything else asks for the rows again", () => {
  const row = (status) => ({ dataset: { status } });
  assert.ok(onlyMoved(row("running"), { status: "running" }));
  assert.ok(!onlyMoved(row("queued"), { status: "running" }));
  assert.ok(!onlyMoved(row("running"), { status: "completed" }));
  assert.ok(!onlyMoved(row("queued"), { status: "queued" }));
  assert.ok(!onlyMoved(null, { status: "running" }));
});

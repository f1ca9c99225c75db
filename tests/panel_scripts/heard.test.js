import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "../../src/voicewright/web/static/js/training/heard.js";

test("what is new comes to its place, and what is there stays", () => {
  assert.deepEqual(changes(["epoch-1"], ["epoch-1"]), { gone: [], added: [] });
  assert.deepEqual(changes(["none"], ["epoch-1"]), { gone: ["none"], added: [{ key: "epoch-1", before: null }] });
  assert.deepEqual(changes(["epoch-1", "epoch-8"], ["epoch-1", "epoch-2", "epoch-4", "epoch-8", "judged"]), {
    gone: [],
    added: [
      { key: "epoch-2", before: "epoch-8" },
      { key: "epoch-4", before: "epoch-8" },
      { key: "judged", before: null },
    ],
  });
});

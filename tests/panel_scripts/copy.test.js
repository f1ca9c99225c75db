// Copying where there is a clipboard, and where a page may not write to it.
import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { copy, keys } from "../../src/voicewright/web/static/js/copy.js";

afterEach(() => {
  delete globalThis.document;
  delete globalThis.getSelection;
});

test("the text of an element and the value of a field are copied", async () => {
  const written = [];
  const clipboard = { writeText: async (text) => written.push(text) };
  assert.equal(await copy({ textContent: "curl" }, clipboard), true);
  assert.equal(await copy({ value: "a link", textContent: "" }, clipboard), true);
  assert.deepEqual(written, ["curl", "a link"]);
});

test("without a clipboard it is selected, and the old way tried", async () => {
  const selected = [];
  globalThis.document = { execCommand: (what) => what === "copy" && selected.length > 1 };
  globalThis.getSelection = () => ({ selectAllChildren: (source) => selected.push(source) });
  const code = { textContent: "curl" };
  assert.equal(await copy(code, undefined), false);
  const refused = { writeText: () => Promise.reject(new Error("not allowed")) };
  assert.equal(await copy({ value: "x", select: () => selected.push("field") }, refused), true);
  assert.deepEqual(selected, [code, "field"]);
});

test("the keys are those of the system", () => {
  assert.deepEqual(["MacIntel", "iPhone", "Linux x86_64", "Win32"].map(keys), ["⌘C", "⌘C", "Ctrl+C", "Ctrl+C"]);
});

// What stays as it was where a part of a page is swapped.
import assert from "node:assert/strict";
import { test } from "node:test";
import { restore, seen } from "../../src/voicewright/web/static/js/swaps.js";

const element = (more = {}) => ({
  attributes: {}, focused: false, parentElement: null, matches: () => false, querySelectorAll: () => [], querySelector: () => null,
  contains: () => false, setAttribute(name, value) { this.attributes[name] = value; }, focus() { this.focused = true; }, ...more,
});
const page = (elements, activeElement) => ({ body: "body", activeElement, getElementById: (id) => elements[id] ?? null });

test("details that were open are opened again, where they are still there", () => {
  const options = element({ id: "options", matches: () => true });
  const part = element({ querySelectorAll: () => [options, element({ id: "gone", matches: () => true })] });
  const was = seen(part, { activeElement: null });
  assert.deepEqual(was, { open: ["options", "gone"], hadFocus: false });
  const fresh = element();
  restore({ ...was, id: "", around: null }, page({ options: fresh }, "body"));
  assert.deepEqual(fresh.attributes, { open: "" });
});

test("where the row went that had the focus, the nearest heading has it", () => {
  const heading = element();
  const main = element({ querySelector: () => heading });
  const list = element({ parentElement: main, contains: () => true });
  const was = { ...seen(list, { activeElement: element() }), id: "jobs", around: main };
  restore(was, page({ jobs: list }, "body"));
  assert.equal(heading.focused, true);
  assert.deepEqual(heading.attributes, { tabindex: "-1" });
});

test("the focus stays where it is, or has come back to", () => {
  const main = element({ querySelector: () => assert.fail("nothing is looked for") });
  for (const hadFocus of [true, false]) restore({ open: [], hadFocus, id: "", around: main }, page({}, element()));
  restore({ open: [], hadFocus: false, id: "", around: main }, page({}, "body"));
});

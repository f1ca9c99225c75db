// How a form becomes the body of a call.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf } from "../../src/voicewright/web/static/js/actions.js";

const field = (name, value, more = {}) => ({
  name, value, type: "text", dataset: {}, disabled: false, checked: false,
  hasAttribute: (attribute) => attribute === "value" && more.valued === true, ...more,
});
const form = (...elements) => ({ elements });

test("numbers, ticks and fields inside others are what they are", () => {
  const body = bodyOf(form(
    field("name", "Ann"), field("options.epochs", "12", { type: "number" }),
    field("options.fast", "", { type: "checkbox", checked: true }),
    field("scopes", "speech", { type: "checkbox", valued: true, checked: true }),
    field("scopes", "admin", { type: "checkbox", valued: true }),
  ));
  assert.deepEqual(body, { name: "Ann", options: { epochs: 12, fast: true }, scopes: ["speech"] });
});

test("what is left empty is not sent, unless the form says what that means", () => {
  const body = bodyOf(form(
    field("left", ""), field("none", "", { dataset: { empty: "null" } }), field("text", "", { dataset: { empty: "text" } }),
    field("number", "", { type: "number" }), field("off", "x", { disabled: true }),
    field("pick", "a", { type: "radio" }), field("pick", "b", { type: "radio", checked: true }),
  ));
  assert.deepEqual(body, { none: null, text: "", pick: "b" });
});

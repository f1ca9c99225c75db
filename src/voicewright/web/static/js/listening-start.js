// The form for a new blind test.
import { ApiError, call, url } from "./api.js";
import { leaveFor, unlessBusy } from "./busy.js";

const RECORDING = ":recording";
const form = globalThis.document?.querySelector("#start-form");

/** What is sent: who is compared, and what they say. */
export function requestOf(values) {
  const sides = values.sides.filter(Boolean).map((value) => (value.endsWith(RECORDING) ? { modelId: value.slice(0, -RECORDING.length), recording: true } : { modelId: value }));
  const lines = values.sentences.split("\n").map((line) => line.trim()).filter(Boolean);
  if (values.said === "own" && !hasRecordings(values.sides)) return { sides, sentences: lines };
  return { sides, count: Number(values.count) || 8 };
}

/** Whether the real recordings of somebody are among those who are compared. */
export function hasRecordings(sides) {
  return sides.some((value) => value.endsWith(RECORDING));
}

function valuesOf() {
  const fields = form.elements;
  return {
    sides: [...form.querySelectorAll('[name^="side-"]')].map((field) => field.value),
    said: fields.said.value,
    count: fields.count.value,
    sentences: fields.sentences.value,
  };
}

function show() {
  const { said, sides } = valuesOf();
  const real = hasRecordings(sides);
  form.querySelector("[data-real]").hidden = !real;
  form.querySelector("[data-usual]").hidden = said === "own" && !real;
  form.querySelector("[data-own]").hidden = said !== "own" || real;
  form.elements.sentences.required = said === "own" && !real;
  for (const choice of form.querySelectorAll('[name="said"]')) choice.disabled = real;
}

async function start() {
  const fault = form.querySelector("#start-fault");
  fault.hidden = true;
  try {
    const test = await call("POST", "/listening-tests", { json: requestOf(valuesOf()) });
    await leaveFor(url(`/panel/listening/${test.id}`));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    fault.textContent = error.fields[0]?.message ?? error.message;
    fault.hidden = false;
  }
}

if (form) {
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    unlessBusy(form.querySelector("button"), start);
  });
  show();
}

// One voice: its charts, sharing, and what the export has in it.
import { ApiError, call } from "./api.js";
import { isBusy, whileBusy } from "./busy.js";
import { note, noteAfterLoad } from "./notes.js";
import { installSamples } from "./voice-sample.js";

const OVERALL = { name: "Overall", color: 1 };
const PARTS = [["Similarity", "similarity", 2], ["Naturalness", "naturalness", 3], ["Clarity", "clarity", 4], ["Consistency", "consistency", 5]];
const asSentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
const twoFigures = (value) => value.toFixed(2);

/** Draw what the page has the figures of; the module for charts is loaded only then. */
async function draw() {
  const places = document.querySelectorAll("[data-chart]");
  if (!places.length) return;
  const { chart } = await import("./charts.js");
  for (const place of places) {
    const values = JSON.parse(place.dataset.values);
    if (place.dataset.chart === "versions") {
      const parts = PARTS.filter(([, key]) => values[key].some((value) => value !== null));
      const series = [OVERALL, ...parts.map(([name, , color]) => ({ name, color }))].map((one) => ({ ...one, format: twoFigures }));
      const whole = (value) => (Number.isInteger(value) ? `v${value}` : "");
      chart(place, series, { xName: "Version", xFormat: whole, range: [0, 1] }).set([values.versions, values.overall, ...parts.map(([, key]) => values[key])]);
    } else {
      const whole = (value) => (Number.isInteger(value) ? String(value) : "");
      const day = (seconds) => new Date(seconds * 1000).toLocaleDateString(undefined, { day: "numeric", month: "short", timeZone: "UTC" });
      chart(place, [{ name: "Spoken", color: 1, format: whole }, { name: "Failed", color: 2, format: whole }], { xName: "Day", xFormat: day, bars: true, range: [0, null], height: 180 }).set([values.days, values.spoken, values.failed]);
    }
  }
}

document.querySelector("#share-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  if (isBusy(button)) return;
  try {
    const target = form.elements.target.value.trim();
    const account = target.includes("@") ? { email: target } : { targetUserIds: [target] };
    const body = { ...account, permissions: form.elements.permissions.value };
    await whileBusy(button, () => call("POST", `/voice-models/${form.dataset.share}/share`, { json: body }));
    noteAfterLoad("Shared.");
    location.reload();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const told = form.querySelector(".field-error") ?? document.createElement("p");
    told.className = "field-error";
    told.id = "e-target";
    told.setAttribute("role", "alert");
    const isNeither = error.fields.length && error.code === "VALIDATION_FAILED";
    told.textContent = isNeither ? "That is neither an e-mail address nor an account id." : asSentence(error.fields[0]?.message ?? error.message);
    form.elements.target.setAttribute("aria-invalid", "true");
    form.elements.target.setAttribute("aria-errormessage", told.id);
    form.elements.target.closest(".field").append(told);
    form.elements.target.focus();
  }
});

document.querySelector("[data-recordings]")?.addEventListener("change", (event) => {
  const link = document.querySelector("[data-export]");
  link.href = link.href.replace(/recordings=\w+/, `recordings=${event.target.checked}`);
});
document.querySelector("[data-export]")?.addEventListener("click", () => note("The export is made and downloaded now."));

installSamples(document);
draw();

// Sends an exported voice and says how far that is.
import { url } from "./api.js";
import { leaveFor, unlessBusy } from "./busy.js";
import { noteAfterLoad } from "./notes.js";
import { post } from "./sent-file.js";

const form = document.querySelector("#import-form");
const progress = document.querySelector("#import-progress");
const fault = document.querySelector("#import-fault");

/** The voice that an exported file became. */
async function imported(path, file, progressed) {
  const { status, body } = await post(path, file, { headers: { "Content-Type": "application/octet-stream" }, progressed });
  if (status === 0) throw new Error("The service did not answer. Is it running? Try again in a moment.");
  if (status >= 300) throw new Error(body?.error ?? "It could not be imported.");
  return body;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  unlessBusy(form.querySelector("button"), send);
});

async function send() {
  const told = progress.querySelector("[data-told]");
  const bar = progress.querySelector("progress");
  const wanted = new URLSearchParams();
  for (const name of ["name", "speaker"]) {
    const value = form.elements[name].value.trim();
    if (value) wanted.set(name, value);
  }
  fault.hidden = true;
  progress.hidden = false;
  try {
    const voice = await imported(`/voice-models/import?${wanted}`, form.elements.archive.files[0], (share) => {
      bar.value = share * 100;
      told.textContent = share < 1 ? `${Math.round(share * 100)} % sent` : "It is checked and entered…";
      if (share === 1) bar.removeAttribute("value");
    });
    noteAfterLoad(`${voice.name} is imported.`);
    await leaveFor(url(`/panel/voices/${voice.id}`));
  } catch (error) {
    fault.textContent = error.message;
    fault.hidden = false;
    progress.hidden = true;
  }
}

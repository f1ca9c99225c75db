// Several voices side by side say the same sentence, one after the other.
import { ApiError } from "./api.js";
import { unlessBusy } from "./busy.js";
import { note } from "./notes.js";
import { installSamples, playerOf, say } from "./voice-sample.js";

const form = document.querySelector("#same-form");

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  unlessBusy(form.querySelector("button"), sayAll);
});

async function sayAll() {
  const ids = form.dataset.voices.split(",");
  const rows = [...document.querySelectorAll("[data-spoken] > li")];
  const told = form.querySelector("[data-told]");
  try {
    for (const [place, id] of ids.entries()) {
      told.textContent = `${place + 1} of ${ids.length}: ${rows[place].dataset.label} speaks…`;
      const made = await say(id, form.elements.sentence.value, { fallback: false, choose: "named" });
      const words = document.createElement("p");
      words.className = "fine";
      words.textContent = `First sound after ${(made.latency_ms / 1000).toFixed(2)} s, ${made.duration.toFixed(1)} s long`;
      rows[place].querySelector("[data-player]").replaceChildren(playerOf(made.src, rows[place].dataset.label), words);
      rows[place].hidden = false;
    }
    told.textContent = "All have said it.";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    told.textContent = "";
    note(error.message, "bad");
  }
}

installSamples(document);

// "Hear a sentence": a voice that has said nothing yet says something, once; the history has it from then on.
//
//   <div data-first-words><button data-speak="id" data-text="..." data-label="Ann">...</button></div>
import { ApiError, call, url } from "./api.js";
import { isBusy, whileBusy } from "./busy.js";
import { note } from "./notes.js";

/** Have a voice say something; resolves to the synthesis, with a sound that can be heard at `src`. */
export async function say(modelId, text, options = {}) {
  const { synthesis } = await call("POST", "/api/voice/synthesize", { json: { model_id: modelId, text, output_format: "mp3", ...options } });
  return { ...synthesis, src: synthesis.audio_url ? url(synthesis.audio_url) : blobAddress(synthesis.audio) };
}

/** A player of one sound. */
export function playerOf(src, label) {
  const player = document.createElement("audio-player");
  player.setAttribute("src", src);
  player.setAttribute("label", label);
  return player;
}

/** Make the buttons work, those of today and those that come. */
export function installSamples(document) {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-speak]");
    if (!button || isBusy(button)) return;
    const words = button.querySelector("span");
    const before = words.textContent;
    words.textContent = "It speaks…";
    try {
      const { src } = await whileBusy(button, () => say(button.dataset.speak, button.dataset.text));
      const player = playerOf(src, button.dataset.label);
      button.closest("[data-first-words]").replaceWith(player);
      player.button.focus();
      player.toggle();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      note(error.message, "bad");
      words.textContent = before;
    }
  });
}

/** Of somebody who wants nothing kept, the answer has the file itself. */
function blobAddress(base64) {
  const bytes = Uint8Array.from(atob(base64 ?? ""), (character) => character.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "audio/mpeg" }));
}

// Which voice speaks, in which language and manner, and the same as a program asks for it.
import { base } from "../api.js";
import { speechBody } from "../speech-figures.js";
import { curlOf, pythonOf } from "../speech-snippets.js";
import { $, form } from "./elements.js";

const FORMAT = "voicewright.speech-format";

/** Show what belongs to the voice and the manner that are chosen, whenever they change. */
export function watchChoice(languages) {
  const format = localStorage.getItem(FORMAT);
  if (format && [...$("f-format").options].some((one) => one.value === format)) $("f-format").value = format;
  $("speed").value = Math.log2(Number($("speed").dataset.value) || 1);
  watchVoice(languages);
  watchManner();
}

export function speed() {
  return Math.round(2 ** Number($("speed").value) * 100) / 100;
}

function voice() {
  return $("voice").selectedOptions[0] ?? null;
}

/** All that is chosen, as the API wants it. */
export function wanted() {
  const chosen = voice();
  return speechBody({
    text: $("text").value,
    voice: chosen?.value,
    language: $("language").value,
    ownLanguage: chosen?.dataset.languages.split(" ")[0],
    speed: speed(),
    pitch: chosen?.dataset.pitch ? Number($("pitch").value) : 0,
    seed: Number($("seed").value) || 0,
    normalise: $("normalise").checked,
    ssml: $("ssml").checked,
    format: $("f-format").value,
  });
}

/** @param {[string, string][]} languages codes with their titles */
function watchVoice(languages) {
  const show = () => {
    const chosen = voice();
    if (!chosen) return;
    const { engine, version, pitch, score, fault } = chosen.dataset;
    const codes = chosen.dataset.languages.split(" ");
    const before = $("language").value;
    const spoken = languages.filter(([code]) => codes.includes(code));
    $("language").replaceChildren(...spoken.map(([code, title]) => new Option(title, code)));
    $("language").value = codes.includes(before) ? before : codes[0];
    $("voice-about").textContent = [`Version ${version}`, engine, score && `quality ${score}`].filter(Boolean).join(" · ");
    $("voice-fault").textContent = fault;
    $("voice-fault").hidden = !fault;
    $("pitch-field").hidden = !pitch;
  };
  $("voice").addEventListener("change", show);
  $("voice-search")?.addEventListener("input", () => {
    search($("voice"), $("voice-search").value);
    show();
  });
  show();
}

/** Leave the options that have all words in their name or engine; the chosen one changes where it is gone. */
function search(select, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const option of select.options) {
    const about = `${option.dataset.name} ${option.dataset.engine}`.toLowerCase();
    option.hidden = !words.every((word) => about.includes(word));
    option.disabled = option.hidden;
  }
  if (select.selectedOptions[0]?.disabled) select.selectedIndex = [...select.options].findIndex((one) => !one.disabled);
}

function watchManner() {
  const show = () => {
    const now = speed();
    $("speed-told").textContent = `${now}×`;
    $("speed").setAttribute("aria-valuetext", `${now} times`);
    for (const button of form.querySelectorAll("[data-speed]")) button.setAttribute("aria-pressed", Number(button.dataset.speed) === now);
    const pitch = Number($("pitch").value);
    $("pitch-told").textContent = pitch > 0 ? `+${pitch}` : `${pitch}`;
  };
  form.addEventListener("input", show);
  form.addEventListener("input", snippets);
  form.addEventListener("change", snippets);
  for (const button of form.querySelectorAll("[data-speed]")) {
    button.addEventListener("click", () => {
      $("speed").value = Math.log2(Number(button.dataset.speed));
      $("speed").dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
  $("another").addEventListener("click", () => {
    $("seed").value = crypto.getRandomValues(new Uint32Array(1))[0] % 10_000;
    snippets();
  });
  $("f-format").addEventListener("change", () => localStorage.setItem(FORMAT, $("f-format").value));
  $("snippets").addEventListener("toggle", snippets);
  show();
}

function snippets() {
  if (!$("snippets").open) return;
  const api = `${location.origin}${base()}/v1`;
  $("curl").textContent = curlOf(`${api}/audio/speech`, wanted());
  $("python").textContent = pythonOf(api, wanted());
}

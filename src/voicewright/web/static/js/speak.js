// The page that speaks a text.
import { ApiError, call, url } from "./api.js";
import { isBusy, leaveFor, whileBusy } from "./busy.js";
import { note } from "./notes.js";
import { $, fault, form } from "./speak/elements.js";
import { wanted, watchChoice } from "./speak/choice.js";
import { finished, learn, show, watchResult } from "./speak/result.js";
import { forgetDraft, watchText } from "./speak/text.js";
import { allowance, characters } from "./speech-figures.js";
import "./speech-player.js";

if (form) start();

function start() {
  const player = form.querySelector("speech-player");
  const languages = JSON.parse(form.dataset.languageTitles);
  const limits = { most: Number(form.dataset.most), mostLong: Number(form.dataset.mostLong) };
  watchChoice(languages);
  watchText(limits);
  const result = watchResult(player, languages);
  player.addEventListener("answered", ({ detail }) => {
    $("allowance").textContent = allowance(detail);
  });
  watchKeys(player);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    speak(result, limits);
  });
  $("stop").addEventListener("click", () => player.stop());
}

function watchKeys(player) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Escape" && !document.querySelector("dialog[open], details.menu[open]")) player.stop();
  });
}

async function speak(result, { most, mostLong }) {
  if (isBusy($("go"))) return;
  fault("");
  const text = $("text").value;
  if (!text.trim()) {
    fault("There is nothing to say yet. Write something first.");
    $("text").focus();
    return;
  }
  if (characters(text) > mostLong) {
    fault(`The text is too long: ${mostLong.toLocaleString("en")} characters are the most. Divide it into chapters.`);
    return;
  }
  if (characters(text) > most) await speakLong();
  else await speakNow(result, text);
}

async function speakLong() {
  const { input: text, response_format: output_format, voice: model_id, language, speed, pitch, seed, normalise, ssml } = wanted();
  const json = { text, output_format, model_id, language, speed, pitch, seed, normalise, ssml, title: $("f-title").value, paragraphs: $("paragraphs").checked };
  await whileBusy($("go"), async () => {
    try {
      const made = await call("POST", "/api/voice/long", { json });
      forgetDraft();
      await leaveFor(url(`/panel/speak/long/${made.id}`));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fault(error.message);
    }
  });
}

async function speakNow(result, text) {
  const request = wanted();
  const run = { text, isSsml: $("ssml").checked, id: null };
  show(result, run);
  try {
    const { id, outcome } = await result.player.speak(request);
    if (result.run !== run) return;
    run.id = id;
    finished(outcome);
    if (id) await tellMore(result, run, outcome);
  } catch (error) {
    if (result.run !== run) return;
    if (!(error instanceof ApiError)) throw error;
    $("result").hidden = true;
    fault(error.message);
  }
}

/** What the history knows. It comes on top: without it the speech is there all the same. */
async function tellMore(result, run, outcome) {
  try {
    await learn(result, run, outcome);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (result.run === run) note(`What else is known of this speech can't be shown now: ${error.message}`, "bad");
  }
}

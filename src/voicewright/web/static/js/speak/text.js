// The text that is to be spoken: typed, dropped or opened, with or without SSML.
import { duration } from "../figures.js";
import { note } from "../notes.js";
import { characters, estimatedSeconds } from "../speech-figures.js";
import { hasFiles } from "../upload/choosing.js";
import { speed } from "./choice.js";
import { $, form } from "./elements.js";

const DRAFT = "voicewright.draft";
const LARGEST_FILE = 4 << 20;

/**
 * Keep a draft of the text, take files and SSML, and say how long it is.
 * @param {{most: number, mostLong: number}} limits characters that are spoken at once, and in the background
 */
export function watchText(limits) {
  const text = $("text");
  if (!text.value) text.value = sessionStorage.getItem(DRAFT) ?? "";
  text.addEventListener("input", () => sessionStorage.setItem(DRAFT, text.value));
  form.addEventListener("input", () => count(limits)); // the speed counts, too
  $("ssml").addEventListener("change", () => {
    $("ssml-help").hidden = !$("ssml").checked;
    $("ssml-help").open = $("ssml").checked;
    if ($("ssml").checked && text.value && !/^\s*</.test(text.value)) replace(`<speak>${escaped(text.value)}</speak>`);
    count(limits);
  });
  for (const button of form.querySelectorAll("[data-tag]")) button.addEventListener("click", () => wrap(button.dataset.tag));
  $("file").addEventListener("change", () => open(limits, $("file").files[0]));
  const composer = form.querySelector(".composer");
  composer.addEventListener("dragover", (event) => {
    if (!hasFiles(event.dataTransfer)) return;
    event.preventDefault();
    composer.classList.add("dropping");
  });
  composer.addEventListener("dragleave", () => composer.classList.remove("dropping"));
  composer.addEventListener("drop", (event) => {
    composer.classList.remove("dropping");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    open(limits, event.dataTransfer.files[0]);
  });
  count(limits);
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function replace(value) {
  $("text").value = value;
  $("text").dispatchEvent(new Event("input", { bubbles: true }));
}

/** Put the marked words into a tag; `|` stands for them. */
function wrap(tag) {
  const text = $("text");
  const { selectionStart: from, selectionEnd: to, value } = text;
  const [before, after = ""] = tag.split("|");
  text.setRangeText(tag.includes("|") ? before + value.slice(from, to) + after : value.slice(from, to) + tag, from, to, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
}

async function open({ mostLong }, file) {
  if (!file) return;
  $("file").value = "";
  if (file.size > LARGEST_FILE) {
    note(`${file.name} is too large: a text may have ${mostLong.toLocaleString("en")} characters.`, "bad");
    return;
  }
  const text = await file.text();
  if (text.includes("\0") || text.includes("\uFFFD")) {
    note(`${file.name} is no plain text. Save it as text (UTF-8) and try again.`, "bad");
    return;
  }
  replace(text);
  if ($("f-title")) $("f-title").value = file.name.replace(/\.\w+$/, "");
  if (/<speak[\s>]/.test(text.slice(0, 500))) {
    $("ssml").checked = true;
    $("ssml").dispatchEvent(new Event("change"));
  }
  note(`${file.name} is in.`);
}

function count({ most, mostLong }) {
  const text = $("text").value;
  const now = characters(text);
  const isLong = now > most;
  const seconds = estimatedSeconds(text, speed(), $("ssml").checked);
  form.querySelector("[data-count]").textContent = `${now.toLocaleString("en")} of ${(isLong ? mostLong : most).toLocaleString("en")}`;
  form.querySelector("[data-estimate]").textContent = seconds ? ` · about ${duration(seconds)}` : "";
  $("figures").classList.toggle("over", now > mostLong);
  $("long").hidden = !isLong;
  $("go").querySelector("span").textContent = isLong ? "Speak as a long text" : "Speak";
}

/** What was written has become a job: nothing is left to keep. */
export function forgetDraft() {
  sessionStorage.removeItem(DRAFT);
}

// Whose voice it is: the dataset that recordings go into, its speaker, and what the speaker agrees to.
import { consentOf, recordConsent, statementOf } from "./consent.js";
import { counted } from "./metadata.js";
import { findDataset } from "./sending.js";

const TYPED_MS = 250;
const NAME = /[^\p{L}\p{N}\p{M} ._-]+/gu;

const at = (id) => document.getElementById(id);
const about = at("about");

/** Watch what is written into the form. */
export function watchAbout() {
  const { name, speaker } = about.elements;
  let typed = null;
  name.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(lookAtDataset, TYPED_MS);
  });
  speaker.addEventListener("input", () => {
    about.elements.agrees.checked = false; // somebody else has not been asked
    showConsent(null);
    clearTimeout(typed);
    typed = setTimeout(lookAtConsent, TYPED_MS);
  });
}

/** Propose the name of a folder where none is written yet. */
export function proposeName(folder) {
  if (!about.elements.name.value && folder) about.elements.name.value = cleanName(folder);
  if (about.elements.name.value) lookAtDataset();
}

/** Empty it, unless the dataset is given. */
export function clearAbout() {
  if (about.elements.name.readOnly) return;
  about.reset();
  lookAtDataset(); // what was found for the last one holds no longer
}

/** The dataset that is written there. */
export function described() {
  const { name, speaker, language } = about.elements;
  return { name: cleanName(name.value), speaker: speaker.value.trim(), language: language.value };
}

/** Whether the speaker agrees; what is ticked is recorded. Where nothing is, it is asked for. */
export async function agreed(speaker) {
  if (await consentOf(speaker)) return true;
  if (!about.elements.agrees.checked) {
    showConsent(null); // it was taken back meanwhile
    about.elements.agrees.reportValidity();
    return false;
  }
  await recordConsent(speaker);
  return true;
}

/** Where the dataset is there already, its speaker and language hold. */
async function lookAtDataset() {
  const { name, speaker, language } = about.elements;
  const wanted = cleanName(name.value);
  const found = wanted ? await findDataset(wanted).catch(() => null) : null;
  if (name.readOnly || wanted !== cleanName(name.value)) {
    lookAtConsent();
    return;
  }
  if (found) {
    speaker.value = found.speaker;
    if (![...language.options].some((option) => option.value === found.language)) language.add(new Option(found.language, found.language));
    language.value = found.language;
  }
  speaker.readOnly = Boolean(found);
  language.disabled = Boolean(found);
  const renamed = wanted === name.value.trim() || !wanted ? "" : `It will be called “${wanted}”. `;
  at("name-hint").textContent = found ? `There is one with ${counted(found.file_count, "recording", "recordings")}: these are added to it.` : renamed || "Letters and digits, say “Ann reading”.";
  lookAtConsent();
}

async function lookAtConsent() {
  const speaker = about.elements.speaker.value.trim();
  const consent = speaker ? await consentOf(speaker).catch(() => null) : null;
  if (speaker === about.elements.speaker.value.trim()) showConsent(consent);
}

/** Ask for the speaker's agreement, or say when it was recorded. */
function showConsent(consent) {
  document.querySelector("[data-statement]").textContent = statementOf(about.elements.speaker.value.trim());
  at("agree").hidden = Boolean(consent);
  about.elements.agrees.required = !consent;
  at("agreed").hidden = !consent;
  if (!consent) return;
  const when = new Intl.DateTimeFormat(undefined, { dateStyle: "long" }).format(new Date(consent.asserted_at));
  at("agreed").lastElementChild.textContent = `That ${consent.speaker} agrees to a voice being made was recorded on ${when}.`;
}

function cleanName(name) {
  return name.normalize("NFC").replace(NAME, " ").replace(/\s+/g, " ").replace(/^[^\p{L}\p{N}]+/u, "").replace(/\.+$/, "").trim().slice(0, 100);
}

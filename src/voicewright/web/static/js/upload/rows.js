// The list of files: a hundred of them at first, and each row is written anew only where something changed.
import { icon } from "../audio-player.js";
import { size } from "../figures.js";
import { plainReason } from "./sending.js";

const STEP = 100;
const MOST_OPEN = 20; // more recordings of one archive are looked at on the page of their dataset
const VERDICTS = { good: ["good", "circle-check"], usable: ["warn", "triangle-alert"], rejected: ["bad", "circle-alert"] };

export class Rows {
  /**
   * @param {HTMLElement} place a list
   * @param {HTMLButtonElement} more shows the next hundred
   * @param {{retry: (item: any) => void, open: (item: any, place: HTMLElement) => void, close: (place: HTMLElement) => boolean}} acts
   *   `open` fills the place below a row with what was made of its file, `close` empties it, where that loses nothing
   */
  constructor(place, more, acts) {
    this.place = place;
    this.more = more;
    this.acts = acts;
    this.shown = new Map();
    this.items = [];
    this.most = STEP;
    this.dirty = new Set();
    this.opened = new Map();
    more.addEventListener("click", () => {
      this.most += STEP;
      this.draw();
    });
  }

  /** Show these items and no others. */
  set(items) {
    this.items = items;
    this.most = STEP;
    this.draw();
  }

  draw() {
    this.shown.clear();
    const rows = this.items.slice(0, this.most).map((item) => {
      const row = document.createElement("li");
      this.shown.set(item, row);
      this.#write(item, row);
      return row;
    });
    this.place.replaceChildren(...rows);
    this.place.parentElement.hidden = rows.length === 0;
    const hidden = this.items.length - rows.length;
    this.more.hidden = hidden <= 0;
    this.more.textContent = `Show ${Math.min(hidden, STEP)} more of ${hidden.toLocaleString("en")}`;
  }

  /** Close all that is open; returns whether nothing would have been lost. */
  close() {
    for (const [item, place] of this.opened) {
      if (!this.acts.close(place)) return false;
      this.opened.delete(item);
    }
    return true;
  }

  /** Write an item again, with all others that changed, before the next picture. */
  update(item) {
    if (!this.shown.has(item)) return;
    if (!this.dirty.size) requestAnimationFrame(() => this.#flush());
    this.dirty.add(item);
  }

  #flush() {
    for (const item of this.dirty) {
      const row = this.shown.get(item);
      if (row) this.#write(item, row);
    }
    this.dirty.clear();
  }

  #write(item, row) {
    const place = this.opened.get(item);
    const focused = row.contains(document.activeElement) && !place?.contains(document.activeElement);
    const { label, tone, sign, why, again } = told(item);
    const name = part("span", "file-name", item.name);
    name.title = item.path;
    name.append(part("span", "file-size", size(item.size)));
    const words = part("span", item.words ? "words" : "words none", item.words ?? (item.isArchive ? "An archive: its words are in its metadata.csv" : "Without words"));
    const state = part("span", "state", "");
    const badge = part("span", `badge ${tone}`, label);
    if (sign) badge.prepend(icon(sign));
    state.append(badge);
    if (again) {
      const button = part("button", "button small", "Try again");
      button.type = "button";
      button.setAttribute("aria-label", `Try again: ${item.name}`);
      button.addEventListener("click", () => this.acts.retry(item));
      state.append(button);
    }
    if (canOpen(item)) state.append(this.#opener(item, row));
    row.dataset.state = item.left ? "left" : item.state;
    for (const child of [...row.children]) if (child !== place) child.remove();
    row.prepend(name, words, state, part("p", "why dim", why));
    if (place && place.parentElement !== row) row.append(place);
    if (focused) row.querySelector("button")?.focus();
  }

  #opener(item, row) {
    const isOpen = this.opened.has(item);
    const button = part("button", "icon-button opener", "");
    button.type = "button";
    button.append(icon("chevron-down"));
    button.setAttribute("aria-expanded", String(isOpen));
    button.setAttribute("aria-label", `Listen and edit: ${item.name}`);
    button.addEventListener("click", () => {
      const place = this.opened.get(item);
      if (!place) {
        const made = part("div", "row-clips stack", "");
        this.opened.set(item, made);
        this.acts.open(item, made);
      } else if (this.acts.close(place)) {
        this.opened.delete(item);
        place.remove();
      }
      this.#write(item, row);
    });
    return button;
  }
}

/** What is said of an item: the word for its state, and why. */
export function told(item) {
  if (item.left) return { label: "Left out", tone: "quiet", sign: "minus", why: item.left, again: false };
  if (item.state === "done") return toldOfResult(item.result);
  if (item.state === "failed") {
    const isRefused = item.error?.kind === "refused";
    return { label: isRefused ? "Can’t be used" : "Not sent", tone: "bad", sign: "circle-alert", why: plainReason(item.error?.message ?? "", item.name), again: true };
  }
  if (item.state === "sending") {
    const isThere = (item.progress ?? 0) >= 1;
    return { label: isThere ? "Listening" : "Sending", tone: "busy", sign: "activity", why: "", again: false };
  }
  return { label: "Waiting", tone: "quiet", sign: "clock", why: "", again: false };
}

function toldOfResult({ outcome, samples, refused, notes }) {
  const why = [...notes];
  if (samples.length === 1 && !refused.length) {
    const [sample] = samples;
    const [tone, sign] = VERDICTS[sample.verdict];
    why.unshift(...sample.reasons.map((reason) => `${plainReason(reason, "")}.`), ...sample.notes);
    if (outcome === "there") why.push("It was there already.");
    if (outcome === "told") why.push("It was there already, and has its words now.");
    return { label: sample.verdict, tone, sign, why: why.join(" "), again: false };
  }
  const counts = ["good", "usable", "rejected"].map((verdict) => [verdict, samples.filter((sample) => sample.verdict === verdict).length]);
  why.unshift(counts.filter(([, count]) => count).map(([verdict, count]) => `${count} ${verdict}`).join(", ") + ".");
  for (const one of refused) why.push(`${one.filename}: ${one.reason}`);
  return { label: `${samples.length} recordings`, tone: refused.length ? "warn" : "good", sign: "archive", why: why.join(" "), again: false };
}

/** Whether there is something to hear; of an archive so many that it is better done elsewhere. */
function canOpen(item) {
  return item.state === "done" && item.result.samples.length > 0 && item.result.samples.length <= MOST_OPEN;
}

/** Whether somebody should look at an item: it can't be used, was not sent, or would harm a voice. */
export function needsLook(item) {
  if (item.left) return false;
  if (item.state === "failed") return true;
  return item.state === "done" && (item.result.refused.length > 0 || item.result.samples.some((sample) => sample.verdict === "rejected"));
}

function part(tag, name, text) {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}
